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
  /** Those that hold content of the project: bundles, records, files, and what names them in the catalogue. */
  readonly contentBytes: number;
  readonly blobs: readonly string[];
}

const contentNames = /\/data\/.*\.(?:bundle|tar|bin|ndjson\.gz)\.age$/;

/** Objects are written once, so what is new is what has a new name. */
export function growthOf(before: Stored, after: Stored): Growth {
  const added = [...after].filter(([name]) => !before.has(name));
  const sum = (entries: readonly (readonly [string, number])[]): number =>
    entries.reduce((bytes, [, length]) => bytes + length, 0);
  return {
    bytes: sum(added),
    contentBytes: sum(added.filter(([name]) => contentNames.test(name))),
    blobs: added.map(([name]) => name),
  };
}
