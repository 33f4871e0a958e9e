/** What git has answered is said again only while nothing that the answer depends on has changed. */
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { gitMemory, type GitMemory, type GitQuestion } from "../../../simulator/git/git-memory.ts";

const looseObject = "objects/5a/0c0ffee";
const largePack = "objects/pack/pack-1.pack";

let root: string;
let folder: string;
let memory: GitMemory;
let asked: number;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "git-memory-"));
  folder = join(root, "one.git");
  memory = gitMemory();
  asked = 0;
  put(join(root, "borrowed/objects", "pack/pack-2.pack"), "borrowed");
  put(join(folder, "HEAD"), "ref: refs/heads/main\n");
  put(join(folder, "config"), "[core]\n");
  put(join(folder, "packed-refs"), `${"1".repeat(40)} refs/tags/v1\n`);
  put(join(folder, "refs/heads/main"), `${"2".repeat(40)}\n`);
  put(join(folder, looseObject), "an object");
  put(join(folder, largePack), "P".repeat(100_000));
  put(join(folder, "objects/info/alternates"), `${join(root, "borrowed/objects")}\n`);
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** What a client reads, to its end or only the first chunk; the backend numbers its answers. */
async function read(question: Partial<GitQuestion> = {}, isWhole = true): Promise<string> {
  const whole = { folder, request: "/info/refs?service=git-upload-pack", body: new Uint8Array(), ...question };
  const { body } = await memory.answer(whole, async () => {
    asked += 1;
    return { status: 200, headers: {}, body: chunks([`answer ${asked}`, ", second part"]) };
  });
  let text = "";
  for await (const chunk of body) {
    text += new TextDecoder().decode(chunk);
    chunk.fill(0); // what becomes of the bytes on their way is no matter of the memory
    if (!isWhole) break;
  }
  return text;
}

async function* chunks(texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text);
}

describe("what git has answered", () => {
  it("is said again of the same repository and of its copies", async () => {
    const first = await read();
    const [again, oncemore] = [await read(), await read()];
    const copy = join(root, "copy.git");
    rmSync(join(folder, largePack));
    await read();
    cpSync(folder, copy, { recursive: true });
    await read({ folder: copy });

    expect([again, oncemore]).toEqual([first, first]);
    expect(first).toBe("answer 1, second part");
    expect(asked).toBe(2);
  });

  it.each<readonly [what: string, change: () => void]>([
    ["a branch has moved", () => put(join(folder, "refs/heads/main"), `${"3".repeat(40)}\n`)],
    ["a branch has come", () => put(join(folder, "refs/heads/other"), `${"2".repeat(40)}\n`)],
    ["a branch has gone", () => rmSync(join(folder, "refs/heads/main"))],
    ["packed refs have changed", () => put(join(folder, "packed-refs"), `${"4".repeat(40)} refs/tags/v1\n`)],
    ["the default branch is another", () => put(join(folder, "HEAD"), "ref: refs/heads/other\n")],
    ["a setting has changed", () => appendFileSync(join(folder, "config"), "[http]\n")],
    ["an object has come", () => put(join(folder, "objects/5a/1c0ffee"), "another")],
    ["an object has gone", () => rmSync(join(folder, looseObject))],
    ["an object is damaged, of the same size", () => put(join(folder, looseObject), "an objecT")],
    ["a pack is damaged, of the same size", () => replace(join(folder, largePack), "Q".repeat(100_000))],
    ["a repository that it borrows from has changed", () => put(join(root, "borrowed/objects/pack/p.idx"), "index")],
  ])("is asked anew when %s", async (_what, change) => {
    await read();
    change();

    expect(await read()).toBe("answer 2, second part");
  });

  it("is of this question alone", async () => {
    await read();
    await read({ request: "/info/refs?service=git-receive-pack" });
    await read({ body: new TextEncoder().encode("want") });

    expect(asked).toBe(3);
  });

  it("is not kept when nobody has read it to its end", async () => {
    await read({}, false);

    expect(await read()).toBe("answer 2, second part");
  });
});

/** As a program does that writes a new file and puts it in the place of the old one. */
function replace(file: string, text: string): void {
  expect(readFileSync(file)).toHaveLength(text.length);
  rmSync(file);
  writeFileSync(file, text);
}
