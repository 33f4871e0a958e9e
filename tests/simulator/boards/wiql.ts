/** The part of the query language that flat queries over work items use. */
import { badRequest } from "./errors.ts";
import { fieldOf } from "./fields.ts";
import type { FieldDefinition } from "./fields.ts";

export type Literal = string | number | boolean | { readonly macro: string; readonly days: number };

export type Condition =
  | { readonly kind: "and" | "or"; readonly parts: readonly Condition[] }
  | { readonly kind: "not"; readonly part: Condition }
  | {
      readonly kind: "compare";
      readonly field: FieldDefinition;
      readonly operator: string;
      readonly values: readonly Literal[];
    };

export interface Query {
  readonly columns: readonly FieldDefinition[];
  readonly where: Condition | undefined;
  readonly orderBy: readonly { readonly field: FieldDefinition; readonly descending: boolean }[];
  readonly asOf: string | undefined;
}

interface Token {
  readonly kind: "word" | "field" | "text" | "number" | "macro" | "sign";
  readonly text: string;
}

const TOKEN =
  /\s+|\[([^\]]+)\]|'((?:[^']|'')*)'|"((?:[^"]|"")*)"|(@\w+)|(-?\d+(?:\.\d+)?)(?![\w.])|([\w.]+)|(<>|<=|>=|[=<>(),+-])/gy;

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    const match = TOKEN.exec(text);
    if (!match) throw invalid(`unexpected '${text.slice(at, at + 20)}'`);
    const [, field, single, double, macro, number, word, sign] = match;
    if (field !== undefined) tokens.push({ kind: "field", text: field });
    else if (single !== undefined) tokens.push({ kind: "text", text: single.replaceAll("''", "'") });
    else if (double !== undefined) tokens.push({ kind: "text", text: double.replaceAll('""', '"') });
    else if (macro !== undefined) tokens.push({ kind: "macro", text: macro.toLowerCase() });
    else if (number !== undefined) tokens.push({ kind: "number", text: number });
    else if (word !== undefined) tokens.push({ kind: "word", text: word });
    else if (sign !== undefined) tokens.push({ kind: "sign", text: sign });
  }
  return tokens;
}

function invalid(why: string): Error {
  return badRequest("WorkItemTrackingQueryException", `TF51006: The query statement is not valid: ${why}.`);
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  query(): Query {
    this.#expect("select");
    const columns = [this.#field()];
    while (this.#takes(",")) columns.push(this.#field());
    this.#expect("from");
    const source = this.#next().text.toLowerCase();
    if (source !== "workitems") throw invalid(`queries FROM ${source} are not served`);
    const where = this.#takes("where") ? this.#any() : undefined;
    const orderBy = this.#takes("order") ? this.#order() : [];
    const asOf = this.#takes("asof") ? this.#next().text : undefined;
    if (this.#at < this.#tokens.length) throw invalid(`unexpected '${this.#next().text}'`);
    return { columns, where, orderBy, asOf };
  }

  #order(): Query["orderBy"] {
    this.#expect("by");
    const list: { field: FieldDefinition; descending: boolean }[] = [];
    do {
      const field = this.#field();
      const descending = this.#takes("desc");
      if (!descending) this.#takes("asc");
      list.push({ field, descending });
    } while (this.#takes(","));
    return list;
  }

  #any(): Condition {
    const parts = [this.#all()];
    while (this.#takes("or")) parts.push(this.#all());
    return parts.length === 1 && parts[0] ? parts[0] : { kind: "or", parts };
  }

  #all(): Condition {
    const parts = [this.#one()];
    while (this.#takes("and")) parts.push(this.#one());
    return parts.length === 1 && parts[0] ? parts[0] : { kind: "and", parts };
  }

  #one(): Condition {
    if (this.#takes("not")) return { kind: "not", part: this.#one() };
    if (this.#takes("(")) {
      const inside = this.#any();
      this.#expect(")");
      return inside;
    }
    return this.#comparison();
  }

  #comparison(): Condition {
    const field = this.#field();
    const isNegated = this.#takes("not");
    const operator = this.#operator();
    const values = operator === "in" ? this.#list() : [this.#literal()];
    const compare: Condition = { kind: "compare", field, operator, values };
    return isNegated ? { kind: "not", part: compare } : compare;
  }

  #operator(): string {
    const text = this.#next().text.toLowerCase();
    if (text === "contains" && this.#takes("words")) return "contains";
    if (["=", "<>", "<", "<=", ">", ">=", "in", "under", "contains", "ever"].includes(text)) return text;
    throw invalid(`'${text}' is not an operator`);
  }

  #list(): Literal[] {
    this.#expect("(");
    const values = [this.#literal()];
    while (this.#takes(",")) values.push(this.#literal());
    this.#expect(")");
    return values;
  }

  #literal(): Literal {
    const token = this.#next();
    if (token.kind === "text") return token.text;
    if (token.kind === "number") return Number(token.text);
    if (token.kind === "macro") return { macro: token.text, days: this.#days() };
    if (/^(true|false)$/i.test(token.text)) return token.text.toLowerCase() === "true";
    throw invalid(`'${token.text}' is not a value`);
  }

  /** `@today - 7` */
  #days(): number {
    const next = this.#tokens[this.#at];
    if (next?.kind === "number" && next.text.startsWith("-")) return Number(this.#next().text);
    if (this.#takes("-")) return -Number(this.#next().text);
    if (this.#takes("+")) return Number(this.#next().text);
    return 0;
  }

  #field(): FieldDefinition {
    const token = this.#next();
    const field = token.kind === "field" || token.kind === "word" ? fieldOf(token.text) : undefined;
    if (!field)
      throw badRequest(
        "WorkItemTrackingFieldDefinitionNotFoundException",
        `TF51005: The query references a field that does not exist. The error is caused by «[${token.text}]».`,
      );
    return field;
  }

  #next(): Token {
    const token = this.#tokens[this.#at++];
    if (!token) throw invalid("it ends too early");
    return token;
  }

  #takes(word: string): boolean {
    const token = this.#tokens[this.#at];
    const isIt = (token?.kind === "word" || token?.kind === "sign") && token.text.toLowerCase() === word;
    if (isIt) this.#at++;
    return isIt;
  }

  #expect(word: string): void {
    if (!this.#takes(word)) throw invalid(`'${word.toUpperCase()}' expected`);
  }
}

/** Throws the service's 400 for what it cannot read. */
export function parseWiql(text: string): Query {
  return new Parser(text).query();
}
