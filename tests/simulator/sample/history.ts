/** Git history written as one `git fast-import` stream: thousands of commits in a fraction of a second. */
import { runGit } from "../git/run-git.ts";

export interface Author {
  readonly displayName: string;
  readonly uniqueName: string;
}

export interface NewCommit {
  readonly branch: string;
  readonly author: Author;
  /** Seconds since 1970. */
  readonly at: number;
  readonly message: string;
  /** Whole new content by path; null deletes. */
  readonly files: Readonly<Record<string, string | Uint8Array | null>>;
  /** Mark of another branch's commit that is merged in. */
  readonly merge?: number;
}

/** Collects commits, tags and refs; marks are the numbers of its commits from 1 on. */
export class History {
  readonly #parts: Uint8Array[] = [];
  readonly #tips = new Map<string, number>();
  #count = 0;

  /** The last commit of a branch. */
  tipOf(branch: string): number | undefined {
    return this.#tips.get(branch);
  }

  /** Starts a branch at another one's tip. */
  branch(name: string, from: string): void {
    const tip = this.#tips.get(from);
    if (tip === undefined) throw new Error(`no branch ${from}`);
    this.#tips.set(name, tip);
    this.ref(`refs/heads/${name}`, tip);
  }

  commit({ branch, author, at, message, files, merge }: NewCommit): number {
    this.#count += 1;
    const parent = this.#tips.get(branch);
    const lines = [`commit refs/heads/${branch}`, `mark :${this.#count}`, `committer ${signature(author, at)}`];
    this.#text(`${lines.join("\n")}\n`);
    this.#data(message);
    if (parent !== undefined) this.#text(`from :${parent}\n`);
    if (merge !== undefined) this.#text(`merge :${merge}\n`);
    for (const [path, content] of Object.entries(files)) {
      if (content === null) this.#text(`D ${path}\n`);
      else {
        this.#text(`M 100644 inline ${path}\n`);
        this.#data(content);
      }
    }
    this.#tips.set(branch, this.#count);
    return this.#count;
  }

  tag(
    name: string,
    mark: number,
    { author, at, message }: { readonly author: Author; readonly at: number; readonly message: string },
  ): void {
    this.#text(`tag ${name}\nfrom :${mark}\ntagger ${signature(author, at)}\n`);
    this.#data(message);
  }

  /** Any ref, e.g. `refs/pull/1/merge`. */
  ref(name: string, mark: number): void {
    this.#text(`reset ${name}\nfrom :${mark}\n\n`);
  }

  /** Takes a branch away; what was merged of it stays. */
  deleteBranch(name: string): void {
    this.#tips.delete(name);
    this.#text(`reset refs/heads/${name}\nfrom ${"0".repeat(40)}\n\n`);
  }

  /** Writes everything into a bare repository. */
  writeTo(folder: string): void {
    runGit(["-C", folder, "fast-import", "--quiet", "--done"], Buffer.concat([...this.#parts, Buffer.from("done\n")]));
  }

  #text(text: string): void {
    this.#parts.push(Buffer.from(text));
  }

  #data(content: string | Uint8Array): void {
    const bytes = Buffer.from(content);
    this.#parts.push(Buffer.from(`data ${bytes.length}\n`), bytes, Buffer.from("\n"));
  }
}

function signature({ displayName, uniqueName }: Author, at: number): string {
  return `${displayName} <${uniqueName}> ${at} +0100`;
}

/** Numbers from 0 to below 1, the same for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
