/** Which page the hub shows, as its address says it: a reload or a shared link comes back to the same place. */
import { rowStates, type RowState } from "../../model/snapshot-rows.ts";

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
  /** What is searched for in the snapshot. */
  readonly search: string | undefined;
  /** Run that is followed. */
  readonly run: number | undefined;
  /** Snapshots that the list shows: in any of these states; all when empty. */
  readonly states: readonly RowState[];
  /** Of these days only; ISO 8601, inclusive. */
  readonly from: string | undefined;
  readonly to: string | undefined;
}

export const home: Route = {
  tab: "snapshots",
  snapshot: undefined,
  view: "changes",
  against: undefined,
  stream: undefined,
  item: undefined,
  search: undefined,
  run: undefined,
  states: [],
  from: undefined,
  to: undefined,
};

export const tabs: readonly Tab[] = ["snapshots", "restores", "health", "setup"];
export const views: readonly SnapshotView[] = ["changes", "items", "streams", "compare"];

/** The page an address asks for; what it does not know, or says wrongly, is passed over. */
export function parseRoute(query: Readonly<Record<string, string>>): Route {
  const run = Number(query.run);
  const states = (query.states ?? "").split(",");
  return {
    tab: tabs.find((tab) => tab === query.tab) ?? home.tab,
    snapshot: filled(query.snapshot),
    view: views.find((view) => view === query.view) ?? home.view,
    against: filled(query.against),
    stream: filled(query.stream),
    item: filled(query.item),
    search: filled(query.search),
    run: Number.isSafeInteger(run) && run > 0 ? run : undefined,
    states: rowStates.filter((state) => states.includes(state)),
    from: instant(query.from),
    to: instant(query.to),
  };
}

/** The parameters that say where the page is; never none, so that the first page has an address of its own. */
export function formatRoute({ tab, view, states, ...texts }: Route): Readonly<Record<string, string>> {
  const isOpen = texts.snapshot !== undefined;
  const all = {
    ...(isOpen && tab === home.tab ? {} : { tab }),
    ...(isOpen && view !== home.view ? { view } : {}),
    ...texts,
    states: states.join(","),
  };
  const told = Object.entries(all).map(([name, value]) => [name, String(value ?? "")] as const);
  return Object.fromEntries(told.filter(([, value]) => value !== ""));
}

/**
 * Where a step leads. What it does not name is as on the first page, but for what people have set up and expect to find
 * again: the filter of the list, and within one snapshot the search, the opened stream and what it is compared with.
 */
export function nextRoute(before: Route, to: Partial<Route>): Route {
  const { states, from, to: until } = before;
  const isSameSnapshot = to.snapshot !== undefined && to.snapshot === before.snapshot;
  const { search, stream, against } = isSameSnapshot ? before : home;
  return { ...home, states, from, to: until, search, stream, against, ...to };
}

function filled(text: string | undefined): string | undefined {
  return text === undefined || text === "" ? undefined : text;
}

function instant(text: string | undefined): string | undefined {
  return text === undefined || Number.isNaN(Date.parse(text)) ? undefined : text;
}
