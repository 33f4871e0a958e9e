/** Instants as UTC texts with exactly seven fractional digits, so that text order is time order. */

/** What the service shows for "until now". */
export const FOR_EVER = "9999-01-01T00:00:00.0000000Z";

const INSTANT = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?)?$/i;

/** Any ISO 8601 instant (no zone: UTC) in our form; undefined when it is none. */
export function instantOf(text: string): string | undefined {
  const [, day, time = "00:00:00", fraction = "", zone = "Z"] = INSTANT.exec(text.trim()) ?? [];
  if (day === undefined) return undefined;
  const seconds = new Date(`${day}T${time.length === 5 ? `${time}:00` : time}${zone.toUpperCase()}`);
  if (Number.isNaN(seconds.getTime())) return undefined;
  return `${seconds.toISOString().slice(0, 19)}.${fraction.slice(0, 7).padEnd(7, "0")}Z`;
}

/** As the service writes it: without trailing zeros. */
export function shownInstant(instant: string): string {
  if (!instant.endsWith("0Z")) return instant;
  let end = instant.length - 1;
  while (instant[end - 1] === "0") end--;
  if (instant[end - 1] === ".") end--;
  return `${instant.slice(0, end)}Z`;
}

export function instantAt(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 23)}0000Z`;
}
