/**
 * Log entries between their stored line and their type (docs/format.md 3.1). Strict: what does not have exactly the
 * form this program writes is malformed, and so void. Members it does not know are ignored.
 */
import type { JsonObject, JsonValue } from "../../foundation/json.ts";
import { decodeRecipient } from "../../crypto/age-keys.ts";
import { publicKeyOfSigner } from "../../crypto/keys.ts";
import { coverageFrom } from "./coverage.ts";
import type { KindSum, RunSum } from "./figures.ts";
import { containerPolicies, type SnapshotImmutability, type ToldImmutability } from "./immutability.ts";
import { isRunId, isVaultId, maxLogSeq } from "./layout.ts";
import type {
  AcknowledgeEntry,
  Anomaly,
  ExpectEntry,
  GenesisEntry,
  IncidentEntry,
  KeysEntry,
  LogEntry,
  LogKind,
  RetireEntry,
  SignerRole,
  SnapshotEntry,
  SnapshotSum,
  VaultKeys,
  VerificationEntry,
} from "./log-entry.ts";
import {
  aCount,
  anObject,
  aText,
  count,
  flag,
  isSha256,
  listAt,
  Malformed,
  matching,
  objectAt,
  oneOf,
  parseCanonical,
  refAt,
  text,
  time,
} from "./strict-json.ts";
import type { VoidNumbers } from "./void-numbers.ts";

export const logType = "azdo-vault/log/v1";
/** A planted object larger than this is not even read. */
export const maxEntryBytes = 1 << 20;
/** Nor is a smaller one: the members that every entry has, and a signature, take more. */
export const minEntryBytes = 256;
export const logKinds: readonly LogKind[] = [
  "genesis",
  "snapshot",
  "retire",
  "keys",
  "incident",
  "verification",
  "acknowledge",
  "expect",
];

type EntryFrame = Pick<LogEntry, "type" | "vault" | "seq" | "prev" | "void" | "at" | "srv" | "by">;
type BodyOf<Entry> = Entry extends LogEntry ? Omit<Entry, keyof EntryFrame> : never;
/** What an entry says, without where it stands in the log. */
export type EntryBody = BodyOf<LogEntry>;

export type DecodedEntry =
  | { readonly form: "known"; readonly entry: LogEntry }
  /** Written by a newer version: part of the chain, but what it means is not known here. */
  | { readonly form: "newer"; readonly frame: EntryFrame; readonly what: string }
  | { readonly form: "malformed"; readonly reason: string };

export function decodeEntry(line: string): DecodedEntry {
  try {
    const object = parseCanonical(line);
    const frame = frameOf(object);
    const what = newerThanThis(object);
    if (what !== undefined) return { form: "newer", frame, what };
    return { form: "known", entry: { ...frame, ...bodyOf(object) } };
  } catch (error) {
    if (error instanceof Malformed) return { form: "malformed", reason: error.message };
    if (error instanceof RangeError) return { form: "malformed", reason: "it is nested too deeply" };
    throw error;
  }
}

function frameOf(object: JsonObject): EntryFrame {
  const by = objectAt(object, "by");
  return {
    // Another version of the type is told apart by newerThanThis before anything else is made of it.
    type: matching(object, "type", (type) => type.startsWith("azdo-vault/log/")) as typeof logType,
    vault: matching(object, "vault", isVaultId),
    seq: seqAt(object, "seq"),
    prev: object.prev === null ? null : matching(object, "prev", isPrefixedHash),
    void: listAt(object, "void", aVoidNumber),
    at: time(object, "at"),
    srv: time(object, "srv"),
    by: { tool: text(by, "tool"), build: text(by, "build"), run: text(by, "run") },
  };
}

function aVoidNumber(value: JsonValue): VoidNumbers[number] {
  if (!Array.isArray(value)) return aCount(value);
  const [first, last, ...more] = (value as readonly JsonValue[]).map(aCount);
  if (first === undefined || last === undefined || more.length > 0) throw new Malformed("void holds no range");
  return [first, last];
}

