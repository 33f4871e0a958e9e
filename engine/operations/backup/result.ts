/** What a backup reports: figures by kind, gaps, findings, anomalies, staleness. */
import { formatSigners } from "../../crypto/keys.ts";
import { toldAlarms } from "../../insight/told-alarms.ts";
import type { Gap } from "../../kinds/kind.ts";
import type { Committed } from "../../vault/snapshots/commit.ts";
import { disabledCode } from "../../vault/format/coverage.ts";
import type { IndexLine } from "../../vault/format/state.ts";
import { entriesOf } from "../../vault/format/logged-entry.ts";
import { pinnable } from "../../vault/format/roles.ts";
import type { Session } from "./session.ts";
import type { WalkResult } from "./read-source.ts";
import type { BackupResult, KindSummary, RetentionSummary } from "../results.ts";
import { kindOf } from "../../vault/format/stream-ids.ts";

type Done = Extract<Committed, { readonly outcome: "committed" }>;

export function backupResult(
  session: Session,
  made: Done & { readonly read: WalkResult; readonly retention: RetentionSummary | undefined },
): BackupResult {
  const { request, tools, opened, vault } = session;
  const { snapshot, log, read, carried } = made;
  const drafts = [...read.drafts.values()];
  const head = log.head;
  if (head === undefined) throw new Error("a log with a snapshot has a head");
  const body = snapshot.entry.snapshot;
  const names = namesOf([...session.parent.values(), ...made.streams.flatMap(({ lines }) => lines)]);
  const carriedGaps: readonly Gap[] = carried.map(({ stream, code }) => ({
    stream,
    code,
    message: `${stream} could not be committed: objects it needs are gone from the storage`,
    cure: "Run the backup again; it is stored anew then.",
  }));
  return {
    project: request.project,
    vault,
    snapshot: snapshot.entry.by.run,
    seq: snapshot.entry.seq,
    status: body.status,
    head: { seq: head.seq, sha256: head.sha256 },
    signer: pinLine(session),
    signerPinned: log.signerTrust === "pinned",
    headPinned: log.headPinned,
    firstSnapshot: opened.created || session.parentSnapshot === undefined,
    readmeSha256: opened.readme.state === "other" ? undefined : opened.readme.sha256,
    sum: body.sum,
    kinds: kindSummaries(session, read),
    coverage: body.sum.coverage,
    notCovered: read.notCovered,
    kindsNotRead: read.notRead,
    kindsUnsure: read.unsure,
    gaps: [...read.gaps, ...drafts.flatMap((draft) => draft.gaps), ...carriedGaps],
    findings: drafts.flatMap((draft) => draft.findings),
    anomalies: body.anomaly,
    alarms: toldAlarms(log, { seq: snapshot.entry.seq, nameOf: (stream) => names.get(stream) }),
    names,
    drift: tools.azureDevOps.drift,
    overdue: overdueStreams(session, made),
    retention: made.retention,
    requests: tools.azureDevOps.requests,
    durationMs: tools.clock.monotonicMs() - session.startedMs,
  };
}

/** The newest name of each stream. */
function namesOf(lines: readonly IndexLine[]): ReadonlyMap<string, string> {
  return new Map(lines.flatMap(({ s, name }) => (name === undefined ? [] : [[s, name] as const])));
}

/** All signers the vault knows now with their roles, as the input `signer` takes them. */
function pinLine({ opened }: Session): string {
  return formatSigners(pinnable(opened.keys));
}

function kindSummaries({ request }: Session, { drafts, gaps }: WalkResult): readonly KindSummary[] {
  return request.kinds.map(({ name, title }) => {
    const own = [...drafts].filter(([stream]) => kindOf(stream) === name).map(([, draft]) => draft);
    const total = (of: (draft: (typeof own)[number]) => number): number =>
      own.reduce((sum, draft) => sum + of(draft), 0);
    return {
      kind: name,
      title,
      streams: own.length,
      changedStreams: own.filter((draft) => draft.changed).length,
      added: total(({ changes }) => changes.added),
      changed: total(({ changes }) => changes.changed),
      deleted: total(({ changes }) => changes.deleted),
      newBytes: total(({ newBytes }) => newBytes),
      gaps: total((draft) => draft.gaps.length) + gaps.filter(({ stream }) => stream === name).length,
    };
  });
}

/** Streams that have not been well since a snapshot older than `maxStaleDays`, by the storage's clock. */
function overdueStreams({ request }: Session, { snapshot, log, streams }: Done): readonly string[] {
  const times = new Map(entriesOf(log, "snapshot").map(({ entry }) => [entry.seq, Date.parse(entry.srv)]));
  const now = Date.parse(snapshot.entry.srv);
  const isOverdue = (line: IndexLine): boolean => {
    if (line.st !== "stale" && line.st !== "missing") return false;
    if (line.state === undefined && line.err === disabledCode) return false; // nothing of it can grow old
    const since = line.since === undefined ? now : (times.get(line.since) ?? now);
    return now - since > request.maxStaleDays * 86_400_000;
  };
  return streams
    .flatMap(({ lines }) => lines)
    .filter(isOverdue)
    .map(({ s, name }) => name ?? s);
}
