import { BackupError } from "../../foundation/errors.ts";
import { stringAt } from "../../foundation/json.ts";
import { areaIds } from "./service-areas.ts";
import type { ApiAnswer, Area } from "../azure-devops.ts";
import { listOf } from "../reading/paging.ts";

export type ServiceUrls = Readonly<Partial<Record<Area, string>>>;

/**
 * Base URLs of the areas: what the caller fixed, else what `_apis/resourceAreas` of the organisation says, else the
 * organisation's own address. A server of one's own answers with an empty list: everything lives at one address there.
 */
export function createServiceHosts(
  organizationUrl: string,
  serviceUrls: ServiceUrls,
  readResourceAreas: () => Promise<ApiAnswer>,
): (area: Area) => Promise<string> {
  let reading: Promise<ReadonlyMap<string, string>> | undefined;

  function locations(): Promise<ReadonlyMap<string, string>> {
    reading ??= readResourceAreas().then(
      (answer) => locationsIn(answer, organizationUrl),
      (error: unknown) => {
        reading = undefined;
        throw error;
      },
    );
    return reading;
  }

  return async (area) => {
    const fixed = serviceUrls[area];
    if (fixed !== undefined) return withoutSlash(fixed);
    const id = areaIds[area];
    return (id === undefined ? undefined : (await locations()).get(id)) ?? organizationUrl;
  };
}

function locationsIn(answer: ApiAnswer, organizationUrl: string): ReadonlyMap<string, string> {
  const known = new Set(Object.values(areaIds));
  const locations = new Map<string, string>();
  for (const entry of listOf(answer, "GET resourceAreas")) {
    const id = stringAt(entry, "id")?.toLowerCase();
    const address = stringAt(entry, "locationUrl");
    if (id === undefined || address === undefined || !known.has(id)) continue;
    locations.set(id, trusted(address, organizationUrl));
  }
  return locations;
}

/** Credentials go to these addresses, so only https, or the very host the user gave, is good enough. */
function trusted(address: string, organizationUrl: string): string {
  const own = new URL(organizationUrl);
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && url.hostname === own.hostname);
  if (isSafe) return withoutSlash(address);
  throw new BackupError({
    code: "ADO_REQUEST",
    message: `Azure DevOps names a service address that is not encrypted: '${address}'`,
    hint: "Give the organisation's https address; credentials are not sent to other hosts without encryption.",
  });
}

function withoutSlash(address: string): string {
  return address.replace(/\/+$/, "");
}