function newerThanThis(object: JsonObject): string | undefined {
  const type = text(object, "type");
  if (type !== logType) return `entry type ${type}`;
  const kind = text(object, "kind");
  if (!(logKinds as readonly string[]).includes(kind)) return `entry kind ${kind}`;
  if (kind !== "genesis") return undefined;
  const genesis = objectAt(object, "genesis");
  if (count(genesis, "format") !== 1) return `format ${count(genesis, "format")}`;
  return count(genesis, "minReader") > 1 ? `minReader ${count(genesis, "minReader")}` : undefined;
}

function bodyOf(object: JsonObject): EntryBody {
  const kind = oneOf(object, "kind", logKinds);
  const body = objectAt(object, kind);
  switch (kind) {
    case "genesis":
      return { kind, genesis: genesisOf(body) };
    case "snapshot":
      return { kind, snapshot: snapshotOf(body) };
    case "retire":
      return { kind, retire: retireOf(body) };
    case "keys":
      return { kind, keys: { ...keysOf(body), rekey: flag(body, "rekey") } satisfies KeysEntry["keys"] };
    case "incident":
      return { kind, incident: incidentOf(body) };
    case "verification":
      return { kind, verification: verificationOf(body) };
    case "acknowledge":
      return { kind, acknowledge: acknowledgeOf(body) };
    case "expect":
      return { kind, expect: expectOf(body) };
  }
}

function genesisOf(body: JsonObject): GenesisEntry["genesis"] {
  const organization = objectAt(body, "organization");
  return {
    format: 1,
    minReader: 1,
    ...keysOf(body),
    organization: { id: text(organization, "id"), url: text(organization, "url") },
    ...(body.project === undefined ? {} : { project: { id: text(objectAt(body, "project"), "id") } }),
  };
}

function keysOf(body: JsonObject): VaultKeys {
  const recipients = listAt(body, "recipients", aText);
  const catalogue = text(body, "catalogue");
  const signers = listAt(body, "signers", signerRoleOf);
  if (recipients.length === 0 || signers.length === 0) throw new Malformed("it names no recipient or no signer");
  for (const recipient of [...recipients, catalogue]) wellFormed("recipient", () => decodeRecipient(recipient));
  for (const { pub } of signers) wellFormed("signer", () => publicKeyOfSigner(pub));
  return { recipients, catalogue, signers };
}

function signerRoleOf(value: JsonValue): SignerRole {
  const role = anObject(value);
  // A kind of a newer version gives no right here; it must not make the whole table unreadable either.
  const may = listAt(role, "may", aText).filter((kind): kind is LogKind =>
    (logKinds as readonly string[]).includes(kind),
  );
  return { pub: text(role, "pub"), may };
}

function snapshotOf(body: JsonObject): SnapshotEntry["snapshot"] {
  const [from, to, ...more] = listAt(body, "window", aText);
  if (from === undefined || to === undefined || more.length > 0) throw new Malformed("window is not two times");
  return {
    parent: body.parent === null ? null : seqAt(body, "parent"),
    status: oneOf(body, "status", ["complete", "partial"]),
    window: [from, to],
    index: refAt(body, "index"),
    sum: sumOf(objectAt(body, "sum")),
    anomaly: listAt(body, "anomaly", anomalyOf),
  };
}

function sumOf(sum: JsonObject): SnapshotSum {
  return {
    streams: count(sum, "streams"),
    changed: count(sum, "changed"),
    failed: count(sum, "failed"),
    stale: count(sum, "stale"),
    missing: count(sum, "missing"),
    deleted: count(sum, "deleted"),
    skipped: count(sum, "skipped"),
    items: count(sum, "items"),
    newBytes: count(sum, "newBytes"),
    totalBytes: count(sum, "totalBytes"),
    ...(sum.kinds === undefined ? {} : { kinds: listAt(sum, "kinds", kindSumOf) }),
    ...(sum.run === undefined ? {} : { run: runSumOf(objectAt(sum, "run")) }),
    ...(sum.coverage === undefined ? {} : { coverage: coverageFrom(objectAt(sum, "coverage")) }),
  };
}

