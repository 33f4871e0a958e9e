import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { formatRoute, home, nextRoute, parseRoute } from "../../../extension-ui/pages/hub/route.ts";
import { navigationOver } from "../../../extension-ui/services/navigation.ts";

/** A host whose browser tells of every change of the hash a little later, as browsers do. */
function aHost(query: Readonly<Record<string, string>> = {}): {
  readonly host: Parameters<typeof navigationOver>[0];
  readonly entries: string[];
  /** What the browser has not told yet is told now. */
  readonly settle: () => void;
  readonly back: () => void;
} {
  const entries = [""];
  const queued: string[] = [];
  let place = 0;
  let listener: (hash: string) => void = () => undefined;
  const host = {
    getQueryParams: async () => query,
    getHash: async () => entries[place] ?? "",
    setHash: (hash: string) => {
      place += 1;
      entries.splice(place, Infinity, hash);
      queued.push(hash);
    },
    replaceHash: (hash: string) => {
      entries[place] = hash;
    },
    onHashChanged: (next: (hash: string) => void) => {
      listener = next;
    },
    setDocumentTitle: () => undefined,
    openNewWindow: () => undefined,
  };
  return {
    host,
    entries,
    settle: () => {
      for (const hash of queued.splice(0)) listener(hash);
    },
    back: () => {
      place -= 1;
      listener(entries[place] ?? "");
    },
  };
}

describe("the hub's address", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it("has an entry in the browser's history for each step, and tells when people go back", async () => {
    const { host, entries, settle, back } = aHost();
    const navigation = navigationOver(host);
    const moved: unknown[] = [];
    navigation.onMoved((query) => moved.push(query));
    await navigation.query();
    navigation.go({ tab: "health" }, "push");
    navigation.go({ tab: "health" }, "push");
    navigation.go({ snapshot: "a b", view: "items" }, "push");
    settle();
    back();

    expect(entries).toEqual(["", "tab=health", "snapshot=a+b&view=items"]);
    expect(moved).toEqual([{ tab: "health" }]);
  });

  it("gives what is typed one entry, written when people pause, and before they go elsewhere", async () => {
    const { host, entries, settle } = aHost();
    const navigation = navigationOver(host);
    const moved: unknown[] = [];
    navigation.onMoved((query) => moved.push(query));
    await navigation.query();
    navigation.go({ search: "c" }, "push");
    navigation.go({ search: "ca" }, "replace");
    navigation.go({ search: "car" }, "replace");
    const whileTyping = [...entries];
    vi.advanceTimersByTime(1000);
    const afterPause = [...entries];
    navigation.go({ search: "cart" }, "replace");
    navigation.go({ item: "1" }, "push");
    settle();
    vi.advanceTimersByTime(1000);

    expect(whileTyping).toEqual(["", "search=c"]);
    expect(afterPause).toEqual(["", "search=car"]);
    expect(entries).toEqual(["", "search=cart", "item=1"]);
    expect(moved).toEqual([]);
  });

  it("takes a link's query for the place, also when people go back to it", async () => {
    const { host, settle, back } = aHost({ tab: "restores" });
    const navigation = navigationOver(host);
    const moved: unknown[] = [];
    navigation.onMoved((query) => moved.push(query));
    const first = await navigation.query();
    navigation.go({ tab: "health" }, "push");
    settle();
    back();
    await vi.advanceTimersByTimeAsync(0);

    expect(first).toEqual({ tab: "restores" });
    expect(moved).toEqual([{ tab: "restores" }]);
  });

  it("takes a step that the person goes on from before the browser has told of it for no move", async () => {
    const { host, settle } = aHost();
    const navigation = navigationOver(host);
    const moved: unknown[] = [];
    navigation.onMoved((query) => moved.push(query));
    await navigation.query();
    for (const tab of ["health", "restores", "setup"]) navigation.go({ tab }, "push");
    settle();

    expect(moved).toEqual([]);
  });
});

describe("a route", () => {
  const full = {
    ...home,
    snapshot: "s1",
    view: "items",
    search: "pay & go",
    stream: "work-items",
    item: "7",
    run: 12,
    states: ["failed", "partial"],
    from: "2026-11-22T00:00:00.000Z",
  } as const;

  it("comes back from its address as it was", () => {
    expect(parseRoute(formatRoute(full))).toEqual(full);
    expect(parseRoute(formatRoute(home))).toEqual(home);
    expect(formatRoute(home)).toEqual({ tab: "snapshots" });
  });

  it("passes over what an address says wrongly", () => {
    expect(parseRoute({ tab: "x", view: "y", run: "-1", states: "failed,nonsense", from: "yesterday" })).toEqual({
      ...home,
      states: ["failed"],
    });
  });

  it("keeps the list's filter everywhere, and the search within one snapshot", () => {
    const { states, from } = full;

    expect(nextRoute(full, {})).toEqual({ ...home, states, from });
    expect(nextRoute(full, { snapshot: "s1", view: "compare" })).toMatchObject({ search: "pay & go", item: undefined });
    expect(nextRoute(full, { snapshot: "s2" })).toMatchObject({ search: undefined, stream: undefined, states });
    expect(nextRoute(full, { ...full, search: undefined }).search).toBeUndefined();
  });
});
