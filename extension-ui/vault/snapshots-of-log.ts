/** The entries of a log put together by snapshot: verifications, retirement and incidents belong to what they name. */
import { knownAnomalies, type KnownAnomaly } from "../../engine/insight/recovery-point.ts";
import type { LoggedEntry } from "../../engine/vault/format/logged-entry.ts";
import { isKind } from "../../engine/vault/format/logged-entry.ts";
import type { SnapshotEntry, VerificationEntry } from "../../engine/vault/format/log-entry.ts";
import { newerSeen, seenObjects, seenOfOthers, type SeenImmutability } from "../../engine/insight/immutability.ts";
import { shownText } from "../model/shown-text.ts";
import type { Snapshot, Verification } from "../model/vault-source.ts";

const maxStreams = 5;

type Level = Verification["level"];
type ByLevel = Map<Level, Verification>;

/** What later entries say about earlier snapshots. */
interface Said {
  readonly retired: Set<number>;
  readonly damaged: Set<number>;
  /** Newest verification of each level that covers all snapshots before it. */
  readonly ofAll: ByLevel;
  readonly ofOne: Map<number, ByLevel>;
  /** Answers about single snapshots, and about all that an answer covers. */
  readonly seen: Map<number | "all", SeenImmutability>;
  readonly anomalies: ReadonlyMap<number, readonly KnownAnomaly[]>;
}

/** Newest first, of entries that come oldest first. */
export function snapshotsOf(entries: readonly LoggedEntry[]): readonly Snapshot[] {
  const snapshots: Snapshot[] = [];
  const said: Said = {
    retired: new Set(),
    damaged: new Set(),
    ofAll: new Map(),
    ofOne: new Map(),
    seen: new Map(),
    anomalies: knownAnomalies({ entries }),
  };
  for (const logged of [...entries].reverse()) {
    if (isKind(logged, "snapshot")) snapshots.push(snapshotOf(logged, said));
    else take(logged, said);
  }
  return snapshots;
}

function take(logged: LoggedEntry, said: Said): void {
  const { retired, damaged, ofAll, ofOne } = said;
  if (isKind(logged, "retire")) for (const seq of logged.entry.retire.snapshots) retired.add(seq);
  if (isKind(logged, "incident")) for (const seq of logged.entry.incident.snapshots) damaged.add(seq);
  if (!isKind(logged, "verification")) return;
  const { snapshot, level } = logged.entry.verification;
  const of = snapshot === "all" ? ofAll : (ofOne.get(snapshot) ?? new Map<Level, Verification>());
  if (snapshot !== "all") ofOne.set(snapshot, of);
  if (!of.has(level)) of.set(level, verificationOf(logged));
  takeImmutability(logged, said);
}

function takeImmutability({ entry, createdAt }: LoggedEntry<VerificationEntry>, { seen }: Said): void {
  const { snapshot, immutability } = entry.verification;
  if (immutability === undefined) return;
  const note = (of: number | "all", one: SeenImmutability | undefined): void => {
    const newer = newerSeen(seen.get(of), one);
    if (newer !== undefined) seen.set(of, newer);
  };
  for (const told of immutability.snapshots) note(told.snapshot, seenObjects(told, createdAt));
  note(snapshot, seenOfOthers(immutability.container, createdAt));
}

function snapshotOf(logged: LoggedEntry<SnapshotEntry>, said: Said): Snapshot {
  const { entry, createdAt } = logged;
  const { status, sum, anomaly } = entry.snapshot;
  const immutability = newerSeen(said.seen.get(entry.seq), said.seen.get("all"));
  return {
    id: entry.by.run,
    seq: entry.seq,
    at: createdAt,
    status,
    sum,
    srv: entry.srv,
    anomalies: (said.anomalies.get(entry.seq) ?? anomaly).map(shownAnomaly),
    build: shownText(entry.by.build),
    verifications: verificationsOf(entry.seq, said),
    isRetired: said.retired.has(entry.seq),
    isDamaged: said.damaged.has(entry.seq),
    ...(immutability === undefined ? {} : { immutability }),
  };
}

/** Its texts come from whoever holds an agent key. */
function shownAnomaly({ streams, ...anomaly }: KnownAnomaly): KnownAnomaly {
  return {
    ...anomaly,
    code: shownText(anomaly.code),
    ...(streams === undefined ? {} : { streams: streams.slice(0, maxStreams).map(shownText) }),
  };
}

function verificationsOf(seq: number, { ofAll, ofOne }: Said): readonly Verification[] {
  const newest: ByLevel = new Map(ofAll);
  for (const [level, one] of ofOne.get(seq) ?? []) {
    const other = newest.get(level);
    if (other === undefined || Date.parse(other.at) < Date.parse(one.at)) newest.set(level, one);
  }
  return [...newest.values()];
}

function verificationOf({ entry, createdAt }: LoggedEntry<VerificationEntry>): Verification {
  const { level, sample, checked, damaged, rtoSeconds } = entry.verification;
  const figures = { level, at: createdAt, sample: shownText(sample), checked, damaged };
  return rtoSeconds === undefined ? figures : { ...figures, rtoSeconds };
}
