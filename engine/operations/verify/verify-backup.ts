/**
 * Verifies what is stored (docs/architecture.md): `catalogue` that everything the log reaches is there with its size,
 * `stored` that every stored byte is the signed one, `content` that it opens and is what it should be. Damage is a
 * finding that names the stream and the snapshots concerned; only what keeps us from judging is an error. Until when
 * nothing of it can be deleted is asked at every level; what the service does not tell stays unknown.
 */
import type { Cryptography } from "../../crypto/cryptography.ts";
import type { Finding } from "../../kinds/kind.ts";
import type { ObjectReader } from "../../store/object-store.ts";
import { requireWritable } from "../../vault/log/problems.ts";
import { readLog, type Log } from "../../vault/log/log.ts";
import { entriesOf } from "../../vault/format/logged-entry.ts";
import type { VaultAccess } from "../../vault/objects/sealed-objects.ts";
import { keptSnapshots, type LoggedSnapshot } from "../../vault/snapshots/snapshots.ts";
import {
  checkStoredObjects,
  listingFinding,
  listObjects,
  type ObjectFinding,
  type ObjectListing,
} from "../../vault/objects/verify-objects.ts";
import { requireAgentSigner, requireCatalogueKey, requireRecoveryKey } from "../check-keys.ts";
import { chooseSnapshots } from "../choose-snapshots.ts";
import { gatherObjects, type Gathered, type UsedObject } from "./gather-objects.ts";
import { judgedAgain } from "./judge-again.ts";
import { judgeImmutability } from "./judge-immutability.ts";
import type { VerifiedStream, VerifyResult } from "../results.ts";
import { parseSample } from "./sample.ts";
import { companionFindings } from "./companions.ts";
import { digestFindings } from "./digests.ts";
import { verifyContent } from "./content.ts";
import { type VerifyRequest, type VerifySurroundings, type StreamTally, type Checking, tallyOf } from "./checking.ts";

export async function verifyBackup(request: VerifyRequest, tools: VerifySurroundings): Promise<VerifyResult> {
  const { store, cryptography, clock } = tools;
  const startedMs = clock.monotonicMs();
  const log = await readLog({
    store,
    cryptography,
    vault: request.vault,
    pinnedSigners: request.pinnedSigners,
    pin: request.pin,
    everyName: true,
  });
  const head = log.head;
  const access: VaultAccess = { store, cryptography, vault: request.vault, identities: request.identities };
  await checkRequest(request, log, cryptography);
  const snapshots = chooseSnapshots(log, request.snapshot);
  const sample = parseSample(request.sample, head?.sha256 ?? "");
  const gathered = await gatherObjects(access, snapshots, request.parallelism);
  const tallies = new Map<string, StreamTally>(
    [...gathered.streams.keys()].map((stream) => [stream, { findings: [], checkedBytes: 0 }]),
  );
  for (const { stream, finding } of gathered.findings) tallyOf(tallies, stream).findings.push(finding);
  for (const finding of await checkDigests({ request, access, log, gathered }))
    tallyOf(tallies, finding.stream).findings.push(finding);
  const checked = await checkObjects({ request, tools, access, gathered, sample, tallies });
  const immutability = await judgeImmutability({ ...access, log, snapshots, gathered, ...checked });
  if (request.level === "content")
    await verifyContent({ request, tools, access, gathered, sample, tallies, snapshots });
  const logFindings = [
    ...findingsOfLog(log),
    ...(await companionFindings(request, tools, log)),
    ...(await judgedAgain(access, log, snapshots)),
  ];
  const streams = streamsOf(gathered, tallies);
  const newest = keptSnapshots(log)
    .filter(({ entry }) => entry.snapshot.status === "complete")
    .at(-1);
  return {
    vault: request.vault,
    level: request.level,
    sample: request.sample,
    snapshots: snapshots.map(({ entry }) => entry.by.run),
    head: { seq: head?.seq ?? 0, sha256: head?.sha256 ?? "" },
    headPinned: log.headPinned,
    signerPinned: log.signerTrust === "pinned",
    streams,
    log: logFindings,
    damaged: streams.filter(({ findings }) => findings.some(({ severity }) => severity === "damage")).length,
    checkedObjects: checked.objects,
    checkedBytes: streams.reduce((sum, { checkedBytes }) => sum + checkedBytes, 0),
    newestCompleteAt: newest?.entry.srv,
    tooOld: await isTooOld(newest, request, store),
    rtoSeconds: undefined,
    immutability,
    durationMs: clock.monotonicMs() - startedMs,
  };
}

