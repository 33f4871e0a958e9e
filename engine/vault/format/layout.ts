/**
 * Every name in the container, built and taken apart (docs/format.md 2). A name is made only of the vault's GUID,
 * run ids, counters and hashes: no user text can reach storage, and nothing read from storage can point outside
 * the vault, because every part is checked against its exact form before a name is built from it.
 */
import { BackupError } from "../../foundation/errors.ts";
import { withoutSecrets } from "../../foundation/secret-shapes.ts";

export const objectExtensions = ["bundle.age", "ndjson.gz.age", "tar.age", "bin.age", "json.gz.age"] as const;
export type ObjectExtension = (typeof objectExtensions)[number];

const guidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const runForm = /^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}$/;
const shardForm = /^[0-9a-f]{2}$/;
const hexNameForm = /^[0-9a-f]{8,64}$/;
const objectForm = new RegExp(
  `^(${runForm.source.slice(1, -1)})/([0-9a-f]{2})-([0-9]{6})\\.(${objectExtensions.join("|").replaceAll(".", "\\.")})$`,
);

export const maxLogSeq = 9_999_999_999;
const maxCounter = 999_999;

export interface ObjectParts {
  readonly run: string;
  readonly shard: string;
  readonly n: number;
  readonly extension: ObjectExtension;
}

export interface NumberedParts {
  readonly run: string;
  readonly shard: string;
  readonly n: number;
}

export interface JournalParts {
  readonly n: number;
  /** Lower-case hex. */
  readonly tag: string;
}

/** A vault id is the project's (or collection's) GUID in lower case. */
export function isVaultId(text: string): boolean {
  return guidForm.test(text);
}

export function isRunId(text: string): boolean {
  return runForm.test(text);
}

export function isShardId(text: string): boolean {
  return shardForm.test(text);
}

export function isObjectExtension(text: string): text is ObjectExtension {
  return (objectExtensions as readonly string[]).includes(text);
}

/** `<vault>/`: the prefix of everything in the vault. Throws NAME_FORM, as all functions here do for a bad part. */
export function vaultPrefix(vault: string): string {
  return `${checked("vault id", vault, isVaultId)}/`;
}

export function readmeName(vault: string): string {
  return `${vaultPrefix(vault)}README.txt`;
}

// Log

export function logPrefix(vault: string): string {
  return `${vaultPrefix(vault)}log/`;
}

export function logName(vault: string, seq: number): string {
  return `${logPrefix(vault)}${counter(seq, maxLogSeq).padStart(10, "0")}.json`;
}

/** What the names of the `10^zeros` numbers from `seq` on begin with; `seq` is a multiple of `10^zeros`. */
export function logNumbersPrefix(vault: string, seq: number, zeros: number): string {
  return `${logPrefix(vault)}${counter(seq, maxLogSeq).padStart(10, "0").slice(0, -zeros)}`;
}

