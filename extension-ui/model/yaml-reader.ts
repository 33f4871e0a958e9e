/**
 * As much of YAML as the final YAML of a pipeline needs: mappings and sequences by indentation, quoted and plain
 * scalars, block scalars. Enough to tell which tasks run with which inputs; text inside a script never counts as a step.
 */
export type YamlValue = string | readonly YamlValue[] | YamlMapping;
export interface YamlMapping {
  readonly [key: string]: YamlValue;
}

interface Line {
  readonly indent: number;
  readonly text: string;
  /** As written, for block scalars. */
  readonly raw: string;
}

/** Throws RangeError for what it cannot read. */
export function parseYaml(text: string): YamlValue {
  return new YamlReader(text).document();
}

function lineOf(raw: string): Line {
  const indent = raw.length - raw.trimStart().length;
  if (raw.slice(0, indent).includes("\t")) throw new RangeError("A line begins with a tab");
  return { indent, text: raw.trim(), raw };
}

const keyForm = /^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'[\]{},&*!|>%@`#-][^#]*?|-[^\s#][^#]*?)\s*:(?:\s+(.*))?$/s;
const deepest = 60;

class YamlReader {
  private readonly lines: Line[];
  private at = 0;

  constructor(text: string) {
    this.lines = text.split(/\r?\n/).map(lineOf);
  }

  document(): YamlValue {
    this.skipEmpty();
    if (this.peek()?.text === "---") this.at += 1;
    const value = this.block(0, 0);
    this.skipEmpty();
    const rest = this.peek();
    if (rest !== undefined && rest.text !== "...") throw new RangeError(`Line ${this.at + 1} is not understood`);
    return value;
  }

  private peek(): Line | undefined {
    return this.lines[this.at];
  }

  private skipEmpty(): void {
    for (
      let line = this.peek();
      line !== undefined && (line.text === "" || line.text.startsWith("#"));
      line = this.peek()
    )
      this.at += 1;
  }

  /** What stands at `least` or deeper; empty text when nothing does. */
  private block(least: number, depth: number): YamlValue {
    if (depth > deepest) throw new RangeError("It is nested too deeply");
    this.skipEmpty();
    const line = this.peek();
    if (line === undefined || line.indent < least) return "";
    if (isEntry(line.text)) return this.sequence(line.indent, depth);
    return keyForm.test(line.text) ? this.mapping(line.indent, depth) : this.scalar(line.text, line.indent);
  }

  private sequence(indent: number, depth: number): readonly YamlValue[] {
    const members: YamlValue[] = [];
    for (let line = this.peek(); line?.indent === indent && isEntry(line.text); line = this.peek()) {
      members.push(this.entry(line, depth));
      this.skipEmpty();
    }
    return members;
  }

  /** The rest of a `- ` line is read as if it stood on a line of its own, indented as far as it does. */
  private entry(line: Line, depth: number): YamlValue {
    const rest = line.text.slice(1).trimStart();
    if (rest === "" || rest.startsWith("#")) {
      this.at += 1;
      return this.block(line.indent + 1, depth + 1);
    }
    const indent = line.indent + (line.text.length - rest.length);
    if (isEntry(rest) || keyForm.test(rest)) {
      this.lines[this.at] = { indent, text: rest, raw: `${" ".repeat(indent)}${rest}` };
      return this.block(indent, depth + 1);
    }
    return this.scalar(rest, line.indent);
  }

  private mapping(indent: number, depth: number): YamlMapping {
    const members = new Map<string, YamlValue>();
    for (let line = this.peek(); line?.indent === indent; line = this.peek()) {
      const [, key, value] = keyForm.exec(line.text) ?? [];
      if (key === undefined) throw new RangeError(`Line ${this.at + 1} is not understood`);
      const name = unquoted(key);
      if (members.has(name)) throw new RangeError(`The key ${name} stands there twice`);
      members.set(name, this.member(line, value, depth));
      this.skipEmpty();
    }
    return Object.fromEntries(members);
  }

  private member(line: Line, value: string | undefined, depth: number): YamlValue {
    const rest = value === undefined || value.startsWith("#") ? "" : value;
    if (rest !== "") return this.scalar(rest, line.indent);
    this.at += 1;
    this.skipEmpty();
    const next = this.peek();
    // A sequence may stand as far left as the key it belongs to.
    const least = next?.indent === line.indent && isEntry(next.text) ? line.indent : line.indent + 1;
    return this.block(least, depth + 1);
  }

