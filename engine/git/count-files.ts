/**
 * How many files a commit holds: one shallow fetch of its trees without any content. Only where the server offers
 * both `shallow` and `filter`; whatever it sends is bounded, and counts only when it is whole.
 */
import { createHash } from "node:crypto";
import type { Advertisement, GitRemote } from "./git-access.ts";
import { fetchPack } from "./fetch-pack.ts";
import { credentialsOf } from "./http-transport.ts";
import type { GitHttp } from "./http-transport.ts";
import { applyDelta } from "./pack-delta.ts";
import { packTypes } from "./pack-news.ts";
import { PackScanner } from "./pack-scanner.ts";
import type { ScannedObject } from "./pack-scanner.ts";
import { checkedPack } from "./pack-stream.ts";

const maxPackBytes = 64 << 20;
const maxTreeBytes = 128 << 20;
/** Deeper than any file system takes a path. */
const maxDepth = 2000;
const maxFiles = 1e9;

/** True when the server says that it sends commits without their history and their content. */
export function canCountFiles({ version, capabilities }: Advertisement): boolean {
  const offered = version === 2 ? (capabilities.get("fetch") ?? "").split(" ") : [...capabilities.keys()];
  return offered.includes("shallow") && offered.includes("filter");
}

/**
 * Files of a commit that is advertised; links to other repositories count for none. Undefined when the server does
 * not offer it, or sends more or other things than asked for. Throws GIT_* for what goes wrong on the way.
 */
export async function countFiles(
  http: GitHttp,
  remote: GitRemote,
  { advertisement, commit }: { readonly advertisement: Advertisement; readonly commit: string },
): Promise<number | undefined> {
  if (!canCountFiles(advertisement)) return undefined;
  const credentials = credentialsOf(remote);
  const wanted = { advertisement, credentials, wants: [commit], haves: [], thin: false, isTreesOnly: true };
  const { pack } = await fetchPack(http, wanted);
  const { hash, url: name } = advertisement;
  const trees = new Trees(hash);
  const facts = { objects: 0, bytes: 0 };
  const scanner = new PackScanner({ hash, name, isThin: false, visit: (object) => trees.add(object) });
  const passing = scanner.watch(checkedPack(pack, { hash, name, facts }));
  try {
    while ((await passing.next()).done !== true) {
      if (facts.bytes > maxPackBytes || trees.isTooMuch) return undefined;
    }
    return trees.filesOf(commit);
  } finally {
    await passing.return(undefined);
  }
}

interface Found {
  readonly type: number;
  readonly content: Buffer;
}

interface WaitingDelta {
  readonly offset: number;
  readonly base: number | string;
  readonly content: Buffer;
}

/** Commits and trees of one pack, by name. */
class Trees {
  readonly #hash: "sha1" | "sha256";
  readonly #byName = new Map<string, Found>();
  readonly #byOffset = new Map<number, Found>();
  readonly #counts = new Map<string, number>();
  #waiting: WaitingDelta[] = [];
  #bytes = 0;
  #isForeign = false;

  constructor(hash: "sha1" | "sha256") {
    this.#hash = hash;
  }

  /** More than is worth counting, or content though none was asked for. */
  get isTooMuch(): boolean {
    return this.#isForeign || this.#bytes > maxTreeBytes;
  }

  add({ type, offset, base, content }: ScannedObject): void {
    if (content === undefined || type === packTypes.blob) this.#isForeign = true;
    if (content === undefined || this.isTooMuch) return;
    this.#bytes += content.length;
    const kept = Buffer.from(content);
    if (base === undefined) this.#keep(offset, { type, content: kept });
    else this.#waiting.push({ offset, base, content: kept });
  }

  /** Undefined unless the commit and every tree below it is there. */
  filesOf(commit: string): number | undefined {
    this.#resolve();
    const found = this.#byName.get(commit);
    if (this.isTooMuch || found?.type !== packTypes.commit) return undefined;
    const root = /^tree ([0-9a-f]{40,64})\n/.exec(found.content.toString("latin1", 0, 80))?.[1];
    return root === undefined ? undefined : this.#filesBelow(root, 0);
  }

  /** Bases may come later, and be deltas themselves. */
  #resolve(): void {
    for (let before = -1; before !== this.#waiting.length && !this.isTooMuch;) {
      before = this.#waiting.length;
      this.#waiting = this.#waiting.filter((delta) => !this.#resolveOne(delta));
    }
  }

  #resolveOne({ offset, base, content }: WaitingDelta): boolean {
    const found = typeof base === "number" ? this.#byOffset.get(base) : this.#byName.get(base);
    if (found === undefined) return false;
    const result = applyDelta(found.content, content);
    if (result === undefined) this.#isForeign = true;
    else {
      this.#bytes += result.length;
      this.#keep(offset, { type: found.type, content: result });
    }
    return true;
  }

  #keep(offset: number, found: Found): void {
    const type = found.type === packTypes.commit ? "commit" : "tree";
    const header = `${type} ${found.content.length}\0`;
    this.#byOffset.set(offset, found);
    this.#byName.set(createHash(this.#hash).update(header).update(found.content).digest("hex"), found);
  }

  #filesBelow(tree: string, depth: number): number | undefined {
    const known = this.#counts.get(tree);
    if (known !== undefined) return known;
    const found = this.#byName.get(tree);
    if (found?.type !== packTypes.tree || depth > maxDepth) return undefined;
    let files = 0;
    for (const { mode, name } of entriesIn(found.content, this.#hash)) {
      const below = mode === "40000" ? this.#filesBelow(name, depth + 1) : Number(mode !== "160000");
      if (below === undefined) return undefined;
      files = Math.min(maxFiles, files + below);
    }
    this.#counts.set(tree, files);
    return files;
  }
}

function* entriesIn(
  tree: Buffer,
  hash: "sha1" | "sha256",
): Generator<{ readonly mode: string; readonly name: string }> {
  const nameBytes = hash === "sha256" ? 32 : 20;
  for (let offset = 0; offset < tree.length;) {
    const space = tree.indexOf(0x20, offset);
    const end = tree.indexOf(0, space);
    if (space < 0 || end < 0) return;
    yield {
      mode: tree.toString("latin1", offset, space),
      name: tree.toString("hex", end + 1, end + 1 + nameBytes),
    };
    offset = end + 1 + nameBytes;
  }
}
