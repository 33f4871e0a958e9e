/**
 * Makes the golden vault of the current format version:
 *
 *   npx esbuild tests/format/make-golden.ts --bundle --platform=node --format=esm --packages=external \
 *     | node --input-type=module - tests/format/v1
 *
 * For a new format version only. A golden vault never changes once it is released: every later version must read it.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { toBase64 } from "../../engine/foundation/bytes.ts";
import type { Clock } from "../../engine/foundation/clock.ts";
import { memoryStore } from "../support/memory-store.ts";
import { writeSampleVault, type SampleContent } from "../support/sample-vault.ts";

const folder = process.argv[2];
if (folder === undefined) throw new Error("name the folder to write to");

let time = Date.parse("2026-11-22T18:05:44Z");
/** One second passes with every look. */
const clock: Clock = {
  now: () => new Date((time += 1000)),
  monotonicMs: () => time,
  sleep: async () => undefined,
};
const store = memoryStore({ clock });
const contents = await writeSampleVault({
  store,
  clock,
  nextDay: () => (time = Date.parse("2026-11-23T18:05:01Z")),
  withLargeFile: false,
  tarFileBytes: 1000,
  withRetirement: true,
});
for (const [name, bytes] of store.objects) {
  const path = join(folder, "vault", name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}
const expected = { description: "What the snapshots of the golden vault hold.", snapshots: contents.map(plain) };
await writeFile(join(folder, "expected.json"), `${JSON.stringify(expected, null, 2)}\n`);

function plain({ files, ...rest }: SampleContent): object {
  return { ...rest, files: Object.fromEntries(Object.entries(files).map(([id, bytes]) => [id, toBase64(bytes)])) };
}
