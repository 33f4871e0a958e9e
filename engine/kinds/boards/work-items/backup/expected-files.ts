/** Files that work items show and that are not stored: those of the last run, and what becomes of them in this one. */
import type { FilesState } from "../../../../vault/format/state.ts";

export class ExpectedFiles {
  /** By file: the items that show it; empty where an older version has not noted them. */
  readonly #items = new Map<string, Set<number>>();
  readonly #filesOf = new Map<number, Set<string>>();
  readonly #before: ReadonlySet<string>;
  #dropped = 0;

  constructor(before: FilesState | undefined) {
    this.#before = new Set(before?.missing);
    for (const id of this.#before) {
      this.#items.set(id, new Set());
      for (const item of before?.shownBy?.[id] ?? []) this.add(id, item);
    }
  }

  has(id: string): boolean {
    return this.#items.has(id);
  }

  /** An earlier run has expected it, too. */
  wasBefore(id: string): boolean {
    return this.#before.has(id);
  }

  ids(): readonly string[] {
    return [...this.#items.keys()];
  }

  /** One of the items that show it. */
  itemOf(id: string): number | undefined {
    return this.#items.get(id)?.values().next().value;
  }

  get hasChanged(): boolean {
    return this.#dropped > 0 || this.#items.size !== this.#before.size;
  }

  add(id: string, item: number | undefined): void {
    const items = this.#items.get(id) ?? new Set();
    this.#items.set(id, items);
    if (item === undefined) return;
    items.add(item);
    this.#filesOf.set(item, (this.#filesOf.get(item) ?? new Set()).add(id));
  }

  /** Of one that is expected. */
  alsoShownBy(id: string, item: number | undefined): void {
    if (this.#items.has(id)) this.add(id, item);
  }

  stored(id: string): void {
    this.#items.delete(id);
  }

  /** The item shows these and no others: what nothing shows any more is expected no more. */
  onlyThese(item: number, shown: ReadonlyMap<string, unknown>): void {
    for (const id of this.#filesOf.get(item) ?? []) {
      if (shown.has(id)) continue;
      const items = this.#items.get(id);
      if (items?.delete(item) !== true || items.size > 0) continue;
      this.#items.delete(id);
      this.#dropped += 1;
    }
  }

  /** As the state of the files keeps them. */
  members(): Pick<FilesState, "missing" | "shownBy"> {
    const missing = this.ids().toSorted();
    const shown = missing.flatMap((id) => {
      const items = [...(this.#items.get(id) ?? [])].sort((a, b) => a - b);
      return items.length === 0 ? [] : [[id, items] as const];
    });
    return { missing, ...(shown.length === 0 ? {} : { shownBy: Object.fromEntries(shown) }) };
  }
}
