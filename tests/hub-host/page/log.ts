/** What the extension asked the host, in order, for assertions: `window.__log`. */

export interface LogEntry {
  readonly service: string;
  readonly method: string;
  readonly args: readonly unknown[];
}

export const log: LogEntry[] = [];

type Method = (...args: readonly never[]) => unknown;

/** The same object, its calls noted. */
export function logged<T extends Readonly<Record<string, Method>>>(service: string, target: T): T {
  const methods = Object.entries(target).map(([method, call]): [string, Method] => [
    method,
    (...args) => {
      log.push({ service, method, args: args.map(withoutFunctions) });
      return call(...args);
    },
  ]);
  return Object.fromEntries(methods) as T;
}

function withoutFunctions(value: unknown): unknown {
  if (value === undefined || typeof value === "function") return typeof value;
  return JSON.parse(
    JSON.stringify(value, (_, member: unknown) => (typeof member === "function" ? "function" : withoutToken(member))),
  );
}

/** What is looked at and printed holds no credential. */
function withoutToken(value: unknown): unknown {
  return typeof value === "string" && value.startsWith("eyJ") ? "token" : value;
}
