/**
 * What `git http-backend` has answered to questions that only read, kept for the next time the same is asked of a
 * repository in the same state: for tests that read the same few repositories hundreds of times. Pushes are never kept.
 */
import { createHash, type Hash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";

/** An answer of `git http-backend`. */
export interface BackendAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface GitQuestion {
  /** The bare repository that is asked. */
  readonly folder: string;
  /** What git is asked, beside the body: path, query and protocol. */
  readonly request: string;
  readonly body: Uint8Array;
}

export interface GitMemory {
  /** The kept answer; otherwise what `ask` gives, kept once it was read to its end. */
  answer(question: GitQuestion, ask: () => Promise<BackendAnswer>): Promise<BackendAnswer>;
}

interface KeptAnswer extends Omit<BackendAnswer, "body"> {
  readonly chunks: readonly Uint8Array[];
}

/** Larger answers are not kept: they would make the process large, and processes are dear to start from it. */
const maxKeptBytes = 1 << 20;
/** With more than this, all are forgotten. */
const maxBytes = 32 << 20;
/** Smaller files are compared whole, so that copies of a repository count as one; larger ones by their dates. */
const wholeBytes = 32_768;

export function gitMemory(): GitMemory {
  const kept = new Map<string, KeptAnswer>();
  let bytes = 0;
  const keep = (key: string, answer: KeptAnswer): void => {
    bytes += answer.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    if (bytes > maxBytes) {
      kept.clear();
      bytes = 0;
    }
    kept.set(key, answer);
  };
  return {
    answer: async (question, ask) => {
      const key = keyOf(question);
      const known = kept.get(key);
      if (known !== undefined) return { ...known, body: each(known.chunks) };
      const { body, ...head } = await ask();
      return { ...head, body: keeping(body, (chunks) => keep(key, { ...head, chunks })) };
    },
  };
}

/** Copies: a fault may flip bits on the way. */
async function* each(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Uint8Array.from(chunk);
}

async function* keeping(
  body: AsyncIterable<Uint8Array>,
  keep: (chunks: readonly Uint8Array[]) => void,
): AsyncGenerator<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes <= maxKeptBytes) chunks.push(Uint8Array.from(chunk));
    yield chunk;
  }
  if (bytes <= maxKeptBytes) keep(chunks);
}

function keyOf({ folder, request, body }: GitQuestion): string {
  const hash = createHash("sha256").update(`${request}\n${body.length}\n`).update(body);
  addRepository(hash, folder);
  return hash.digest("hex");
}

/** Everything an answer depends on: what a file says, of objects which there are and whether they are as they were. */
function addRepository(hash: Hash, folder: string): void {
  const objects = join(folder, "objects");
  for (const name of filesBelow(folder)) {
    if (name.startsWith("objects/")) continue;
    hash
      .update(`${name}\n`)
      .update(readFileSync(join(folder, name)))
      .update("\n");
  }
  addObjects(hash, objects);
}

function addObjects(hash: Hash, objects: string): void {
  for (const name of filesBelow(objects)) {
    const file = join(objects, name);
    const { size, mtimeNs, ino } = statSync(file, { bigint: true });
    hash.update(`${name} ${size} `).update(size < wholeBytes ? readFileSync(file) : `${mtimeNs} ${ino}\n`);
  }
  const alternates = join(objects, "info", "alternates");
  if (!existsSync(alternates)) return;
  for (const line of readFileSync(alternates, "utf8").split("\n"))
    if (line !== "") addObjects(hash, resolve(objects, line));
}

function filesBelow(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  return files.map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll("\\", "/")).sort();
}
