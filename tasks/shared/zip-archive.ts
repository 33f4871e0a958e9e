/** A zip file on disk, written entry by entry; the only user of archiver. */
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { once } from "node:events";
import { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { ZipArchive } from "archiver";
import type { ArchiveFile } from "../../engine/operations/restore/archive-items.ts";

export interface ZipFile extends ArchiveFile {
  close(): Promise<void>;
  /** Removes the unfinished file. */
  abandon(): Promise<void>;
}

export function zipArchive(path: string): ZipFile {
  const output = createWriteStream(path, { mode: 0o600 });
  const zip = new ZipArchive({ zlib: { level: 6 } });
  zip.pipe(output);
  let failure: Error | undefined;
  zip.on("error", (error: Error) => {
    failure = error;
  });
  return {
    async write(name, content) {
      if (failure !== undefined) throw failure;
      const source = typeof content === "string" ? Readable.from([Buffer.from(content)]) : Readable.from(content);
      const written = once(zip, "entry");
      zip.append(source, { name });
      // An entry is only over when the archive has taken all of it: until then the next one must wait.
      await Promise.all([written, finished(source, { writable: false })]);
    },
    async close() {
      const closed = once(output, "close");
      await zip.finalize();
      await closed;
    },
    async abandon() {
      zip.abort();
      output.destroy();
      await rm(path, { force: true });
    },
  };
}
