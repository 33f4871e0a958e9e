/** Many documents use little memory: of each only its hash stays while the others are read. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { expect, it } from "vitest";
import { startChild } from "../bench/child.ts";
import { variableGroupDocuments } from "../simulator/pipelines/variable-group-store.ts";
import type { DocumentBackup } from "../support/document-backup-process.ts";
import { simulator } from "../support/simulator.ts";

const count = 10_000;
const mostBytes = 250 * 1024 * 1024;

it("10,000 variable groups are backed up, and compared the next night, within 250 MB resident", async () => {
  await using azure = await simulator({ trafficFile: null });
  const { id, name } = azure.state.addProject("Shop");
  const documents = azure.state.part(variableGroupDocuments);
  for (let number = 0; number < count; number += 1)
    documents.add(
      { id },
      { body: { name: `Settings ${number}`, description: "", type: "Vsts", variables: many(number) } },
    );
  const folder = await mkdtemp(join(tmpdir(), "documents-memory-"));
  const child = await startChild<DocumentBackup>(await bundled(folder), "backup");

  const { organizationUrl, token } = azure;
  const nights = await child.call.backUp({ organizationUrl, token, project: { id, name } });
  const peakBytes = await child.call.peakBytes(undefined);
  await child.stop();
  await rm(folder, { recursive: true });

  expect(nights).toEqual([
    { status: "complete", items: count, added: count },
    { status: "complete", items: count, added: 0 },
  ]);
  expect(peakBytes).toBeLessThan(mostBytes);
});

/** Some 2 kB of settings, each group with its own. */
function many(number: number): Record<string, { readonly value: string }> {
  const names = Array.from({ length: 20 }, (_, index) => `service.${index}.address`);
  return Object.fromEntries(names.map((name, index) => [name, { value: `https://shop-${number}.example/${index}` }]));
}

/** One file, as tasks are: older Node does not read TypeScript. */
async function bundled(folder: string): Promise<string> {
  const outfile = join(folder, "backup.mjs");
  const entry = join(import.meta.dirname, "..", "support", "document-backup-process.ts");
  const banner = { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' };
  await build({
    entryPoints: [entry],
    outfile,
    banner,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
  });
  return outfile;
}
