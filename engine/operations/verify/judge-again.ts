/**
 * Verifications judge snapshots again from what is stored: the figures in the indexes and in the log must lead to the
 * alarms that the log tells. Whoever holds an agent key can leave alarms out of an entry, or make figures up; only what
 * contradicts itself is seen here.
 */
import { collect } from "../../foundation/concurrency.ts";
import { judgeSnapshot } from "../../insight/judge-snapshot.ts";
import { snapshotFacts } from "../../insight/snapshot-facts.ts";
import { alarmLine, toldAlarms } from "../../insight/told-alarms.ts";
import type { Finding } from "../../kinds/kind.ts";
import { isAboutTheProject } from "../../vault/format/alarms.ts";
import { readIndex } from "../../vault/objects/index-file.ts";
import type { Anomaly } from "../../vault/format/log-entry.ts";
import type { Log } from "../../vault/log/log.ts";
import type { VaultAccess } from "../../vault/objects/sealed-objects.ts";
import { keptSnapshots, type LoggedSnapshot } from "../../vault/snapshots/snapshots.ts";
import type { IndexLine } from "../../vault/format/state.ts";
import { isStoredDamage } from "../../vault/format/stored-damage.ts";

/** Code of findings: an alarm that nobody has acknowledged. */
export const openAlarm = "ALARM";
/** Log and figures contradict each other. */
export const alarmsDiffer = "ALARMS_DIFFER";

type Lines = ReadonlyMap<string, IndexLine>;

/** Alarms that nobody has acknowledged, and alarms of the chosen snapshots that their figures contradict. */
export async function judgedAgain(
  access: VaultAccess,
  log: Log,
  snapshots: readonly LoggedSnapshot[],
): Promise<readonly Finding[]> {
  const kept = new Map(keptSnapshots(log).map((snapshot) => [snapshot.entry.seq, snapshot]));
  const indexOf = lastIndexes(access);
  const names = new Map<string, string>();
  const findings: Finding[] = [];
  for (const snapshot of snapshots) {
    const lines = await indexOf(snapshot);
    for (const { s, name } of lines?.values() ?? []) if (name !== undefined) names.set(s, name);
    const parent = snapshot.entry.snapshot.parent;
    const before = parent === null ? new Map<string, IndexLine>() : await indexOf(kept.get(parent));
    if (lines === undefined || before === undefined) continue; // damaged, which is told elsewhere, or retired
    findings.push(...contradiction(log, snapshot, { lines, before }));
  }
  return [...openAlarms(log, names), ...findings];
}

function openAlarms(log: Log, names: ReadonlyMap<string, string>): readonly Finding[] {
  return toldAlarms(log, { nameOf: (stream) => names.get(stream) }).map((told) => ({
    stream: "log",
    item: told.snapshot,
    code: openAlarm,
    message: alarmLine(told),
    severity: "warning",
  }));
}

/** Snapshots of versions without figures were judged by other rules. */
function contradiction(
  log: Log,
  { entry }: LoggedSnapshot,
  { lines, before }: { readonly lines: Lines; readonly before: Lines },
): readonly Finding[] {
  const { sum, window, anomaly } = entry.snapshot;
  if (sum.kinds === undefined) return [];
  const facts = snapshotFacts({
    log: { entries: log.entries.filter((logged) => logged.entry.seq < entry.seq) },
    begunAt: new Date(window[0]),
    lines: lines.values(),
    before,
    kinds: sum.kinds,
  });
  const [told, judged] = [alarmCodes(anomaly), alarmCodes(judgeSnapshot(facts))];
  if (told === judged) return [];
  const message = `the log tells ${told === "" ? "no alarm" : told} of snapshot ${entry.by.run}, its figures ${judged === "" ? "none" : judged}: find out who holds the agent key`;
  return [{ stream: "log", item: entry.by.run, code: alarmsDiffer, message, severity: "warning" }];
}

function alarmCodes(anomalies: readonly Anomaly[]): string {
  const alarms = anomalies.filter((one) => one.note !== true && isAboutTheProject(one));
  return [...new Set(alarms.map(({ code }) => code))].toSorted().join(", ");
}

/** Index of a snapshot; the last few are remembered, because a snapshot is mostly the parent of the next one. */
function lastIndexes(access: VaultAccess): (snapshot: LoggedSnapshot | undefined) => Promise<Lines | undefined> {
  let known: readonly (readonly [seq: number, lines: Lines])[] = [];
  return async (snapshot) => {
    if (snapshot === undefined) return undefined;
    const { seq } = snapshot.entry;
    const found = known.find(([of]) => of === seq)?.[1];
    if (found !== undefined) return found;
    const lines = await indexLines(access, snapshot);
    if (lines !== undefined) known = [[seq, lines] as const, ...known].slice(0, 2);
    return lines;
  };
}

async function indexLines(access: VaultAccess, { entry }: LoggedSnapshot): Promise<Lines | undefined> {
  try {
    const lines = await collect(readIndex(access, entry.snapshot.index));
    return new Map(lines.map((line) => [line.s, line]));
  } catch (error) {
    if (isStoredDamage(error)) return undefined;
    throw error;
  }
}