/** Undefined for a name that is no log name of this vault. */
export function seqOfLogName(vault: string, name: string): number | undefined {
  const rest = after(logPrefix(vault), name);
  const digits = rest === undefined ? undefined : /^([0-9]{10})\.json$/.exec(rest)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Beside the log, so that whoever lists that sees entries only. */
export function logPagePrefix(vault: string): string {
  return `${vaultPrefix(vault)}log-pages/`;
}

/** Copies of the entries from `first` on. */
export function logPageName(vault: string, first: number): string {
  return `${logPagePrefix(vault)}${counter(first, maxLogSeq).padStart(10, "0")}.txt`;
}

/** Undefined for a name that is no page of this vault's log. */
export function firstOfLogPage(vault: string, name: string): number | undefined {
  const digits = /^([0-9]{10})\.txt$/.exec(after(logPagePrefix(vault), name) ?? "")?.[1];
  return digits === undefined ? undefined : Number(digits);
}

// Data

export function dataPrefix(vault: string): string {
  return `${vaultPrefix(vault)}data/`;
}

/** All objects of one run. */
export function runDataPrefix(vault: string, run: string): string {
  return `${dataPrefix(vault)}${checked("run id", run, isRunId)}/`;
}

/** The `o` of a REF: `<run>/<shard>-<n6>.<ext>`. */
export function objectPath(parts: ObjectParts): string {
  const { run, shard, n, extension } = parts;
  return `${numbered({ run, shard, n })}.${checked("extension", extension, isObjectExtension)}`;
}

/** Undefined for anything that is not exactly the `o` of a REF. */
export function parseObjectPath(path: string): ObjectParts | undefined {
  const [, run, shard, digits, extension] = objectForm.exec(path) ?? [];
  if (run === undefined || shard === undefined || extension === undefined || !isObjectExtension(extension)) return;
  return { run, shard, n: Number(digits), extension };
}

/** Full name of the object a REF points to. Throws NAME_FORM when the path could leave the vault. */
export function dataName(vault: string, path: string): string {
  return `${dataPrefix(vault)}${checked("object path", path, (text) => parseObjectPath(text) !== undefined)}`;
}

/** The `o` of a stored name; undefined for names that are no objects of this vault. */
export function pathOfDataName(vault: string, name: string): string | undefined {
  const path = after(dataPrefix(vault), name);
  return path !== undefined && parseObjectPath(path) !== undefined ? path : undefined;
}

/** Run that wrote the object. Throws NAME_FORM for a bad path. */
export function runOfObject(path: string): string {
  const parts = parseObjectPath(path);
  if (parts === undefined) throw badName("object path", path);
  return parts.run;
}

// Runs

export function runsPrefix(vault: string): string {
  return `${vaultPrefix(vault)}runs/`;
}

/** Where the run id of a build stands; `hash` is the hash of the build id, hex. */
export function runClaimName(vault: string, hash: string): string {
  return `${runsPrefix(vault)}${checked("hash", hash, isHexName)}.json`;
}

export function checkpointPrefix(vault: string, run: string): string {
  return `${runsPrefix(vault)}${checked("run id", run, isRunId)}/`;
}

export function checkpointName(vault: string, parts: NumberedParts): string {
  return `${runsPrefix(vault)}${numbered(parts)}.json`;
}

/** Undefined for names that are no checkpoints of this vault. */
export function parseCheckpointName(vault: string, name: string): NumberedParts | undefined {
  const rest = after(runsPrefix(vault), name);
  const [, run, shard, digits] = /^([^/]+)\/([^/-]+)-([0-9]{6})\.json$/.exec(rest ?? "") ?? [];
  if (run === undefined || shard === undefined || !isRunId(run) || !isShardId(shard)) return undefined;
  return { run, shard, n: Number(digits) };
}

// Restores

export function restoresPrefix(vault: string): string {
  return `${vaultPrefix(vault)}restores/`;
}

export function journalPrefix(vault: string, restoreId: string): string {
  return `${restoresPrefix(vault)}${checked("restore id", restoreId, isHexName)}/`;
}

/** `tag` is what only holders of the journal's key can tell beforehand, see journal-objects.ts. */
export function journalName(vault: string, restoreId: string, { n, tag }: JournalParts): string {
  const digits = counter(n, maxCounter).padStart(6, "0");
  return `${journalPrefix(vault, restoreId)}${digits}-${checked("tag", tag, isHexName)}.json`;
}

// Canaries

export function canaryPrefix(vault: string): string {
  return `${vaultPrefix(vault)}canary/`;
}

/** `fingerprint` of the recovery recipient, see canary.ts. */
export function canaryName(vault: string, fingerprint: string): string {
  return `${canaryPrefix(vault)}${checked("fingerprint", fingerprint, isHexName)}.age`;
}

function numbered({ run, shard, n }: NumberedParts): string {
  const digits = counter(n, maxCounter).padStart(6, "0");
  return `${checked("run id", run, isRunId)}/${checked("shard", shard, isShardId)}-${digits}`;
}

function isHexName(text: string): boolean {
  return hexNameForm.test(text);
}

function counter(value: number, max: number): string {
  if (!Number.isSafeInteger(value) || value < 0 || value > max) throw badName("number", String(value));
  return String(value);
}

function after(prefix: string, name: string): string | undefined {
  return name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
}

function checked(part: string, text: string, isGood: (text: string) => boolean): string {
  if (!isGood(text)) throw badName(part, text);
  return text;
}

function badName(part: string, found: string): BackupError {
  return new BackupError({
    code: "NAME_FORM",
    message: `No name in the vault can be made of the ${part} ${JSON.stringify(withoutSecrets(found).slice(0, 100))}`,
    hint: "This is not something the program wrote: check the input, or verify the vault.",
  });
}
