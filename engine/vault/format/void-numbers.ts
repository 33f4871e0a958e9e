/**
 * Numbers of void entries, as a log entry names them (docs/format.md 3.1): each by itself, or a first and a last one.
 * An entry always names all numbers between the valid entry before and itself, so ranges lose nothing.
 */
export type VoidNumbers = readonly (number | readonly [first: number, last: number])[];

/**
 * Up to here each number is named by itself, which the first version of this program understands too; an entry with
 * more of them would become larger than any reader accepts.
 */
const mostByThemselves = 4096;

/** The numbers from `first` to the one before `end`. */
export function voidNumbers(first: number, end: number): VoidNumbers {
  const count = end - first;
  if (count > mostByThemselves) return [[first, end - 1]];
  return Array.from({ length: Math.max(0, count) }, (_, index) => first + index);
}

/** True when these are the numbers from `first` to the one before `end`, each once and in order. */
export function areExactly(numbers: VoidNumbers, first: number, end: number): boolean {
  let next = first;
  for (const range of numbers) {
    const [from, to] = typeof range === "number" ? [range, range] : range;
    if (from !== next || to < from) return false;
    next = to + 1;
  }
  return next === end;
}

export function countOfVoid(numbers: VoidNumbers): number {
  return numbers.reduce<number>((sum, range) => sum + (typeof range === "number" ? 1 : range[1] - range[0] + 1), 0);
}

export function* numbersOf(numbers: VoidNumbers): Generator<number> {
  for (const range of numbers) {
    const [first, last] = typeof range === "number" ? [range, range] : range;
    for (let seq = first; seq <= last; seq += 1) yield seq;
  }
}

/** The first of them; undefined for none. */
export function firstVoid(numbers: VoidNumbers): number | undefined {
  const [range] = numbers;
  return typeof range === "number" ? range : range?.[0];
}

/** Neighbouring numbers with one thing to say of all of them. */
export interface NumberRange {
  readonly seq: number;
  /** Absent for a single one. */
  readonly last?: number;
}

export function lastOf({ seq, last }: NumberRange): number {
  return last ?? seq;
}

export function isWithin(ranges: readonly NumberRange[], seq: number): boolean {
  return ranges.some((range) => seq >= range.seq && seq <= lastOf(range));
}

/** True when the ranges, in ascending order, leave none of the numbers out. */
export function covers(ranges: readonly NumberRange[], first: number, last: number): boolean {
  let next = first;
  for (const range of ranges) {
    if (range.seq <= next && lastOf(range) >= next) next = lastOf(range) + 1;
    if (next > last) return true;
  }
  return next > last;
}

/** From here on neighbours are put together whatever is said of them: somebody may plant a million different ones. */
const mostRanges = 1000;

/** Adds one that comes after all others, to those before it where the same is said of both. */
export function addVoid<Range extends NumberRange & { readonly reason: string }>(ranges: Range[], range: Range): void {
  const before = ranges.at(-1);
  const follows = before !== undefined && lastOf(before) + 1 === range.seq;
  if (!follows || (before.reason !== range.reason && ranges.length < mostRanges)) {
    ranges.push(range);
    return;
  }
  const reason = before.reason === range.reason ? range.reason : "for several reasons";
  ranges[ranges.length - 1] = { ...before, last: lastOf(range), reason };
}

/** The range without one of its numbers; as it is when it does not hold it. */
export function without<Range extends NumberRange>(range: Range, seq: number): readonly Range[] {
  const last = lastOf(range);
  if (seq < range.seq || seq > last) return [range];
  return [
    ...(seq > range.seq ? [{ ...range, last: seq - 1 }] : []),
    ...(seq < last ? [{ ...range, seq: seq + 1, last }] : []),
  ];
}
