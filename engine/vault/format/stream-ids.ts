/**
 * Ids of streams (docs/format.md 3.3): `<kind>` or `<kind>/<guid>`, and the same with `/files` behind it for the files that
 * accompany a stream.
 */
const files = "/files";

/** Name of the kind that a stream, or its files, belongs to. */
export function kindOf(stream: string): string {
  return stream.split("/", 1)[0] ?? stream;
}

/** Id of the stream with the files of a stream. */
export function filesOf(stream: string): string {
  return `${stream}${files}`;
}

export function isFiles(stream: string): boolean {
  return stream.endsWith(files);
}

/** The stream itself, or the one that files accompany: one refers to the other, so both always come from the same run. */
export function streamOf(id: string): string {
  return isFiles(id) ? id.slice(0, -files.length) : id;
}
