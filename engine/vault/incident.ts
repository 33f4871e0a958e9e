/** Records in the log that something is wrong with the vault. */
import { appendEntry } from "./log-append.ts";
import type { AppendFacts } from "./log-append.ts";
import type { Log } from "./log.ts";

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
