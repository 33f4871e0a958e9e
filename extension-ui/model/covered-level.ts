/** Levels of verification that a deeper one has passed as well: it reads all that they read, and more. */
import type { LevelFigure } from "../../engine/insight/health.ts";

const covers: Readonly<Record<LevelFigure["level"], readonly LevelFigure["level"][]>> = {
  catalogue: ["stored", "content"],
  stored: ["content"],
  content: [],
  drill: [],
};

/**
 * The newest deeper verification that found everything sound, when this level was not verified by itself since. Of a
 * sample nothing follows for the rest.
 */
export function coveringLevel(levels: readonly LevelFigure[], { level, newest }: LevelFigure): LevelFigure | undefined {
  const since = Date.parse(newest?.at ?? "");
  return levels
    .filter((one) => covers[level].includes(one.level) && isWhole(one))
    .filter((one) => Number.isNaN(since) || Date.parse(one.newest?.at ?? "") > since)
    .toSorted((a, b) => Date.parse(b.newest?.at ?? "") - Date.parse(a.newest?.at ?? ""))[0];
}

function isWhole({ newest }: LevelFigure): boolean {
  return newest?.sample === "100%" && newest.damaged === 0;
}
