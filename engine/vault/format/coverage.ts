/**
 * How much of a project a snapshot covers, in numbers: what the project holds, what of it is stored, and why the rest
 * is not. Made from the lines of the index, so that "everything is backed up" is a sum and no impression. Pure.
 */
import type { JsonObject } from "../../foundation/json.ts";
import { count } from "./strict-json.ts";
import type { IndexLine } from "./state.ts";
import { isFiles } from "./stream-ids.ts";

/** Code of a stream that the service lists and does not deliver. */
export const disabledCode = "REPOSITORY_DISABLED";

/** Counts of streams, and of kinds where nothing is known of their streams. Deleted streams count nowhere. */
export interface Coverage {
  /** What the project is known to hold: `stored + disabled + hidden + unread + excluded`. */
  readonly inProject: number;
  /** Something is stored of them, now or by an earlier snapshot. */
  readonly stored: number;
  /** Never stored, because the service delivers nothing of them. */
  readonly disabled: number;
  /** Known from earlier snapshots and not to be seen any more: hidden from the identity, or gone without evidence. */
  readonly hidden: number;
  /** Listed and never stored for another reason: no permission, an error. */
  readonly unread: number;
  /** Left out by the inputs `include` and `exclude`. */
  readonly excluded: number;
  /** Kinds of which not even a list could be had. */
  readonly kindsNotRead: number;
  /** Kinds that may hold more than the identity was shown. */
  readonly kindsUnsure: number;
  /** Files, comments and objects that what is stored names, and that the service did not deliver; absent for none. */
  readonly lacking?: number;
}

/** What the lines of an index do not tell. */
export type KindCoverage = Pick<Coverage, "kindsNotRead" | "kindsUnsure">;

type Figure = "stored" | "disabled" | "hidden" | "unread" | "excluded";

/** Of all lines of an index; those of files go with the stream that they accompany, but for what they lack. */
export function coverageOf(lines: Iterable<IndexLine>, kinds: KindCoverage): Coverage {
  const figures: Record<Figure, number> = { stored: 0, disabled: 0, hidden: 0, unread: 0, excluded: 0 };
  let lacking = 0;
  for (const line of lines) {
    if (line.st !== "deleted" && line.st !== "skipped") lacking += line.lacks ?? 0;
    const figure = isFiles(line.s) ? undefined : figureOf(line);
    if (figure !== undefined) figures[figure] += 1;
  }
  const inProject = Object.values(figures).reduce((sum, one) => sum + one, 0);
  return { inProject, ...figures, ...kinds, ...(lacking === 0 ? {} : { lacking }) };
}

function figureOf({ st, state, err }: IndexLine): Figure | undefined {
  if (st === "deleted") return undefined;
  if (st === "skipped") return "excluded";
  if (st === "missing") return "hidden";
  if (state !== undefined) return "stored";
  return err === disabledCode ? "disabled" : "unread";
}

/** Everything that the project holds is stored, or was left out on purpose, and nothing can hide behind what was seen. */
export function isWhole(coverage: Coverage): boolean {
  const { inProject, stored, excluded, kindsNotRead, kindsUnsure, lacking = 0 } = coverage;
  return inProject === stored + excluded && kindsNotRead === 0 && kindsUnsure === 0 && lacking === 0;
}

/** The stream was never stored: a snapshot that lists it lacks it, whatever else its line says. */
export function isNeverStored({ st, state }: Pick<IndexLine, "st" | "state">): boolean {
  return state === undefined && st !== "deleted" && st !== "skipped";
}

/** Its members that are always there, for readers. */
export const coverageKeys = [
  "inProject",
  "stored",
  "disabled",
  "hidden",
  "unread",
  "excluded",
  "kindsNotRead",
  "kindsUnsure",
] as const satisfies readonly (keyof Coverage)[];

/** From an object that holds it as the log does. Throws Malformed for anything else. */
export function coverageFrom(object: JsonObject): Coverage {
  const always = Object.fromEntries(coverageKeys.map((key) => [key, count(object, key)])) as Record<
    (typeof coverageKeys)[number],
    number
  >;
  return object.lacking === undefined ? always : { ...always, lacking: count(object, "lacking") };
}
