/** Where the service's parts are, and which project the page belongs to. */
import type { HostFacts } from "./facts.ts";
import { logged } from "./log.ts";
import { askService } from "./service.ts";

/** Addresses end in a slash: clients put paths behind them. */
export function locationService(facts: HostFacts): object {
  const own = `${facts.organizationUrl}/`;
  return logged("locations", {
    getServiceLocation: () => own,
    getResourceAreaLocation: async (id: string) => {
      const { locationUrl } = await askService(`${own}_apis/resourceAreas/${encodeURIComponent(id)}`);
      return locationUrl as string;
    },
    routeUrl: (route: string, values: Readonly<Record<string, string>> = {}) =>
      `${own}_routes/${encodeURIComponent(route)}?${new URLSearchParams(values).toString()}`,
  });
}

export function pageDataService({ project }: HostFacts): object {
  return logged("pageData", { getProject: () => ({ id: project.id, name: project.name }) });
}
