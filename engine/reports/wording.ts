/** Figures, times and names as reports write them. */
import type { Anomaly } from "../vault/log-entry.ts";

/** `840 ms`, `12.4 s`, `3 min 5 s`, `2 h 4 min`. */
export function durationForPeople(durationMs: number): string {
  if (durationMs < 1000) return `${Math.round(durationMs)} ms`;
  if (durationMs < 60_000) return `${(durationMs / 1000).toFixed(1)} s`;
  const minutes = Math.floor(durationMs / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.floor(durationMs / 1000) % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `2026-11-22 20:12:05 UTC`; what is no such instant stays as it is. */
export function timeForPeople(instant: string): string {
  const [, day, time] = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.\d+)?Z$/.exec(instant) ?? [];
  return day === undefined || time === undefined ? instant : `${day} ${time} UTC`;
}

export function figure(count: number): string {
  return count.toLocaleString("en-GB");
}

/** `git-repositories` → `Git repositories`. */
export function kindTitle(kind: string): string {
  const words = kind.replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What a gap or finding is about. A stream's GUID says nothing to people: its message names the thing. */
export function placeText({ stream, item }: { readonly stream: string; readonly item?: string }): string {
  const [kind = stream, ...rest] = stream.split("/");
  const parts = rest.filter((part) => !guid.test(part));
  return [[kindTitle(kind), ...parts].join(", "), ...(item === undefined ? [] : [item])].join(": ");
}

const anomalies: Readonly<Record<string, (n: number) => string>> = {
  "mass-delete": (n) => `${figure(n)} streams or items were deleted since the snapshot before`,
  "mass-change": (n) => `${figure(n)} items were changed since the snapshot before`,
  "mass-disappearance": (n) => `${figure(n)} streams can no longer be seen, without evidence that they were deleted`,
  "branches-rewritten": (n) => `${figure(n)} branches were rewritten: their old tips are no longer part of them`,
  "size-drop": (n) => `the project has become much smaller (${figure(n)})`,
  "clock-skew": (n) => `the agent's clock and the storage service's clock differ by ${figure(n)} minutes`,
};

export function anomalyText({ code, n }: Anomaly): string {
  return anomalies[code]?.(n) ?? `${code}: ${figure(n)}`;
}
