/**
 * Folders that tests begin with, made once for a whole run of the tests and copied from then on: a copy costs a
 * millisecond, git some ten processes. Where no run keeps any (`samples-setup.ts`), each is made anew.
 */
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Name of the environment variable with the folder of this run. */
export const samplesVariable = "TEST_SAMPLES";

/** The folder kept under this name, never to be written into; undefined while there is none. */
export function keptSample(name: string): string | undefined {
  const place = placeOf(name);
  return place !== undefined && existsSync(place) ? place : undefined;
}

/** Keeps copies of these folders, by the names they get in the sample; of two that come at once, the first. */
export function keepSample(name: string, folders: Readonly<Record<string, string>>): void {
  const place = placeOf(name);
  if (place === undefined || existsSync(place)) return;
  const unfinished = `${place}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  for (const [part, folder] of Object.entries(folders)) cpSync(folder, join(unfinished, part), { recursive: true });
  try {
    renameSync(unfinished, place);
  } catch {
    rmSync(unfinished, { recursive: true, force: true }); // another worker was faster
  }
}

function placeOf(name: string): string | undefined {
  const folder = process.env[samplesVariable];
  return folder === undefined ? undefined : join(folder, encodeURIComponent(name));
}
