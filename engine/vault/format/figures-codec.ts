/**
 * Figures of index lines and states as JSON. They are signed like everything else, but say nothing about what is
 * stored: those of another form are as if they were not there, and the snapshot stays readable.
 */
import { isObject, type JsonObject, type JsonValue } from "../../foundation/json.ts";
import type { ChainFigures, Crossing, GitDelta, GitTrend } from "./figures.ts";

const deltaCounts = [
  "branches",
  "tags",
  "refsAdded",
  "refsMoved",
  "refsDeleted",
  "tagsDeleted",
  "rewritten",
] as const satisfies readonly (keyof GitDelta)[];

const optionalCounts = [
  "files",
  "added",
  "edited",
  "deleted",
  "lost",
  "whole",
  "dense",
  "halfDense",
] as const satisfies readonly (keyof GitDelta)[];

const chainNumbers = [
  "baseKiB",
  "deltaKiB",
  "depth",
  "changedNights",
  "meanKiB",
] as const satisfies readonly (keyof ChainFigures)[];

const trendNumbers = [
  "dense",
  "halfDense",
  "any",
  "lost",
  "losing",
  "scrambling",
] as const satisfies readonly (keyof GitTrend)[];

const maxCrossings = 100;
const maxNights = 61;
/** In the year 2243. */
const lastNight = 100_000;

/** Undefined for anything else. */
export function gitDeltaOf(value: JsonValue | undefined): GitDelta | undefined {
  if (value === undefined || !isObject(value) || !isNight(value.at)) return undefined;
  if (!deltaCounts.every((name) => isCount(value[name]))) return undefined;
  if (!optionalCounts.every((name) => isOptionalCount(value[name]))) return undefined;
  if (typeof value.defaultRewritten !== "boolean") return undefined;
  if (value.crossed !== undefined && !areCrossings(value.crossed)) return undefined;
  return value as unknown as GitDelta;
}

/** Undefined for anything else. */
export function chainFiguresOf(value: JsonValue | undefined): ChainFigures | undefined {
  if (value === undefined || !isObject(value) || !chainNumbers.every((name) => isNumber(value[name]))) return undefined;
  if (!isNight(value.baseAt) || !isNight(value.changedAt)) return undefined;
  return value as unknown as ChainFigures;
}

/** Undefined for anything else. */
export function gitTrendOf(value: JsonValue | undefined): GitTrend | undefined {
  if (value === undefined || !isObject(value) || !trendNumbers.every((name) => isNumber(value[name]))) return undefined;
  const { files, at, losingAt, scramblingAt, from, last, nights, thin } = value;
  if (![at, losingAt, scramblingAt].every(isNight) || !isOptionalCount(files)) return undefined;
  if (!isOptionalFlag(thin) || !areNights(from) || !areNights(last)) return undefined;
  if (!Array.isArray(nights) || nights.length > maxNights || !nights.every(isNight)) return undefined;
  return value as unknown as GitTrend;
}

function areNights(value: JsonValue | undefined): value is JsonObject {
  return value !== undefined && isObject(value) && Object.values(value).every(isNight);
}

function areCrossings(value: JsonValue): boolean {
  return Array.isArray(value) && value.length <= maxCrossings && value.every(isCrossing);
}

function isCrossing(value: unknown): value is Crossing {
  if (!Array.isArray(value) || value.length < 4) return false;
  const [signal, level, since, n] = value as readonly unknown[];
  return typeof signal === "string" && isCount(level) && isNight(since) && isCount(n);
}

function isNight(value: unknown): value is number {
  return isNumber(value) && value >= 0 && value <= lastNight;
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isCount(value: unknown): value is number {
  return isNumber(value) && Number.isSafeInteger(value) && value >= 0;
}

function isOptionalCount(value: unknown): boolean {
  return value === undefined || isCount(value);
}

function isOptionalFlag(value: unknown): boolean {
  return value === undefined || typeof value === "boolean";
}
