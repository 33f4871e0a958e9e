/** An archive as a plain folder, for the command line. */
import { createWriteStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Writes below `folder`; paths come clean and unique (operations/restore/archive-items.ts). Existing files are an error. */
export function folderArchive(folder: string): {
  write(path: string, content: AsyncIterable<Uint8Array> | string): Promise<void>;
} {
  return {
    async write(path, content) {
      const file = join(folder, ...path.split("/"));
      await mkdir(dirname(file), { recursive: true });
      if (typeof content === "string") await writeFile(file, content, { flag: "wx" });
      else await pipeline(Readable.from(content), createWriteStream(file, { flags: "wx" }));
    },
  };
}
