/** What restoring promises of documents: in place, beside, again, and elsewhere. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { objectAt } from "../../engine/foundation/json.ts";
import { definitionDocuments } from "../simulator/pipelines/definition-store.ts";
import { endpointDocuments } from "../simulator/pipelines/endpoint-store.ts";
import { variableGroupDocuments } from "../simulator/pipelines/variable-group-store.ts";
import { documentWorld, stepsIn, type DocumentWorld } from "../support/document-world.ts";

let world: DocumentWorld;
let payments: string;

beforeEach(async () => {
  world = await documentWorld(["variable-groups", "build-definitions"], variableGroupDocuments);
  const variables = { merchant: { value: "4711" }, key: { value: "kept by the service", isSecret: true } };
  const group = world.azure.state.builds.addVariableGroup(world.project, { name: "Payments", variables });
  payments = String(group.id);
});

afterEach(() => world[Symbol.asyncDispose]());

function names(): readonly unknown[] {
  return world.documents.of(world.project.id).map(({ body }) => body.name);
}

describe("a variable group", () => {
  it("gets its values back with overwrite and keeps the secret that it has", async () => {
    await world.backUp();
    const secret = { value: "newer secret", isSecret: true };
    world.edit(payments, { variables: { merchant: { value: "wrong" }, key: secret } });

    const result = await world.restore(["variable-groups/Payments"], { conflictPolicy: "overwrite" });

    expect(stepsIn(result)).toEqual(["update Payments: updated"]);
    expect(world.documents.byId(payments)?.body.variables).toEqual({ merchant: { value: "4711" }, key: secret });
    expect(result.worksheet).toEqual([]);
  });

  it("is made beside the changed one with rename, and once more when asked again", async () => {
    await world.backUp();
    world.edit(payments, { description: "changed" });

    await world.restore(["variable-groups/Payments"], { conflictPolicy: "rename" });
    await world.restore(["variable-groups/Payments"], { conflictPolicy: "rename" });

    expect(names()).toHaveLength(3);
    expect(world.documents.byId(payments)?.body.description).toBe("changed");
  });

  it("that was deleted is made again, and its secrets stand on the worksheet", async () => {
    await world.backUp();
    world.documents.purge(payments);

    const result = await world.restore(["variable-groups/Payments"]);

    expect(stepsIn(result)).toEqual(["create Payments: created"]);
    expect(result.worksheet).toEqual(["variable-groups Payments: value of variable key"]);
  });

  it("is not taken for another item of the snapshot that has its name now", async () => {
    const other = world.azure.state.builds.addVariableGroup(world.project, { name: "Billing", variables: {} });
    await world.backUp();
    world.documents.purge(payments);
    world.edit(String(other.id), { name: "Payments" });

    const result = await world.restore(["variable-groups/Payments"], { conflictPolicy: "overwrite" });

    expect(stepsIn(result)).toEqual(["cannot Payments: failed"]);
    expect(names()).toEqual(["Payments"]);
  });

  it("is not made twice when the answer to its making was lost", async () => {
    await world.backUp();
    world.documents.purge(payments);
    const when = ({ method, path }: { method: string; path: string }): boolean =>
      method === "POST" && path.includes("variablegroups");
    world.azure.faults.add({ kind: "resetAfter", when });

    await world.restore(["variable-groups/Payments"]);
    await world.restore(["variable-groups/Payments"]);

    expect(names()).toEqual(["Payments"]);
  });

  it("of a key vault uses the connection of the same name elsewhere, and is not restored where there is none", async () => {
    const endpoints = world.azure.state.part(endpointDocuments);
    const connection = endpoints.add(world.project, { body: { name: "Vault of the shop", type: "azurerm" } });
    world.edit(payments, { type: "AzureKeyVault", providerData: { serviceEndpointId: connection.id, vault: "shop" } });
    await world.backUp();
    const elsewhere = world.azure.state.addProject("Elsewhere");
    const there = { targetProject: { id: elsewhere.id, name: elsewhere.name } };

    expect(stepsIn(await world.restore(["variable-groups/Payments"], there))).toEqual(["cannot Payments: failed"]);
    const own = endpoints.add(elsewhere, { body: { name: "Vault of the shop", type: "azurerm" } });
    expect(stepsIn(await world.restore(["variable-groups/Payments"], there))).toEqual(["create Payments: created"]);
    const [made] = world.documents.of(elsewhere.id);
    expect(objectAt(made?.body ?? {}, "providerData")).toMatchObject({ serviceEndpointId: own.id });
  });
});

describe("a build definition", () => {
  it("that was deleted comes out of the recycle bin with its id, and what it uses is made where it is missing", async () => {
    const definition = world.azure.state.builds.addDefinition(world.project, {
      name: "Nightly",
      document: { variableGroups: [{ id: Number(payments) }] },
    });
    await world.backUp();
    const definitions = world.azure.state.part(definitionDocuments);
    definitions.remove(String(definition.id));
    world.documents.purge(payments);

    const result = await world.restore(["build-definitions/Nightly"]);

    expect(stepsIn(result).filter((line) => line.endsWith("failed"))).toEqual([]);
    const [group] = world.documents.of(world.project.id);
    const [live] = definitions.of(world.project.id);
    expect(live?.id).toBe(String(definition.id));
    expect(live?.body.variableGroups).toEqual([{ id: Number(group?.id) }]);
  });
});
