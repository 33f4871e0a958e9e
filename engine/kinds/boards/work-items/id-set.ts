/** Ids per page of bits; a power of two. */
const pageSize = 1 << 15;

/** Ids of work items, whole and not negative, in a bit each: all ids of an organisation cost next to nothing. */
export interface Ids extends Iterable<number> {
  readonly size: number;
  has(id: number): boolean;
}

export class IdSet implements Ids {
  #size = 0;
  readonly #pages = new Map<number, Uint32Array>();

  constructor(ids: Iterable<number> = []) {
    for (const id of ids) this.add(id);
  }

  get size(): number {
    return this.#size;
  }

  has(id: number): boolean {
    const word = this.#pages.get(Math.floor(id / pageSize))?.[(id % pageSize) >>> 5] ?? 0;
    return (word & (1 << (id & 31))) !== 0;
  }

  add(id: number): void {
    if (this.has(id)) return;
    this.#flip(id);
    this.#size += 1;
  }

  delete(id: number): void {
    if (!this.has(id)) return;
    this.#flip(id);
    this.#size -= 1;
  }

  /** Ascending; ids may be deleted meanwhile. */
  *[Symbol.iterator](): Generator<number> {
    for (const number of [...this.#pages.keys()].sort((a, b) => a - b)) {
      const first = number * pageSize;
      for (let id = first; id < first + pageSize; id += 1) if (this.has(id)) yield id;
    }
  }

  #flip(id: number): void {
    const number = Math.floor(id / pageSize);
    const page = this.#pages.get(number) ?? new Uint32Array(pageSize / 32);
    this.#pages.set(number, page);
    const word = (id % pageSize) >>> 5;
    page[word] = (page[word] ?? 0) ^ (1 << (id & 31));
  }
}
