/** Log entries as they were read. */
import type { LogEntry } from "./log-entry.ts";

/** What a log says: its valid entries, oldest first. */
export interface LoggedEntries {
  readonly entries: readonly LoggedEntry[];
}

/** A valid entry and where it was found. */
export interface LoggedEntry<Entry extends LogEntry = LogEntry> {
  readonly entry: Entry;
  /** SHA-256 of all its bytes, hex. */
  readonly sha256: string;
  /** When the storage service created it; retention and grace go by this time alone. */
  readonly createdAt: string;
  readonly signer: string;
}

export function isKind<Kind extends LogEntry["kind"]>(
  logged: LoggedEntry,
  kind: Kind,
): logged is LoggedEntry<Extract<LogEntry, { readonly kind: Kind }>> {
  return logged.entry.kind === kind;
}

/** Entries of one kind, oldest first. */
export function entriesOf<Kind extends LogEntry["kind"]>(
  log: LoggedEntries,
  kind: Kind,
): readonly LoggedEntry<Extract<LogEntry, { readonly kind: Kind }>>[] {
  return log.entries.filter((logged) => isKind(logged, kind));
}
