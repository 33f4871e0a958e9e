/** The tables behind `OPTIONS _apis/{area}` and `_apis/resourceAreas`; their sources stand in data/README.md. */
import type { JsonObject } from "../../../engine/foundation/json.ts";
import { newestVersion } from "./api-version.ts";
import locationRows from "../data/locations.json" with { type: "json" };
import resourceAreaRows from "../data/resource-areas.json" with { type: "json" };

export interface ResourceArea {
  readonly id: string;
  readonly name: string;
  /** Host prefix. */
  readonly host: string;
}

function columnsOf(row: string): string[] {
  return row.split(" ").map((column) => (column === "-" ? "" : column));
}

const locations = locationRows.map(columnsOf);

export function resourceAreas(): readonly ResourceArea[] {
  return resourceAreaRows.map(columnsOf).map(([id = "", name = "", host = ""]) => ({ id, name, host }));
}

/** What OPTIONS answers for an area (letter case aside); every location for an empty name. */
export function locationsOf(area: string, retired: readonly string[]): readonly JsonObject[] {
  const wanted = area.toLowerCase();
  const rows = locations.filter((row) => wanted === "" || row[1]?.toLowerCase() === wanted);
  return rows.map((row) => locationOf(row, retired));
}

function locationOf(row: readonly string[], retired: readonly string[]): JsonObject {
  const [id = "", area = "", resourceName = "", routeTemplate = "", resource = "1", min = "1.0", max = "7.2"] = row;
  const released = row[7] ?? "0.0";
  const isRetired = retired.includes(released);
  return {
    id,
    area,
    resourceName,
    routeTemplate,
    resourceVersion: Number(resource),
    minVersion: isRetired ? newestVersion : min,
    maxVersion: max,
    releasedVersion: isRetired ? newestVersion : released,
  };
}
