import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { fromBase64 } from "../../engine/foundation/bytes.ts";
import expected from "../format/v1/expected.json" with { type: "json" };
import { memoryStore, type MemoryStore } from "./memory-store.ts";
import type { SampleContent } from "./sample-vault.ts";

const folder = fileURLToPath(new URL("../format/v1/vault/", import.meta.url));

/** The golden vault of format v1 in a store of its own. */
export function goldenStore(): MemoryStore {
  const store = memoryStore();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    store.overwrite(relative(folder, path).split(sep).join("/"), readFileSync(path));
  }
  return store;
}

/** What its snapshots hold. */
export const goldenContents = expected.snapshots.map(({ files, ...rest }): SampleContent => ({
  ...(rest as unknown as Omit<SampleContent, "files">),
  files: Object.fromEntries(
    Object.entries(files as unknown as Readonly<Record<string, string>>).map(([id, text]) => [id, fromBase64(text)!]),
  ),
}));
