import { afterAll, beforeAll, expect, it } from "vitest";
import { witService } from "./wit-service.ts";
import type { Shown, WitService } from "./wit-service.ts";

let service: WitService;
const ids: Record<string, number> = {};

beforeAll(async () => {
  service = await witService({ queryLimit: 8 });
  const { wit, state } = service;
  wit.area("Shop", "Web\\Basket");
  const make = (title: string, type: string, fields: Record<string, string | number>): void => {
    ids[title] = wit.create("Shop", { title, type, fields }).id;
  };
  make("alpha", "Bug", { "System.AreaPath": "Web", "System.Tags": "red; green", "Microsoft.VSTS.Common.Priority": 1 });
  make("beta", "Task", { "System.AreaPath": "Web\\Basket", "System.AssignedTo": state.owner.uniqueName });
  make("it's gamma", "Task", { "Microsoft.VSTS.Common.Priority": 4, "System.State": "Active" });
  ids.lab = wit.create("Lab", { title: "lab" }).id;
  const gone = wit.create("Shop", { title: "gone" });
  wit.remove(gone);
});

afterAll(async () => {
  expect(await service.stop()).toEqual([]);
});

async function find(where: string, rest: { scope?: string; query?: string; orderBy?: string } = {}): Promise<string[]> {
  const { scope = "Shop/", query = "", orderBy = "" } = rest;
  const { status, json } = await service.send("POST", `${scope}_apis/wit/wiql?${query}`, {
    query: `SELECT [System.Id], [System.Title] FROM WorkItems WHERE ${where} ${orderBy}`,
  });
  if (status !== 200) return [`${status} ${json.message.split(":")[0]}`];
  const names = new Map(Object.entries(ids).map(([name, id]) => [id, name]));
  return json.workItems.map(({ id }: Shown) => names.get(id) ?? "?");
}

const cases: readonly (readonly [string, string[]])[] = [
  ["[System.TeamProject] = @project", ["alpha", "beta", "it's gamma"]],
  ["[System.Title] = 'it''s gamma'", ["it's gamma"]],
  ["[System.Title] CONTAINS 'ETA' AND [System.WorkItemType] IN ('Task', 'Bug')", ["beta"]],
  ["[System.Tags] CONTAINS 'green'", ["alpha"]],
  ["[System.AreaPath] UNDER 'Shop\\Web'", ["alpha", "beta"]],
  ["[System.AreaPath] = 'Shop\\Web'", ["alpha"]],
  ["NOT [System.AreaPath] UNDER 'Shop' AND [System.Id] > 0", ["lab"]],
  [
    "([System.State] = 'Active' OR [Microsoft.VSTS.Common.Priority] < 2) AND [System.TeamProject] <> 'Lab'",
    ["alpha", "it's gamma"],
  ],
  ["[System.AssignedTo] = @me", ["beta"]],
  ["[System.CreatedDate] >= @today AND [System.Id] <= 2", ["alpha", "beta"]],
  ["[System.ChangedDate] < @today - 7", []],
  ["[System.AreaPath] UNDER 'Shop\\Nowhere'", ["400 TF51011"]],
  ["[No.Such.Field] = 1", ["400 TF51005"]],
  ["[System.Id] LIKE 1", ["400 TF51006"]],
];

it.each(cases)("answers WHERE %s", async (where, expected) => {
  expect(await find(where)).toEqual(expected);
});

it("orders, cuts and refuses to find too many", async () => {
  const all = "[System.Id] > 0";
  const ordered = await find(all, { orderBy: "ORDER BY [System.WorkItemType], [System.Id] DESC", query: "$top=3" });
  for (let index = 0; index < 6; index++) service.wit.create("Lab");

  const tooMany = await find(all);
  const first = await find(all, { query: "$top=2" });

  expect(ordered).toEqual(["alpha", "lab", "it's gamma"]);
  expect(tooMany).toEqual(["400 VS402337"]);
  expect(first).toEqual(["alpha", "beta"]);
});
