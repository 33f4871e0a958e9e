/** Which page the hub shows, as its address says it: a reload or a shared link comes back to the same place. */

export type Tab = "snapshots" | "restores" | "health" | "setup";
export type SnapshotView = "changes" | "items" | "streams" | "compare";

export interface Route {
  readonly tab: Tab;
  /** Run id of the snapshot that is open. */
  readonly snapshot: string | undefined;
  readonly view: SnapshotView;
  /** Run id of the snapshot it is compared with. */
  readonly against: string | undefined;
  /** Stream and item whose history is shown. */
  readonly stream: string | undefined;
  readonly item: string | undefined;
  /** Run of a restore that is followed. */
  readonly run: number | undefined;
}

export const home: Route = {
  tab: "snapshots",
  snapshot: undefined,
  view: "changes",
  against: undefined,
  stream: undefined,
  item: undefined,
  run: undefined,
};

export const tabs: readonly Tab[] = ["snapshots", "restores", "health", "setup"];
export const views: readonly SnapshotView[] = ["changes", "items", "streams", "compare"];

/** The page an address asks for; what it does not know, or says wrongly, is passed over. */
export function parseRoute(query: Readonly<Record<string, string>>): Route {
  const run = Number(query.run);
  return {
    tab: tabs.find((tab) => tab === query.tab) ?? home.tab,
    snapshot: filled(query.snapshot),
    view: views.find((view) => view === query.view) ?? home.view,
    against: filled(query.against),
    stream: filled(query.stream),
    item: filled(query.item),
    run: Number.isSafeInteger(run) && run > 0 ? run : undefined,
  };
}

/** Every parameter the hub knows; the empty ones so that they go from the address. */
export function formatRoute(route: Route): Readonly<Record<string, string>> {
  return {
    tab: route.tab === home.tab ? "" : route.tab,
    snapshot: route.snapshot ?? "",
    view: route.snapshot === undefined || route.view === home.view ? "" : route.view,
    against: route.against ?? "",
    stream: route.stream ?? "",
    item: route.item ?? "",
    run: route.run === undefined ? "" : String(route.run),
  };
}

function filled(text: string | undefined): string | undefined {
  return text === undefined || text === "" ? undefined : text;
}
