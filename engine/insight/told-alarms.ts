/** Open alarms of a log as runs tell them: one for each code and kind of a snapshot, those of earlier snapshots once. */
import { isAboutTheProject, openAlarms, type Alarm } from "../vault/format/alarms.ts";
import { counted } from "../foundation/text.ts";
import type { Anomaly } from "../vault/format/log-entry.ts";
import { pointFacts, recoveryPoint } from "./recovery-point.ts";
import { anomalyWords, type AnomalyWords, type WordFacts } from "./words.ts";
import type { LoggedEntries } from "../vault/format/logged-entry.ts";

export interface ToldAlarm extends AnomalyWords {
  readonly code: string;
  /** Entry and run id of the newest snapshot that shows it. */
  readonly seq: number;
  readonly snapshot: string;
  /** This snapshot shows it; otherwise an earlier one does, and nobody has acknowledged it. */
  readonly isNew: boolean;
}

/** `seq`: entry of the snapshot just made; undefined for none. A clock that was off in an earlier run is over. */
export function toldAlarms(
  log: LoggedEntries,
  { seq, nameOf }: { readonly seq?: number; readonly nameOf?: WordFacts["nameOf"] },
): readonly ToldAlarm[] {
  const open = openAlarms(log).filter((alarm) => alarm.seq === seq || isAboutTheProject(alarm.anomaly));
  const facts = { nameOf, point: recoveryPoint(pointFacts(log))?.snapshot };
  const told = [...grouped(open).values()].map((alarms) => toldOf(alarms, { seq, facts }));
  return told.toSorted((one, other) => Number(other.isNew) - Number(one.isNew));
}

/** Alarms of one code about one kind are told together. */
export function alarmKey({ code, streams = [] }: Pick<Anomaly, "code" | "streams">): string {
  const [kind] = streams[0]?.split("/") ?? [];
  return kind === undefined ? code : `${code}-${kind}`;
}

function grouped(alarms: readonly Alarm[]): ReadonlyMap<string, readonly Alarm[]> {
  const groups = new Map<string, Alarm[]>();
  for (const alarm of alarms) {
    const key = alarmKey(alarm.anomaly);
    groups.set(key, [...(groups.get(key) ?? []), alarm]);
  }
  return groups;
}

/** Of the newest snapshot that shows it: what is least probable, then what is most. */
function toldOf(
  alarms: readonly Alarm[],
  { seq, facts }: { readonly seq: number | undefined; readonly facts: WordFacts },
): ToldAlarm {
  const newest = Math.max(...alarms.map((alarm) => alarm.seq));
  const [first] = alarms.filter((alarm) => alarm.seq === newest).toSorted(byWeight);
  if (first === undefined) throw new Error("a group holds an alarm");
  const words = anomalyWords(first.anomaly, facts);
  const earlier = new Set(alarms.map((alarm) => alarm.seq).filter((one) => one !== newest)).size;
  const seenBy = [
    ...(newest === seq ? [] : [`seen by snapshot ${first.run}`]),
    ...(earlier === 0 ? [] : [`also seen by ${counted(earlier, "earlier snapshot")}`]),
  ];
  return {
    ...words,
    detail: [words.detail, ...seenBy].filter((text) => text !== "").join("; "),
    code: first.anomaly.code,
    seq: newest,
    snapshot: first.run,
    isNew: newest === seq,
  };
}

function byWeight({ anomaly: one }: Alarm, { anomaly: other }: Alarm): number {
  return (one.chance ?? Infinity) - (other.chance ?? Infinity) || other.n - one.n;
}

/** One line for people, foreign names in it. */
export function alarmLine({ title, detail, remedy }: AnomalyWords): string {
  return detail === "" ? `${title}. ${remedy}` : `${title} (${detail}). ${remedy}`;
}
