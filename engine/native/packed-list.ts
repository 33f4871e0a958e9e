import { deflateRawSync, inflateRawSync } from "node:zlib";
import { arrayAt, isObject, numberAt, type JsonObject, type JsonValue } from "../foundation/json.ts";

/** Text of a chunk before it is packed: what lies in memory as objects while the list is read. */
const chunkChars = 128 * 1024;
const maxChunkBytes = 256 * 1024 * 1024;

/**
 * A list of JSON values that grows at its end and takes some tens of bytes for each in memory instead of a kilobyte:
 * steps of a restore look very much alike, and a large project has hundreds of thousands. Values are read one after
 * the other, as often as one likes, and are new objects each time.
 */
export class PackedList<Item> implements Iterable<Item> {
  readonly #packed: Buffer[] = [];
  #open: string[] = [];
  #openChars = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Members that are undefined are left out, as in JSON. */
  push(item: Item): void {
    const line = JSON.stringify(item);
    this.#open.push(line);
    this.#openChars += line.length;
    this.#length += 1;
    if (this.#openChars >= chunkChars) this.#pack();
  }

  /** All of another list; costs nothing for what is packed. */
  append(other: PackedList<Item>): void {
    this.#pack();
    this.#packed.push(...other.#packed);
    this.#length += other.#length;
    this.#open = [...other.#open];
    this.#openChars = other.#openChars;
  }

  *[Symbol.iterator](): Generator<Item> {
    for (const chunk of this.#packed) yield* itemsOf<Item>(linesOf(chunk));
    yield* itemsOf<Item>(this.#open);
  }

  /** For storing it; `unpackedList` reads it. */
  toJson(): JsonObject {
    this.#pack();
    return { count: this.#length, deflated: this.#packed.map((chunk) => chunk.toString("base64")) };
  }

  #pack(): void {
    if (this.#open.length === 0) return;
    this.#packed.push(deflateRawSync(this.#open.join("\n"), { level: 3 }));
    this.#open = [];
    this.#openChars = 0;
  }
}

/** The list that `toJson` has stored, every item looked at by `isItem`; undefined when it is not one. */
export function unpackedList<Item>(
  stored: JsonValue | undefined,
  isItem: (value: unknown) => value is Item,
): PackedList<Item> | undefined {
  const chunks = isObject(stored) ? arrayAt(stored, "deflated") : undefined;
  if (!isObject(stored) || chunks === undefined) return undefined;
  const list = new PackedList<Item>();
  try {
    for (const item of storedItems(chunks)) {
      if (!isItem(item)) return undefined;
      list.push(item);
    }
  } catch {
    return undefined; // no deflated lines of JSON
  }
  return list.length === numberAt(stored, "count") ? list : undefined;
}

function* storedItems(chunks: readonly JsonValue[]): Generator {
  for (const chunk of chunks)
    yield* itemsOf<unknown>(linesOf(Buffer.from(typeof chunk === "string" ? chunk : "", "base64")));
}

function linesOf(chunk: Buffer): readonly string[] {
  return inflateRawSync(chunk, { maxOutputLength: maxChunkBytes }).toString("utf8").split("\n");
}

function* itemsOf<Item>(lines: readonly string[]): Generator<Item> {
  for (const line of lines) yield JSON.parse(line) as Item; // written by push
}
