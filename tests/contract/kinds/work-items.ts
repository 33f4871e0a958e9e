/** Work items, as the contract suite makes and changes them. */
import { isObject, stringAt, type JsonObject, type JsonValue } from "../../../engine/foundation/json.ts";
import { Wit } from "../../simulator/boards/builder.ts";
import type { WorkItem } from "../../simulator/boards/model.ts";
import { ask } from "../../support/simulator.ts";
import type { KindContract, Place, Thing } from "../restoring/declaration.ts";

export const contract: KindContract = {
  needs: ["areas", "iterations"],
  make: (place, name) => {
    const wit = new Wit(place.azure.state);
    wit.area(place.project, "Shop\\Web");
    const item = wit.create(place.project, {
      type: "Bug",
      title: name,
      fields: {
        "System.AreaPath": "Shop\\Web",
        "System.Description": "<p>The cart is empty.</p>",
        "System.Tags": "cart; urgent",
        "Microsoft.VSTS.Common.Priority": 1,
      },
    });
    wit.comment(item, "<div>Seen on Friday</div>");
    wit.attach(item, { name: "plan.txt", content: "the plan" });
    wit.hyperlink(item, "https://shop.example/cart");
    wit.edit(item, { "System.State": "Active" });
    return thingOf(item, name);
  },
  ids: async (place) => {
    const wit = new Wit(place.azure.state);
    const all = [...wit.tracking.items.values()].filter(({ deleted }) => deleted === undefined);
    return all.filter((item) => wit.tracking.projectOf(item).id === place.project.id).map(({ id }) => String(id));
  },
  read,
  change: (place, thing) => {
    const wit = new Wit(place.azure.state);
    const item = wit.item(Number(thing.id));
    wit.edit(item, { "System.Title": "Changed later", "System.Description": "<p>Wrong</p>", "System.Tags": "" });
    wit.detach(item, "plan.txt");
  },
  remove: (place, { id }) => {
    const wit = new Wit(place.azure.state);
    wit.remove(wit.item(Number(id)));
  },
  purge: (place, { id }) => {
    const wit = new Wit(place.azure.state);
    wit.remove(wit.item(Number(id)));
    wit.destroy(wit.item(Number(id)));
  },
  beside: true,
  namesake: { because: "items of one title are different items" },
  hidden: "finding",
  hide: ({ azure }, { id }) => {
    const { items } = new Wit(azure.state).tracking;
    const item = items.get(Number(id));
    items.delete(Number(id));
    return () => {
      if (item !== undefined) items.set(item.id, item);
    };
  },
  unreadable: ({ azure }, { key }) => {
    const wit = new Wit(azure.state);
    const { id: file } = wit.attach(wit.item(Number(key)), { name: "later.txt", content: "cannot be read" });
    const isFile = ({ path }: { readonly path: string }): boolean => path.toLowerCase().endsWith(`/${file}`);
    azure.faults.add({ kind: "status", status: 403, when: isFile, times: 999 });
    return { item: key, undo: () => azure.faults.clear() };
  },
  dependent: {
    kind: "work-items",
    needs: [],
    make: (place, { key }) => {
      const wit = new Wit(place.azure.state);
      const item = wit.create(place.project, { title: "Below it", parent: wit.item(Number(key)) });
      return thingOf(item, "Below it");
    },
    isAsked: true,
    shown: [{ at: "relations.System.LinkTypes.Hierarchy-Forward*", becomes: "the link to what is below it" }],
    names: async (place, id) => {
      const relations = Object.values((await read(place, id))?.relations ?? {}).filter(isObject);
      const parent = relations.find(({ rel }) => rel === "System.LinkTypes.Hierarchy-Reverse");
      return parent === undefined ? undefined : stringAt(parent, "url")?.split("/").at(-1);
    },
  },
  isMaking: ({ method, path }) => method !== "GET" && /_apis\/wit\/(?:\$batch|workitems\/\$)/i.test(path),
  differences: {
    inPlace: [
      { at: "rev", becomes: "counted up: the restore is a change" },
      { at: "fields.System.ChangedDate", becomes: "the time of the restore" },
    ],
    anew: [
      { at: "id", becomes: "a new one" },
      { at: "rev", becomes: "counted from the beginning; earlier revisions lie in the attached history" },
      { at: "fields.System.ChangedDate", becomes: "the time of the restore" },
      { at: "url", becomes: "names the new id" },
      { at: "_links.*", becomes: "name the new id" },
      { at: "comments[]", becomes: "with author and date above the text" },
      { at: "fields.System.History", becomes: "the last comment, which is the last change", only: "added" },
      { at: "commentVersionRef.*", becomes: "the last comment, which is the last change", only: "added" },
      { at: "relations.origin.*", becomes: "a link to the original", only: "added" },
      { at: "relations.history.*", becomes: "a file with the history of the original", only: "added" },
    ],
    elsewhere: [{ at: "fields.WEF_*", becomes: "columns of the boards that the other project has" }],
    abroad: [
      { at: "fields.System.CreatedBy.*", becomes: "the name as text: the other organisation has nobody of it" },
      { at: "fields.Microsoft.VSTS.Common.ActivatedBy.*", becomes: "the name as text" },
      { at: "fields.System.ChangedBy.*", becomes: "whoever restores" },
    ],
  },
};

function thingOf({ id }: WorkItem, name: string): Thing {
  return { key: String(id), id: String(id), name };
}

/** With the content of files in place of their addresses, and what was said. */
async function read({ azure, project }: Place, id: string): Promise<JsonObject | undefined> {
  const { status, json } = await ask(azure, `_apis/wit/workitems/${id}?$expand=relations`);
  if (status === 404) return undefined;
  const { relations = [], ...shownNow } = json as JsonObject;
  // The simulator shows it of some items, as the service does with what it is trying out.
  const rest = Object.fromEntries(Object.entries(shownNow).filter(([name]) => name !== "xInsights"));
  const shown = await Promise.all((relations as readonly JsonObject[]).map((one) => shownRelation(azure, one)));
  const place = `${project.id}/_apis/wit/workItems/${id}/comments?order=asc&api-version=7.1-preview.4`;
  const comments = ((await ask(azure, place)).json.comments ?? []) as readonly JsonObject[];
  return { ...rest, relations: Object.fromEntries(shown), comments: comments.map(({ text = null }) => text) };
}

/** By what it is to people. What the service counts and dates of relations says nothing of the item. */
async function shownRelation(
  azure: Place["azure"],
  relation: JsonObject,
): Promise<[name: string, relation: JsonObject]> {
  const { attributes } = relation;
  const rel = stringAt(relation, "rel") ?? "";
  const { comment = null } = isObject(attributes) ? attributes : {};
  const name = isObject(attributes) ? (stringAt(attributes, "name") ?? "") : "";
  const url = stringAt(relation, "url") ?? "";
  if (rel !== "AttachedFile") return [isOrigin(comment) ? "origin" : `${rel} ${url}`, { rel, url, comment }];
  const { text } = await ask(azure, `_apis/wit/attachments/${url.split("/").at(-1) ?? ""}?download=true`);
  return [isHistory(name) ? "history" : `file ${name}`, { rel, name, comment, content: text }];
}

function isOrigin(comment: JsonValue): boolean {
  return typeof comment === "string" && comment.startsWith("Restored from work item");
}

function isHistory(name: string): boolean {
  return name.endsWith("-history.json");
}
