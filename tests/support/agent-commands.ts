/** What an agent reads out of a task's output: logging commands, escaped as the agent unescapes them. */

export interface AgentCommand {
  /** `task.complete`, in lower case. */
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly data: string;
}

/** Undefined for a plain line. As on an agent, a command may stand anywhere in the line and in any letter case. */
export function parseCommand(line: string): AgentCommand | undefined {
  const [, name, properties = "", data = ""] = /##vso\[([\w.]+)(?:\s([^\]]*))?\](.*)$/is.exec(line) ?? [];
  if (name === undefined) return undefined;
  return { name: name.toLowerCase(), properties: propertiesOf(properties), data: unescaped(data) };
}

function propertiesOf(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(";").flatMap((pair) => {
    const equals = pair.indexOf("=");
    if (equals <= 0) return [];
    const value = pair
      .slice(equals + 1)
      .replace(/%3B/gi, ";")
      .replace(/%5D/gi, "]");
    return [[pair.slice(0, equals).trim().toLowerCase(), unescaped(value)] as const];
  });
  return Object.fromEntries(pairs);
}

function unescaped(text: string): string {
  return text
    .replace(/%0D/gi, "\r")
    .replace(/%0A/gi, "\n")
    .replace(/%(?:AZP)?25/gi, "%");
}

/** Hides secrets in lines, as an agent does from the moment it hears of them. */
export class SecretMask {
  private secrets: string[] = [];

  add(secret: string): void {
    const lines = secret.split(/\r?\n/).map((line) => line.trim());
    const fresh = lines.filter((line) => line.length >= 4 && !this.secrets.includes(line));
    this.secrets = [...this.secrets, ...fresh].sort((a, b) => b.length - a.length);
  }

  apply(line: string): string {
    return this.secrets.reduce((text, secret) => text.replaceAll(secret, "***"), line);
  }

  get all(): readonly string[] {
    return this.secrets;
  }
}
