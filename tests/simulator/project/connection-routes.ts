/**
 * Who and where: connection data and the table of the service's hosts
 * (learn.microsoft.com/azure/devops/extend/develop/work-with-urls).
 */
import type { JsonObject } from "../../../engine/foundation/json.ts";
import { fullIdentity } from "./identity-store.ts";
import { resourceAreas } from "../http/locations.ts";
import type { ResourceArea } from "../http/locations.ts";
import type { Route } from "../service.ts";
import { SimError } from "../service.ts";
import type { SimulatorState } from "../state.ts";

export interface ConnectionOptions {
  /**
   * `hosts` (default): a list with a prefix for each host, as the cloud answers. `none`: null, as a server does; all
   * areas then live on one host.
   */
  readonly resourceAreas?: "hosts" | "none";
}

export function connectionRoutes(state: SimulatorState, options: ConnectionOptions): readonly Route[] {
  const areas = options.resourceAreas === "none" ? [] : resourceAreas();
  return [
    {
      method: "GET",
      template: "_apis/connectionData",
      version: "7.1-preview.1",
      scope: "",
      handle: ({ identity }) => ({ body: connectionData(state, fullIdentity(identity)) }),
    },
    {
      method: "GET",
      template: "_apis/resourceAreas",
      version: "7.1-preview.1",
      scope: "",
      handle: ({ organizationUrl }) => {
        const value = areas.map((area) => areaBody(area, organizationUrl));
        return { body: { count: value.length, value: value.length === 0 ? null : value } };
      },
    },
    {
      method: "GET",
      template: "_apis/resourceAreas/{areaId}",
      version: "7.1-preview.1",
      scope: "",
      handle: ({ organizationUrl, params }) => {
        const id = params.areaId?.toLowerCase();
        const area = areas.find((one) => one.id === id);
        if (area === undefined)
          throw new SimError(404, "ResourceAreaNotFoundException", `No resource area ${id ?? ""}.`);
        return { body: areaBody(area, organizationUrl) };
      },
    },
  ];
}

function areaBody({ id, name, host }: ResourceArea, organizationUrl: string): JsonObject {
  const { origin, pathname } = new URL(organizationUrl);
  return { id, name, locationUrl: `${origin}${host === "" ? "" : `/${host}`}${pathname}/` };
}

function connectionData(state: SimulatorState, user: JsonObject): JsonObject {
  return {
    authenticatedUser: user,
    authorizedUser: user,
    instanceId: state.organization.id,
    deploymentId: state.organization.id,
    deploymentType: "hosted",
    locationServiceData: {
      serviceOwner: "00025394-6065-48ca-87d9-7f5672854ef7",
      defaultAccessMappingMoniker: "PublicAccessMapping",
      lastChangeId: 424239147,
      lastChangeId64: 424239147,
    },
  };
}
