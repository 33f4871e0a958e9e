/** Records in the log that something is wrong with the vault. */
import { logName } from "../format/layout.ts";
import { appendEntry } from "./append.ts";
import type { AppendFacts } from "./append.ts";
import { entriesOf } from "../format/logged-entry.ts";
import type { Log } from "./log.ts";
import { numbersOf } from "../format/void-numbers.ts";

/** An entry stays small: of many objects only the first are named. */
const maxObjects = 200;

export interface IncidentFacts {
  /** E.g. OBJECT_MISSING, RETENTION_OVERLAP, LOG_VOID. */
  readonly code: string;
  /** Object paths, or names in the log. */
  readonly objects: readonly string[];
  /** Sequence numbers of the snapshots concerned. */
  readonly snapshots: readonly number[];
}

/** Signs with the agent key. Returns the log with the entry. */
export async function recordIncident(append: AppendFacts, log: Log, incident: IncidentFacts): Promise<Log> {
  const { code, snapshots } = incident;
  const objects = incident.objects.slice(0, maxObjects);
  const appended = await appendEntry(append, log, async () => ({
    kind: "incident",
    incident: { code, objects, snapshots },
  }));
  return appended.log;
}

const voidCode = "LOG_VOID";

/**
 * Records void entries that no incident has told of yet: somebody who is not a signer can write to the container. Signs
 * with the agent key. Returns the log as it is then, with or without a new entry.
 */
export async function recordVoidEntries(append: AppendFacts, log: Log): Promise<Log> {
  if (untold(log).next().done === true) return log;
  const appended = await appendEntry(append, log, async (newest) => {
    const objects: string[] = [];
    for (const seq of untold(newest)) {
      if (objects.length === maxObjects) break;
      objects.push(logName(newest.vault, seq));
    }
    return objects.length === 0
      ? undefined
      : { kind: "incident", incident: { code: voidCode, objects, snapshots: [] } };
  });
  return appended.log;
}

/** Numbers that entries since the last such incident name as void, and those that the next entry will name. */
function* untold(log: Log): Generator<number> {
  const told = entriesOf(log, "incident").findLast(({ entry }) => entry.incident.code === voidCode)?.entry.seq ?? -1;
  for (const { entry } of log.entries) if (entry.seq > told) yield* numbersOf(entry.void);
  yield* numbersOf(log.next.void);
}