function kindSumOf(value: JsonValue): KindSum {
  const sum = anObject(value);
  return {
    kind: text(sum, "kind"),
    streams: count(sum, "streams"),
    items: count(sum, "items"),
    added: count(sum, "added"),
    changed: count(sum, "changed"),
    deleted: count(sum, "deleted"),
    back: count(sum, "back"),
    dense: count(sum, "dense"),
    missing: count(sum, "missing"),
    ...(sum.hidden === undefined ? {} : { hidden: count(sum, "hidden") }),
    newBytes: count(sum, "newBytes"),
  };
}

function runSumOf(sum: JsonObject): RunSum {
  return {
    requests: count(sum, "requests"),
    seconds: count(sum, "seconds"),
    throttledSeconds: count(sum, "throttledSeconds"),
    retries: count(sum, "retries"),
  };
}

function anomalyOf(value: JsonValue): Anomaly {
  const anomaly = anObject(value);
  return {
    code: text(anomaly, "code"),
    n: count(anomaly, "n"),
    ...(anomaly.of === undefined ? {} : { of: count(anomaly, "of") }),
    ...(anomaly.level === undefined ? {} : { level: count(anomaly, "level") }),
    ...(anomaly.streams === undefined ? {} : { streams: listAt(anomaly, "streams", aText) }),
    ...(anomaly.hit === undefined ? {} : { hit: count(anomaly, "hit") }),
    ...(anomaly.active === undefined ? {} : { active: count(anomaly, "active") }),
    ...(anomaly.since === undefined ? {} : { since: time(anomaly, "since") }),
    ...(anomaly.chance === undefined ? {} : { chance: count(anomaly, "chance") }),
    ...(anomaly.note === true ? { note: true as const } : {}),
  };
}

function acknowledgeOf(body: JsonObject): AcknowledgeEntry["acknowledge"] {
  return { seq: seqAt(body, "seq"), codes: listAt(body, "codes", aText), streams: listAt(body, "streams", aText) };
}

function expectOf(body: JsonObject): ExpectEntry["expect"] {
  return { codes: listAt(body, "codes", aText), until: time(body, "until") };
}

function retireOf(body: JsonObject): RetireEntry["retire"] {
  const runs = listAt(body, "runs", aText);
  if (!runs.every(isRunId)) throw new Malformed("runs holds something that is no run id");
  return { snapshots: listAt(body, "snapshots", aCount), objects: refAt(body, "objects"), runs };
}

function incidentOf(body: JsonObject): IncidentEntry["incident"] {
  return {
    code: text(body, "code"),
    objects: listAt(body, "objects", aText),
    snapshots: listAt(body, "snapshots", aCount),
  };
}

function verificationOf(body: JsonObject): VerificationEntry["verification"] {
  return {
    snapshot: body.snapshot === "all" ? "all" : seqAt(body, "snapshot"),
    level: oneOf(body, "level", ["catalogue", "stored", "content", "drill"]),
    sample: text(body, "sample"),
    checked: count(body, "checked"),
    damaged: count(body, "damaged"),
    ...(body.report === undefined ? {} : { report: refAt(body, "report") }),
    ...(body.rtoSeconds === undefined ? {} : { rtoSeconds: count(body, "rtoSeconds") }),
    ...(body.immutability === undefined ? {} : { immutability: immutabilityOf(objectAt(body, "immutability")) }),
  };
}

function immutabilityOf(told: JsonObject): ToldImmutability {
  return {
    container: oneOf(told, "container", containerPolicies),
    snapshots: listAt(told, "snapshots", snapshotImmutabilityOf),
  };
}

function snapshotImmutabilityOf(value: JsonValue): SnapshotImmutability {
  const told = anObject(value);
  return {
    snapshot: seqAt(told, "snapshot"),
    objects: count(told, "objects"),
    unprotected: count(told, "unprotected"),
    unlocked: count(told, "unlocked"),
    held: count(told, "held"),
    until: told.until === null ? null : time(told, "until"),
  };
}

function seqAt(object: JsonObject, key: string): number {
  const seq = count(object, key);
  if (seq > maxLogSeq) throw new Malformed(`${key} is no sequence number`);
  return seq;
}

function isPrefixedHash(value: string): boolean {
  return value.startsWith("sha256:") && isSha256(value.slice("sha256:".length));
}

function wellFormed(what: string, check: () => void): void {
  try {
    check();
  } catch {
    throw new Malformed(`it names a ${what} that does not have its form`);
  }
}
