/** Headers of Git bundles (gitformat-bundle): what stands before the pack. */
import { BackupError } from "../foundation/errors.ts";
import type { RefTarget } from "../vault/format/state.ts";

export interface BundleHeader {
  readonly hash: "sha1" | "sha256";
  /** Commits that have to be there before. */
  readonly prerequisites: readonly string[];
  /** Ref name → oid. */
  readonly refs: Readonly<Record<string, string>>;
}

const maxHeaderBytes = 64 * 1024 * 1024;

export function bundleHeader({ hash, prerequisites, refs }: BundleHeader): Uint8Array {
  const signature = hash === "sha1" ? "# v2 git bundle\n" : `# v3 git bundle\n@object-format=${hash}\n`;
  const required = prerequisites.map((oid) => `-${oid}\n`);
  const lines = Object.entries(refs).map(([name, oid]) => `${oid} ${name}\n`);
  return Buffer.from([signature, ...required, ...lines, "\n"].join(""));
}

export interface PrerequisiteFacts {
  readonly refs: Readonly<Record<string, string>>;
  readonly known: Readonly<Record<string, RefTarget>>;
  readonly head: string | null;
  /** Known oids that the server acknowledged. */
  readonly common: ReadonlySet<string>;
}

/**
 * The commits a bundle names as prerequisites: acknowledged old tips of branches that changed or went, and the default
 * branch's old tip. Only branches, because only they are sure to be commits; and few, because thousands of lines for a
 * small pack help nobody and a narrow list is as safe: git checks connectivity itself.
 */
export function prerequisitesOf({ refs, known, head, common }: PrerequisiteFacts): readonly string[] {
  const branches = Object.entries(known).filter(([name, [oid]]) => name.startsWith("refs/heads/") && common.has(oid));
  const needed = branches.filter(([name, [oid]]) => name === head || refs[name] !== oid);
  const chosen = needed.length > 0 ? needed : branches.slice(0, 1);
  return [...new Set(chosen.map(([, [oid]]) => oid))].sort();
}

/**
 * The refs that a bundle's header names, told once its beginning has passed; undefined for what is no bundle. The chunks
 * pass through as they are.
 */
export function watchHeader(chunks: AsyncIterable<Uint8Array>): {
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly refs: () => BundleHeader["refs"] | undefined;
} {
  let head: Buffer | undefined = Buffer.alloc(0);
  let refs: BundleHeader["refs"] | undefined;
  async function* watched(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      if (head !== undefined) {
        head = Buffer.concat([head, chunk]);
        const end = endOfHeader(head);
        if (end !== undefined) {
          refs = refsIn(head.toString("utf8", 0, end));
          head = undefined;
        }
      }
      yield chunk;
    }
  }
  return { chunks: watched(), refs: () => refs };
}

function refsIn(header: string): BundleHeader["refs"] {
  const lines = header.split("\n").flatMap((line) => {
    const [, oid, name] = /^([0-9a-f]{40,64}) (.+)$/.exec(line) ?? [];
    return oid === undefined || name === undefined ? [] : [[name, oid] as const];
  });
  return Object.fromEntries(lines);
}

/** Splits a bundle: yields the pack only. Throws GIT_DAMAGED when it has no bundle header. */
export async function* packOfBundle(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (head === undefined) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    const end = endOfHeader(head);
    if (end === undefined) continue;
    yield head.subarray(end);
    head = undefined;
  }
  if (head !== undefined) throw notABundle();
}

function endOfHeader(head: Buffer): number | undefined {
  const signature = head.toString("latin1", 0, 16);
  if (head.length >= 16 && !/^# v[23] git bundle\n$/.test(signature)) throw notABundle();
  if (head.length > maxHeaderBytes) throw notABundle();
  const end = head.indexOf("\n\n");
  return end < 0 ? undefined : end + 2;
}

function notABundle(): BackupError {
  return new BackupError({
    code: "GIT_DAMAGED",
    message: "A stored segment is not a Git bundle",
    hint: "Run VerifyBackup to see which snapshots are affected, and restore from another one.",
  });
}
