/**
 * The owner's word on alarms: `acknowledge` says that what a snapshot showed was meant or is dealt with, `expect`
 * announces a change of much at once. Both are planned on the log as it is, shown, and appended by compare-and-swap.
 */
import { BackupError } from "../foundation/errors.ts";
import { counted } from "../foundation/text.ts";
import { anomalyCodes } from "../insight/words.ts";
import { isAboutTheProject, maxExpectHours, openAlarms, type Alarm } from "../vault/format/alarms.ts";
import { appendEntry, type AppendFacts, type EntryBody } from "../vault/log/append.ts";
import type { LogKind } from "../vault/format/log-entry.ts";
import { requireWritable } from "../vault/log/problems.ts";
import { type Log } from "../vault/log/log.ts";
import type { LoggedEntry } from "../vault/format/logged-entry.ts";
import { entriesOf } from "../vault/format/logged-entry.ts";
import { maySign } from "../vault/format/roles.ts";

/** Codes that can be announced: all that tell of the project. */
const expectableCodes = anomalyCodes.filter((code) => isAboutTheProject({ code }));

export interface AcknowledgeRequest {
  /** Run id of a snapshot, or the number of its log entry. */
  readonly snapshot: string;
  /** Empty: all of its open alarms. */
  readonly codes: readonly string[];
  /** Stream ids; empty: whatever the alarms name. Otherwise only alarms that name none but these. */
  readonly streams: readonly string[];
}

export interface Acknowledgement {
  readonly body: Extract<EntryBody, { readonly kind: "acknowledge" }>;
  /** What it answers; at least one. */
  readonly alarms: readonly Alarm[];
}

/** Throws ACKNOWLEDGE_NOTHING and SNAPSHOT_UNKNOWN, naming what there is. */
export function planAcknowledgement(log: Pick<Log, "entries">, request: AcknowledgeRequest): Acknowledgement {
  const { codes, streams } = request;
  const seq = snapshotEntry(log, request.snapshot);
  const open = openAlarms(log);
  const ofSnapshot = open.filter((alarm) => alarm.seq === seq);
  const alarms = ofSnapshot
    .filter(({ anomaly }) => codes.length === 0 || codes.includes(anomaly.code))
    .filter(({ anomaly }) => streams.length === 0 || isOnlyAbout(anomaly.streams, streams));
  const found = new Set(alarms.map(({ anomaly }) => anomaly.code));
  const idle = [
    ...codes.filter((code) => !found.has(code)),
    ...streams.filter((stream) => !alarms.some(({ anomaly }) => anomaly.streams?.includes(stream))),
  ];
  if (alarms.length === 0 || idle.length > 0) throw nothingToAcknowledge(request, { idle, ofSnapshot, open });
  return { body: { kind: "acknowledge", acknowledge: { seq, codes: [...found], streams } }, alarms };
}

export interface ExpectRequest {
  readonly codes: readonly string[];
  readonly until: Date;
}

/** `now`: the storage service's clock. Throws EXPECT_INVALID. */
export function planAnnouncement(
  { codes, until }: ExpectRequest,
  now: Date,
): Extract<EntryBody, { readonly kind: "expect" }> {
  const unknown = codes.find((code) => !expectableCodes.includes(code));
  if (codes.length === 0 || unknown !== undefined)
    throw invalidAnnouncement(
      unknown === undefined ? "names no code" : `names the code "${unknown}", which no alarm has`,
      `Use --code with one or more of: ${expectableCodes.join(", ")}.`,
    );
  const hours = (until.getTime() - now.getTime()) / 3_600_000;
  // A little more is what the clocks of two machines differ by.
  if (Number.isNaN(hours) || hours <= 0 || hours > maxExpectHours + 1 / 60)
    throw invalidAnnouncement(
      Number.isNaN(hours) ? "ends at no time" : `ends ${until.toISOString()}`,
      `An announcement ends in the future, at most ${maxExpectHours} hours from now (${now.toISOString()}).`,
    );
  const latest = now.getTime() + maxExpectHours * 3_600_000;
  return {
    kind: "expect",
    expect: { codes: [...new Set(codes)], until: new Date(Math.min(until.getTime(), latest)).toISOString() },
  };
}

/** Throws what forbids writing to the log, and OWNER_KEY_REFUSED when the key may not write entries of this kind. */
export function requireOwner(log: Log, { signer, kind }: { readonly signer: string; readonly kind: LogKind }): void {
  requireWritable(log);
  if (maySign(log.roles, signer, kind)) return;
  const owners = [...log.roles.keys()].filter((one) => maySign(log.roles, one, kind));
  throw new BackupError({
    code: "OWNER_KEY_REFUSED",
    message: `OWNER_KEY signs as ${signer}, which is no owner of vault ${log.vault}`,
    hint:
      owners.length === 0
        ? "This vault was begun without an owner key: nobody can sign for it."
        : `Use the owner key whose public part is ${owners.join(" or ")}.`,
  });
}

/** Appends what `plan` makes of the newest log; it is asked again when another entry comes in between. */
export async function appendAnswer(
  append: AppendFacts,
  log: Log,
  plan: (log: Log) => Promise<EntryBody>,
): Promise<LoggedEntry> {
  const { entry } = await appendEntry(append, log, plan);
  if (entry === undefined) throw new Error("a plan always gives an entry");
  return entry;
}

function isOnlyAbout(named: readonly string[] | undefined, streams: readonly string[]): boolean {
  return named?.every((stream) => streams.includes(stream)) === true;
}

function snapshotEntry(log: Pick<Log, "entries">, selector: string): number {
  const snapshots = entriesOf(log, "snapshot").map(({ entry }) => entry);
  const number = /^[0-9]{1,10}$/.test(selector) ? Number(selector) : undefined;
  const found = snapshots.find(({ seq, by }) => (number === undefined ? by.run === selector : seq === number));
  if (found !== undefined) return found.seq;
  throw new BackupError({
    code: "SNAPSHOT_UNKNOWN",
    message: `"${selector}" is neither a snapshot of this vault nor the number of one's log entry`,
    hint: alarmsThereAre(openAlarms(log)),
  });
}

function nothingToAcknowledge(
  { snapshot }: AcknowledgeRequest,
  found: { readonly idle: readonly string[]; readonly ofSnapshot: readonly Alarm[]; readonly open: readonly Alarm[] },
): BackupError {
  const { idle, ofSnapshot, open } = found;
  const message =
    ofSnapshot.length === 0
      ? `Snapshot ${snapshot} has no open alarm`
      : `No open alarm of snapshot ${snapshot} matches ${idle.length === 0 ? "these codes and streams together" : idle.join(", ")}`;
  return new BackupError({
    code: "ACKNOWLEDGE_NOTHING",
    message: `${message}; nothing is acknowledged`,
    hint: alarmsThereAre(ofSnapshot.length === 0 ? open : ofSnapshot),
  });
}

const shownAlarms = 10;

function alarmsThereAre(open: readonly Alarm[]): string {
  if (open.length === 0) return "The vault has no open alarm.";
  const shown = open.slice(-shownAlarms).map(({ run, anomaly: { code, streams } }) => {
    const named = streams === undefined || streams.length === 0 ? "" : ` (${streams.join(" ")})`;
    return `${run} ${code}${named}`;
  });
  const more = open.length - shown.length;
  return `Open: ${shown.join(", ")}${more === 0 ? "" : ` and ${counted(more, "older one")}`}.`;
}

function invalidAnnouncement(found: string, hint: string): BackupError {
  return new BackupError({ code: "EXPECT_INVALID", message: `The announcement ${found}; nothing is announced`, hint });
}
