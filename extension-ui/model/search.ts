/**
 * Search over names and ids of a snapshot. Case and accents do not matter. Best first:
 * the id itself, the name itself, a name or id that begins so, a word that begins so, a part of it, all words of the
 * query somewhere in it.
 */

export interface Searchable {
  readonly id: string;
  readonly name?: string | undefined;
}

export interface SearchIndex<Entry extends Searchable> {
  /** May go on while searches run; they see what is there when they start. */
  add(entries: Iterable<Entry>): void;
  readonly size: number;
  /**
   * Yields the best hits so far while it looks through the entries, the last time all of them. Ends without another
   * word when `signal` is aborted. An empty query finds nothing.
   */
  search(query: string, options: SearchOptions): AsyncGenerator<SearchResult<Entry>>;
}

export interface SearchOptions {
  readonly limit: number;
  readonly signal: AbortSignal;
  /** Lets the page draw and listen in between. */
  readonly pause: () => Promise<void>;
}

export interface SearchResult<Entry> {
  /** Best first, at most `limit`. */
  readonly hits: readonly Entry[];
  /** Entries that match, shown or not. */
  readonly found: number;
  readonly searched: number;
  readonly of: number;
}

interface Indexed<Entry> {
  readonly entry: Entry;
  readonly id: string;
  readonly name: string;
}

interface Hit<Entry> {
  readonly entry: Entry;
  readonly rank: number;
  /** Shorter names say more about the query. */
  readonly length: number;
  readonly place: number;
}

const entriesAtATime = 20_000;
const maxQuery = 400;

/** The text as it is compared: no accents, no case. */
export function folded(text: string): string {
  return isPlain(text)
    ? text.toLowerCase()
    : text
        .normalize("NFKD")
        .replace(/\p{M}+/gu, "")
        .toLowerCase();
}

export function searchIndex<Entry extends Searchable>(): SearchIndex<Entry> {
  const indexed: Indexed<Entry>[] = [];
  return {
    add(entries) {
      for (const entry of entries) indexed.push({ entry, id: folded(entry.id), name: folded(entry.name ?? "") });
    },
    get size() {
      return indexed.length;
    },
    async *search(query, { limit, signal, pause }) {
      const wanted = folded(query.trim().slice(0, maxQuery));
      const of = indexed.length;
      if (wanted === "") return;
      const rank = rankingOf(wanted);
      let best: readonly Hit<Entry>[] = [];
      let found = 0;
      for (let start = 0; start < Math.max(of, 1); start += entriesAtATime) {
        if (start > 0) await pause();
        if (signal.aborted) return;
        const end = Math.min(start + entriesAtATime, of);
        const hits = hitsIn(indexed, { start, end, rank });
        found += hits.length;
        best = [...best, ...hits].sort(compareHits).slice(0, limit);
        yield { hits: best.map(({ entry }) => entry), found, searched: end, of };
      }
    },
  };
}

type Ranking = (indexed: Pick<Indexed<unknown>, "id" | "name">) => number | undefined;

function hitsIn<Entry>(
  indexed: readonly Indexed<Entry>[],
  { start, end, rank }: { readonly start: number; readonly end: number; readonly rank: Ranking },
): Hit<Entry>[] {
  const hits: Hit<Entry>[] = [];
  for (let place = start; place < end; place += 1) {
    const one = indexed[place];
    const ranked = one === undefined ? undefined : rank(one);
    if (one !== undefined && ranked !== undefined)
      hits.push({ entry: one.entry, rank: ranked, length: one.name.length, place });
  }
  return hits;
}

/** Smaller is better; undefined for what does not match. */
function rankingOf(wanted: string): Ranking {
  const words = wanted.split(/\s+/);
  return ({ id, name }) => {
    if (id === wanted) return 0;
    if (name === wanted) return 1;
    const [inName, inId] = [name.indexOf(wanted), id.indexOf(wanted)];
    if (inName === 0 || inId === 0) return 2;
    if (inName > 0 || inId > 0) return beginsWord(name, wanted, inName) || beginsWord(id, wanted, inId) ? 3 : 4;
    if (words.length === 1) return undefined;
    return words.every((word) => name.includes(word) || id.includes(word)) ? 5 : undefined;
  };
}

function beginsWord(text: string, wanted: string, first: number): boolean {
  for (let at = first; at > 0; at = text.indexOf(wanted, at + 1)) if (!isWordCharacter(text, at - 1)) return true;
  return false;
}

function isWordCharacter(text: string, at: number): boolean {
  return /[\p{L}\p{N}]/u.test(text.charAt(at));
}

function compareHits(left: Hit<unknown>, right: Hit<unknown>): number {
  return left.rank - right.rank || left.length - right.length || left.place - right.place;
}

function isPlain(text: string): boolean {
  return !/[^\x20-\x7e]/.test(text);
}
