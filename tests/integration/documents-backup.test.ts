/** What backing up promises of documents that cannot be read, are not listed any more, or are many. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../engine/foundation/json.ts";
import { variableGroupDocuments } from "../simulator/pipelines/variable-group-store.ts";
import { documentWorld, gapsIn, type DocumentWorld } from "../support/document-world.ts";

let world: DocumentWorld;
let ids: Record<string, string>;

beforeEach(async () => {
  world = await documentWorld(["variable-groups"], variableGroupDocuments);
  ids = {};
  for (const name of ["Alpha", "Beta", "Gamma", "Delta", "Epsilon", "Zeta", "Eta", "Theta"]) ids[name] = add(name);
});

afterEach(() => world[Symbol.asyncDispose]());

function add(name: string): string {
  const body: JsonObject = { name, description: "", type: "Vsts", variables: { stage: { value: `first ${name}` } } };
  return world.documents.add(world.project, { body }).id;
}

function id(name: string): string {
  return ids[name] ?? "";
}

/** What the newest snapshot holds, restored into a new project: name → value of its variable. */
async function stored(): Promise<Record<string, string>> {
  const name = `Elsewhere ${String(world.azure.state.projects().length)}`;
  await world.restore(["variable-groups"], { targetProject: { id: undefined, name } });
  const made = world.azure.state.projectOf(name);
  const groups = world.azure.state.builds.variableGroups(made?.id ?? "");
  return Object.fromEntries(groups.map((group) => [group.name, group.variables.stage?.value ?? ""]));
}

function change(name: string, value: string): void {
  world.edit(id(name), { variables: { stage: { value } } });
}

describe("a document that cannot be read", () => {
  it("keeps its old record and is a gap, in every run until it can be read", async () => {
    await world.backUp();
    world.documents.damage(id("Beta"));
    change("Alpha", "second Alpha");

    const first = await world.backUp();
    expect(gapsIn(first)).toEqual([`DOCUMENT_INCOMPLETE ${id("Beta")}`]);
    expect(first.status).toBe("partial");
    const second = await world.backUp();
    expect(gapsIn(second)).toEqual([`DOCUMENT_INCOMPLETE ${id("Beta")}`]);
    expect(second.status).toBe("partial");
    expect(second.kinds.find(({ kind }) => kind === "variable-groups")).toMatchObject({
      changedStreams: 0,
      deleted: 0,
    });
    expect(await stored()).toMatchObject({ Alpha: "second Alpha", Beta: "first Beta" });

    world.documents.damage(id("Beta"), false);
    change("Beta", "second Beta");
    const third = await world.backUp();
    expect([third.status, gapsIn(third)]).toEqual(["complete", []]);
    expect(await stored()).toMatchObject({ Beta: "second Beta" });
  });

  it("that was never stored is a gap as well, and the others are stored", async () => {
    world.documents.damage(id("Beta"));

    expect(gapsIn(await world.backUp())).toEqual([`DOCUMENT_INCOMPLETE ${id("Beta")}`]);
    expect(gapsIn(await world.backUp())).toEqual([`DOCUMENT_INCOMPLETE ${id("Beta")}`]);
    expect(Object.keys(await stored())).toHaveLength(7);
  });
});

describe("a document that is not listed any more", () => {
  it("is deleted when the service says that there is none of its id", async () => {
    await world.backUp();
    world.documents.purge(id("Beta"));

    const result = await world.backUp();

    expect([result.status, gapsIn(result)]).toEqual(["complete", []]);
    expect(result.kinds.find(({ kind }) => kind === "variable-groups")).toMatchObject({ deleted: 1 });
    expect(Object.keys(await stored())).not.toContain("Beta");
  });

  it("is missing, never deleted, when a permission hides it", async () => {
    await world.backUp();
    world.documents.hide(id("Beta"));
    change("Alpha", "second Alpha");

    for (const run of ["first", "second"]) {
      const result = await world.backUp();
      expect([run, result.status, gapsIn(result)]).toEqual([run, "partial", [`DOCUMENT_MISSING ${id("Beta")}`]]);
    }
    expect(await stored()).toMatchObject({ Alpha: "second Alpha", Beta: "first Beta" });
  });

  it("is missing when many vanish at once, though the service says that there is none of them", async () => {
    await world.backUp();
    const many = ["Alpha", "Beta", "Gamma", "Delta"];
    for (const name of many) world.documents.purge(id(name));

    const result = await world.backUp();

    expect(result.status).toBe("partial");
    expect(gapsIn(result)).toEqual(many.map((name) => `DOCUMENT_MISSING ${id(name)}`).sort());
    expect(Object.keys(await stored())).toHaveLength(8);
  });

  it("is missing when nothing is listed at all", async () => {
    for (const name of Object.keys(ids)) if (name !== "Alpha") world.documents.purge(id(name));
    await world.backUp();
    world.documents.purge(id("Alpha"));

    const result = await world.backUp();

    expect(gapsIn(result)).toEqual([`DOCUMENT_MISSING ${id("Alpha")}`]);
    expect(Object.keys(await stored())).toEqual(["Alpha"]);
  });

  it("is no gap any more once exclude acknowledges it, and keeps its record", async () => {
    await world.backUp();
    for (const name of ["Alpha", "Beta", "Gamma", "Delta"]) world.documents.purge(id(name));

    const exclude = ["Alpha", "Beta", "Gamma", "Delta"].map((name) => `variable-groups/${id(name)}`);
    const result = await world.backUp({ exclude });

    expect([result.status, gapsIn(result)]).toEqual(["complete", []]);
    expect(Object.keys(await stored())).toHaveLength(8);
  });
});

describe("include", () => {
  it("narrows a kind of one stream by the names of its items", async () => {
    const result = await world.backUp({ include: ["project", "variable-groups/*eta"] });

    expect(result.status).toBe("complete");
    expect(Object.keys(await stored()).sort()).toEqual(["Beta", "Eta", "Theta", "Zeta"]);
  });

  it("keeps the records of what it does not name, and deletes none", async () => {
    await world.backUp();
    change("Alpha", "second Alpha");
    change("Beta", "second Beta");

    const result = await world.backUp({ include: ["project", `variable-groups/${id("Beta")}`] });

    expect([result.status, gapsIn(result)]).toEqual(["complete", []]);
    expect(await stored()).toMatchObject({ Alpha: "first Alpha", Beta: "second Beta", Gamma: "first Gamma" });
  });

  it("is a gap where nothing is called so", async () => {
    const result = await world.backUp({ include: ["project", "variable-groups/Pay*"] });

    expect([result.status, gapsIn(result)]).toEqual(["partial", ["INCLUDE_EMPTY "]]);
    expect(result.gaps[0]?.message).toContain("variable-groups/Pay*");
  });

  it("is refused for items of a kind that is only backed up whole, with what would work", async () => {
    const refused = world.backUp({ include: ["project/Shop"] });

    await expect(refused).rejects.toMatchObject({
      code: "INPUT_FILTER",
      message: expect.stringContaining("project/Shop") as string,
      hint: expect.stringContaining("variable-groups") as string,
    });
  });
});
