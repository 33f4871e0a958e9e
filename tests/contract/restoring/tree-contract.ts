/** Areas and iterations: two trees of the same form. */
import { stringAt, type JsonObject } from "../../../engine/foundation/json.ts";
import { Wit } from "../../simulator/boards/builder.ts";
import type { ClassificationNode } from "../../simulator/boards/model.ts";
import { itemPathOf } from "../../simulator/boards/tree.ts";
import { ask } from "../../support/simulator.ts";
import type { Difference, KindContract, Place, Thing } from "./declaration.ts";

export interface TreeContract {
  readonly group: "areas" | "iterations";
  /** Of a work item. */
  readonly field: "System.AreaPath" | "System.IterationPath";
  readonly make: (wit: Wit, project: Place["project"], path: string) => ClassificationNode;
  readonly change: (node: ClassificationNode, wit: Wit) => void;
  readonly inPlace: readonly Difference[];
}

/** A restore calls nodes by their paths. */
export function treeContract({ group, field, make, change, inPlace }: TreeContract): KindContract {
  const nodes = ({ azure }: Place): Wit["tracking"]["nodes"] => new Wit(azure.state).tracking.nodes;
  const nodeOf = (place: Place, { key }: Thing): ClassificationNode => {
    const node = nodes(place).byId(Number(key));
    if (node === undefined) throw new Error(`there is no node ${key}`);
    return node;
  };
  const made = (place: Place, name: string): Thing => {
    const path = `Shop\\${name}`;
    const { id } = make(new Wit(place.azure.state), place.project, path);
    return { key: String(id), id: `${place.project.name}\\${path}`, name: `${place.project.name}\\${path}` };
  };
  const addressOf = ({ project }: Place, path: string): string =>
    [`${project.id}/_apis/wit/classificationnodes/${group}`, ...path.split("\\").slice(1).map(encodeURIComponent)].join(
      "/",
    );
  const purge = async (place: Place, thing: Thing): Promise<void> => {
    const path = itemPathOf(nodeOf(place, thing));
    const { status } = await ask(place.azure, addressOf(place, path), { method: "DELETE" });
    if (status >= 400) throw new Error(`the service answers ${status} when ${path} is deleted`);
  };
  return {
    needs: [],
    make: made,
    ids: async (place) => {
      const { json } = await ask(place.azure, `${place.project.id}/_apis/wit/classificationnodes/${group}?$depth=9`);
      const below = (node: JsonObject, above: readonly string[]): readonly string[] => {
        const path = [...above, stringAt(node, "name") ?? ""];
        const children = (Array.isArray(node.children) ? node.children : []) as readonly JsonObject[];
        return [path.join("\\"), ...children.flatMap((child) => below(child, path))];
      };
      return below(json as JsonObject, []);
    },
    read: async (place, id) => {
      const { status, json } = await ask(place.azure, addressOf(place, id));
      return status === 404 ? undefined : (json as JsonObject);
    },
    change: (place, thing) => change(nodeOf(place, thing), new Wit(place.azure.state)),
    remove: { because: "the service has no recycle bin for nodes" },
    purge,
    beside: { because: "two nodes of one path are the same node" },
    namesake: (place, { name }) => {
      return made(place, name.split("\\").at(-1) ?? "");
    },
    hide: { because: "whoever may read the project sees all of its nodes" },
    unreadable: ({ azure }) => {
      const isTree = ({ path }: { readonly path: string }): boolean =>
        path.toLowerCase().includes(`classificationnodes/${group}`);
      azure.faults.add({ kind: "status", status: 403, when: isTree, times: 999 });
      return { undo: () => azure.faults.clear() };
    },
    dependent: {
      kind: "work-items",
      needs: ["areas", "iterations"],
      make: ({ azure, project }, { id }) => {
        const item = new Wit(azure.state).create(project, { title: "Lies in it", fields: { [field]: id } });
        return { key: String(item.id), id: String(item.id), name: "Lies in it" };
      },
      names: async ({ azure }, id) => {
        const { json } = await ask(azure, `_apis/wit/workitems/${id}`);
        return stringAt(json.fields as JsonObject, field);
      },
    },
    isMaking: ({ method, path }) =>
      method === "POST" && path.toLowerCase().includes(`_apis/wit/classificationnodes/${group}`),
    differences: {
      inPlace,
      anew: [
        { at: "id", becomes: "a new one" },
        { at: "identifier", becomes: "a new one" },
      ],
    },
  };
}