  /** `text` stands on the current line; deeper lines may continue it. */
  private scalar(text: string, indent: number): YamlValue {
    this.at += 1;
    const [, style, chomping] = /^([|>])(?:\d?([+-]?)|([+-])\d)\s*(?:#.*)?$/.exec(text) ?? [];
    if (style !== undefined) return this.blockScalar(indent, style, chomping ?? "");
    const whole = [text];
    for (let line = this.peek(); line !== undefined && (isOpen(whole) || line.text !== ""); line = this.peek()) {
      if (line.indent <= indent && line.text !== "") break;
      whole.push(line.text);
      this.at += 1;
    }
    return flowOrScalar(whole.join(" "));
  }

  private blockScalar(indent: number, style: string, chomping: string): string {
    const own: Line[] = [];
    for (let line = this.peek(); line !== undefined && (line.text === "" || line.indent > indent); line = this.peek()) {
      own.push(line);
      this.at += 1;
    }
    const margin = own.find(({ text }) => text !== "")?.indent ?? 0;
    const body = own.map(({ raw }) => raw.slice(margin));
    while (body.at(-1)?.trim() === "") body.pop();
    return `${body.join(style === "|" ? "\n" : " ")}${chomping === "-" || body.length === 0 ? "" : "\n"}`;
  }
}

function isEntry(text: string): boolean {
  return text === "-" || text.startsWith("- ");
}

/** A quoted scalar or a bracket that is not closed yet. */
function isOpen(parts: readonly string[]): boolean {
  const text = parts.join(" ");
  if (text.startsWith('"')) return !/^"(?:[^"\\]|\\.)*"/s.test(text);
  if (text.startsWith("'")) return !/^'(?:[^']|'')*'/s.test(text);
  return isFlow(text) && flowValue(text) === undefined;
}

function isFlow(text: string): boolean {
  return text.startsWith("[") || text.startsWith("{");
}

function flowOrScalar(text: string): YamlValue {
  if (/^[&*!]/.test(text)) throw new RangeError("It holds an anchor or a tag");
  if (!isFlow(text)) return unquoted(text);
  const value = flowValue(text);
  if (value === undefined) throw new RangeError("It holds a bracket that is not closed");
  return value;
}

const flowToken =
  /\s*("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[[\]{},]|:(?=[\s[{"']|$)|(?:[^\s[\]{},:]|:(?=\S)|\s(?=[^\s[\]{},:#]))+)/gsy;

/** Undefined while a bracket is open. */
function flowValue(text: string): YamlValue | undefined {
  const tokens = [...text.matchAll(flowToken)].map(([, token = ""]) => token);
  let at = 0;
  const value = (depth: number): YamlValue | undefined => {
    if (depth > deepest) throw new RangeError("It is nested too deeply");
    const token = tokens[at];
    at += 1;
    if (token === "[") return members("]", depth)?.map(([, member]) => member);
    if (token !== "{") return token === undefined ? undefined : unquoted(token);
    const entries = members("}", depth);
    return entries === undefined ? undefined : Object.fromEntries(entries);
  };
  const members = (end: "]" | "}", depth: number): [string, YamlValue][] | undefined => {
    const found: [string, YamlValue][] = [];
    while (tokens[at] !== end) {
      const key = end === "}" ? unquoted(tokens[at] ?? "") : "";
      if (end === "}" && tokens[at + 1] === ":") at += 2;
      const member = value(depth + 1);
      if (member === undefined) return undefined;
      found.push([key, member]);
      if (tokens[at] === ",") at += 1;
    }
    at += 1;
    return found;
  };
  return value(0);
}

function unquoted(text: string): string {
  const double = /^"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$/s.exec(text)?.[1];
  if (double !== undefined) return double.replace(/\\(x[\da-f]{2}|u[\da-f]{4}|.)/gis, escaped);
  const single = /^'((?:[^']|'')*)'\s*(?:#.*)?$/s.exec(text)?.[1];
  if (single !== undefined) return single.replaceAll("''", "'");
  return text.replace(/\s+#.*$/s, "").trim();
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "0": "\0", " ": " " };

function escaped(_: string, code: string): string {
  return code.length > 1 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (escapes[code] ?? code);
}
