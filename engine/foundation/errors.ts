import { withoutSecrets } from "./secret-shapes.ts";

/**
 * Errors a person can act on. Everything that is not a BackupError is a bug and keeps its stack.
 * A BackupError prints as one line: what was found (naming the input or item), then what to do.
 */
export interface ErrorFacts {
  /** Stable, upper case, e.g. `STORE_FORBIDDEN`. Tests and callers branch on this, never on the text. */
  readonly code: string;
  /** What was found; names the input, object or item. No secret, no trailing full stop. */
  readonly message: string;
  /** What to do about it, as a sentence. */
  readonly hint: string;
  readonly cause?: unknown;
  /** Facts for reports and for code that reacts (HTTP status, activity id). Never secrets. */
  readonly context?: Readonly<Record<string, string | number | boolean>>;
}

export class BackupError extends Error {
  readonly code: string;
  readonly hint: string;
  readonly context: Readonly<Record<string, string | number | boolean>>;

  constructor(facts: ErrorFacts) {
    super(facts.message, { cause: facts.cause });
    this.name = "BackupError";
    this.code = facts.code;
    this.hint = facts.hint;
    this.context = facts.context ?? {};
  }
}

/** True for a BackupError with one of the codes. */
export function hasCode(error: unknown, ...codes: readonly string[]): error is BackupError {
  return error instanceof BackupError && codes.includes(error.code);
}

/**
 * The one line a person sees: message, then hint, without anything that looks like a secret. Foreign text in it is not
 * yet made inert (see text.ts).
 */
export function describeError(error: unknown): string {
  if (error instanceof BackupError) return withoutSecrets(`${error.message}. ${error.hint}`);
  return withoutSecrets(error instanceof Error ? error.message : String(error));
}
