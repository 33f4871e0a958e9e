/** Level `content`: every distinct state of the sample is opened by its kind. */
import { describeError, hasCode } from "../../foundation/errors.ts";
import { kindOfStream } from "../../kinds/registry.ts";
import type { SnapshotReader, StoredFile, StreamReader } from "../../vault/streams/stream-reader.ts";
import type { LoggedSnapshot } from "../../vault/snapshots/snapshots.ts";
import { openSnapshot } from "../../vault/snapshots/snapshot-reader.ts";
import type { Finding } from "../../kinds/kind.ts";
import { tallyOf, type Checking } from "./checking.ts";

export async function verifyContent(
  checking: Checking & { readonly snapshots: readonly LoggedSnapshot[] },
): Promise<void> {
  const { access, gathered, sample, tallies, tools, request } = checking;
  const states = [...gathered.states.values()].filter(({ line }) => sample.holds(line.state?.o ?? line.s));
  let done = 0;
  for (const { line, snapshot } of states) {
    tools.signal.throwIfAborted();
    const reader = openSnapshot({ access, entry: snapshot.entry, takenAt: snapshot.entry.srv });
    const stream = await reader.stream(line.s);
    const { findings } = tallyOf(tallies, line.s);
    if (stream !== undefined)
      for await (const finding of contentFindings(stream, reader, checking)) findings.push(finding);
    done += 1;
    tools.reporter.progress({ activity: "Content", done, total: states.length });
  }
  if (states.length === 0 && request.sample === "100%") tools.reporter.info("The snapshot holds no content to open");
}

async function* contentFindings(
  stream: StreamReader,
  snapshot: SnapshotReader,
  { request, tools: { git, temporaryFolder, signal } }: Checking,
): AsyncGenerator<Finding> {
  const name = stream.line.s;
  try {
    if (name.endsWith("/files")) for await (const file of stream.files()) await drain(file);
    else {
      const kind = kindOfStream(name, request.kinds);
      if (kind === undefined)
        yield {
          stream: name,
          code: "KIND_UNKNOWN",
          message: `${name} is of a kind that this version does not know; its content was not opened`,
          severity: "warning",
        };
      else yield* kind.verify(stream, { git, temporaryFolder, signal, snapshot });
    }
  } catch (error) {
    if (!hasCode(error, "OBJECT_DAMAGED", "OBJECT_MISSING", "SEALED_DAMAGED", "STATE_INVALID")) throw error;
    yield { stream: name, code: error.code, message: describeError(error), severity: "damage" };
  }
}

/** Reading to the end checks length and hash. */
async function drain(file: StoredFile): Promise<void> {
  const chunks = file.chunks[Symbol.asyncIterator]();
  while ((await chunks.next()).done !== true);
}
