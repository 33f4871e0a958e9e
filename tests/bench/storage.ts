/** Storage of the bench: Azurite on disk, in a process of its own, and what lies in a container. */
import type { Azurite, AzuriteContainer } from "../support/azurite.ts";

/** Bytes by blob name. */
export type Stored = ReadonlyMap<string, number>;

export async function storedIn(azurite: Azurite, container: AzuriteContainer): Promise<Stored> {
  const stored = new Map<string, number>();
  for await (const { name, properties } of azurite.service().getContainerClient(container.name).listBlobsFlat())
    stored.set(name, properties.contentLength ?? 0);
  return stored;
}

export interface Growth {
  /** All new blobs. */
  readonly bytes: number;
  /** New data objects, apart from the index that every snapshot has. */
  readonly dataBytes: number;
  readonly bundleBytes: number;
}

/** Objects are written once, so what is new is what has a new name. */
export async function growthSince(before: Stored, azurite: Azurite, container: AzuriteContainer): Promise<Growth> {
  const added = [...(await storedIn(azurite, container))].filter(([name]) => !before.has(name));
  const index = await newestIndex(azurite, container, added);
  const sum = (takes: (name: string) => boolean): number =>
    added.reduce((bytes, [name, length]) => bytes + (takes(name) ? length : 0), 0);
  return {
    bytes: sum(() => true),
    dataBytes: sum((name) => name.includes("/data/") && !name.endsWith(index)),
    bundleBytes: sum((name) => name.endsWith(".bundle.age")),
  };
}

/** Name of the index in the newest log entry, whose first line is JSON (docs/format.md). */
async function newestIndex(
  azurite: Azurite,
  container: AzuriteContainer,
  added: readonly (readonly [string, number])[],
): Promise<string> {
  const entry = added
    .map(([name]) => name)
    .filter((name) => /\/log\/\d+\.json$/.test(name))
    .sort()
    .at(-1);
  if (entry === undefined) throw new Error("the backup made no snapshot");
  const blob = azurite.service().getContainerClient(container.name).getBlobClient(entry);
  const [line = ""] = (await blob.downloadToBuffer()).toString("utf8").split("\n");
  return (JSON.parse(line) as { readonly snapshot: { readonly index: { readonly o: string } } }).snapshot.index.o;
}
