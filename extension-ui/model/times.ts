/** Instants as people read them: in their own zone and manner. What is no instant stays as it is. */

/** `22 Nov 2026, 20:12`. */
export function localTime(instant: string): string {
  const date = new Date(instant);
  if (Number.isNaN(date.getTime())) return instant;
  return new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }).format(date);
}

/** Only the day, `30 Dec 2026`. */
export function localDay(instant: string): string {
  const date = new Date(instant);
  if (Number.isNaN(date.getTime())) return instant;
  return new Intl.DateTimeFormat(undefined, { dateStyle: "medium" }).format(date);
}

/** The person's zone, `GMT+1`; at an instant, since summers differ. */
export function zoneName(instant: string): string {
  const date = new Date(instant);
  const format = new Intl.DateTimeFormat(undefined, { timeZoneName: "short" });
  const parts = format.formatToParts(Number.isNaN(date.getTime()) ? undefined : date);
  return parts.find(({ type }) => type === "timeZoneName")?.value ?? "local time";
}

/** Sentences that other parts have made, with the instants in them as people read them. */
export function withLocalTimes(text: string): string {
  return text.replace(/\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z/g, localTime);
}

/** A snapshot's id with the zone of the time in it, which is not the person's. */
export function idWithZone(id: string): string {
  return /^\d{8}T\d{6}Z-/.test(id) ? `${id} (time in UTC)` : id;
}