async function checkDigests({
  request: { macKey, kinds, parallelism },
  ...facts
}: {
  readonly request: VerifyRequest;
  readonly access: VaultAccess;
  readonly log: Log;
  readonly gathered: Gathered;
}): Promise<readonly Finding[]> {
  return macKey === undefined ? [] : digestFindings({ ...facts, macKey, kinds, parallelism });
}

/** What keeps us from judging at all, before anything is read. */
async function checkRequest(
  { level, identities, agentSigner }: VerifyRequest,
  log: Log,
  cryptography: Cryptography,
): Promise<void> {
  // A log that lost all its snapshots has nothing to verify: what is wrong with the log is then the answer.
  if (keptSnapshots(log).length === 0) requireWritable(log);
  if (level === "content") await requireRecoveryKey(log, identities, cryptography);
  else await requireCatalogueKey(log, identities, cryptography);
  if (agentSigner !== undefined) requireAgentSigner(log, agentSigner);
}

/** The newest complete snapshot is older than the RPO, by the storage's clock. */
async function isTooOld(
  newest: LoggedSnapshot | undefined,
  { maxAgeHours }: VerifyRequest,
  store: ObjectReader,
): Promise<boolean> {
  if (maxAgeHours === undefined) return false;
  if (newest === undefined) return true;
  // The entry says what its agent was told, the storage when it created the object; a copied container looks younger.
  const takenMs = Math.min(Date.parse(newest.entry.srv), Date.parse(newest.createdAt));
  return (await store.serviceTime()).getTime() - takenMs > maxAgeHours * 3_600_000;
}

interface CheckedObjects {
  /** How many were read. */
  readonly objects: number;
  readonly listing: ObjectListing;
  /** Those that are not simply there as they were signed, by name. */
  readonly doubtful: ReadonlySet<string>;
}

/** Existence and size of everything, then the bytes of the sample. */
async function checkObjects(checking: Checking): Promise<CheckedObjects> {
  const { request, tools, access, gathered, sample, tallies } = checking;
  const listing = await listObjects(access);
  const doubtful = new Set<string>();
  for (const used of gathered.objects.values()) {
    const found = listingFinding(listing, used.ref);
    if (found === undefined) continue;
    doubtful.add(used.ref.o);
    report(used, found, tallies);
  }
  if (request.level === "catalogue") return { objects: 0, listing, doubtful };
  const wanted = [...gathered.objects.values()].filter(({ ref }) => sample.holds(ref.o) && !doubtful.has(ref.o));
  let objects = 0;
  for await (const { ref, bytes, finding, isHidden = false } of checkStoredObjects(access, refsOf(wanted), {
    parallelism: request.parallelism,
    signal: tools.signal,
  })) {
    objects += 1;
    tools.reporter.progress({ activity: "Stored objects", done: objects, total: wanted.length });
    const used = gathered.objects.get(ref.o);
    if (finding !== undefined || isHidden) doubtful.add(ref.o);
    if (used === undefined) continue;
    for (const stream of used.streams) tallyOf(tallies, stream).checkedBytes += bytes;
    if (finding !== undefined) report(used, finding, tallies);
  }
  return { objects, listing, doubtful };
}

async function* refsOf(objects: readonly UsedObject[]): AsyncGenerator<UsedObject["ref"]> {
  for (const { ref } of objects) yield ref;
}

function report(used: UsedObject, { object, what, message }: ObjectFinding, tallies: Map<string, StreamTally>): void {
  const code = what === "missing" ? "OBJECT_MISSING" : "OBJECT_DAMAGED";
  const where = `snapshots ${[...used.snapshots].join(", ")}`;
  for (const stream of used.streams) {
    tallyOf(tallies, stream).findings.push({
      stream,
      item: object,
      code,
      message: `${message}; concerns ${where}`,
      severity: "damage",
    });
  }
}

function findingsOfLog(log: Log): readonly Finding[] {
  const problems = log.problems.map(({ code, message }): Finding => ({
    stream: "log",
    code,
    message,
    severity: code === "LOG_VOID" ? "warning" : "damage",
  }));
  const incidents = entriesOf(log, "incident").map(({ entry }): Finding => ({
    stream: "log",
    code: entry.incident.code,
    message: `incident of entry ${entry.seq}: ${entry.incident.objects.join(", ")}`,
    severity: "warning",
  }));
  return [...problems, ...incidents];
}

function streamsOf(gathered: Gathered, tallies: ReadonlyMap<string, StreamTally>): readonly VerifiedStream[] {
  return [...tallies]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([stream, { findings, checkedBytes }]) => {
      const known = gathered.streams.get(stream);
      return {
        stream,
        ...(known?.name === undefined ? {} : { name: known.name }),
        snapshots: [...(known?.snapshots ?? [])],
        findings,
        checkedBytes,
        durationMs: 0,
      };
    });
}
