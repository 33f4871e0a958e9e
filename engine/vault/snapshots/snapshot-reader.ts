/** Opens a snapshot that a valid log entry names. */
import { collect } from "../../foundation/concurrency.ts";
import { memoized, memoizedRecent } from "../../foundation/memoized.ts";
import { readIndex } from "../objects/index-file.ts";
import type { SnapshotEntry } from "../format/log-entry.ts";
import type { VaultAccess } from "../objects/sealed-objects.ts";
import type { IndexLine } from "../format/state.ts";
import type { SnapshotReader, StreamReader } from "../streams/stream-reader.ts";
import { vaultStreamReader } from "../streams/vault-stream-reader.ts";

export interface SnapshotFacts {
  readonly access: VaultAccess;
  readonly entry: SnapshotEntry;
  /** When the storage service created the entry; ISO 8601. */
  readonly takenAt: string;
}

/** A reader holds its stream's state and some records; whoever asks for a stream mostly asks for it again. */
const keptReaders = 8;

/** Nothing is read before it is asked for; the index is read once, in full, before a line of it is handed on. */
export function openSnapshot({ access, entry, takenAt }: SnapshotFacts): SnapshotReader {
  const index = memoized(async (): Promise<ReadonlyMap<string, IndexLine>> => {
    const lines = await collect(readIndex(access, entry.snapshot.index));
    return new Map(lines.map((line) => [line.s, line]));
  });

  const readers = memoizedRecent<StreamReader | undefined>(keptReaders);

  return {
    seq: entry.seq,
    id: entry.by.run,
    takenAt,
    status: entry.snapshot.status,
    async *streams() {
      yield* (await index()).values();
    },
    stream: (id) =>
      readers(id, async () => {
        const line = (await index()).get(id);
        return line === undefined ? undefined : vaultStreamReader(access, line);
      }),
  };
}
