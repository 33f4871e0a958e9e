/** Runs flat queries over the live items. */
import { stringAt } from "../../../engine/foundation/json.ts";
import type { JsonObject } from "../../../engine/foundation/json.ts";
import type { Route, SimAnswer, SimIdentity, SimProject, SimRequest } from "../service.ts";
import { instantAt, instantOf, shownInstant } from "./dates.ts";
import { badRequest } from "./errors.ts";
import type { FieldDefinition } from "./fields.ts";
import type { FieldValue, Revision, WorkItem } from "./model.ts";
import { bagAt, identityText, lastRevision } from "./render.ts";
import * as requests from "./requests.ts";
import type { WorkItemTracking } from "./tracking.ts";
import { isUnder, itemPathOf, nodeByItemPath } from "./tree.ts";
import { isIdentity, projectIdOf, textIn } from "./values.ts";
import { parseWiql } from "./wiql.ts";
import type { Condition, Literal } from "./wiql.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

export function wiqlRoutes(tracking: WorkItemTracking): Route[] {
  const route = { ...requests.READ, handle: (request: SimRequest) => answered(tracking, request) };
  return [
    ...requests.routesAt("POST", "{project}?/_apis/wit/wiql", route),
    ...requests.routesAt("POST", "{project}/{team}/_apis/wit/wiql", route),
  ];
}

interface Run {
  readonly tracking: WorkItemTracking;
  readonly project: SimProject | undefined;
  readonly caller: SimIdentity;
}

function answered(tracking: WorkItemTracking, request: SimRequest): SimAnswer {
  const query = parseWiql(stringAt(requests.bodyObject(request), "query") ?? "");
  const run: Run = { tracking, project: request.project, caller: request.identity };
  const asOf = query.asOf === undefined ? undefined : instantOf(query.asOf);
  const passes = query.where ? testOf(run, query.where) : () => true;
  const found = liveRevisions(tracking, request, asOf).filter(passes);
  const limit = tracking.host.queryLimit ?? 20_000;
  const top = requests.wholeNumber(request, "$top");
  if (found.length > limit && (top === undefined || top > limit)) {
    throw badRequest(
      "WorkItemTrackingQueryResultSizeLimitExceededException",
      `VS402337: The number of work items returned exceeds the size limit of ${limit}. Change the query to return fewer items.`,
    );
  }
  found.sort(orderOf(run, query.orderBy));
  return { body: resultJson(request, { query, found: found.slice(0, top), asOf: asOf ?? tracking.host.timestamp() }) };
}

/** Of each item that the caller may see the last revision, or the last one at that time. */
function liveRevisions(tracking: WorkItemTracking, request: SimRequest, asOf: string | undefined): Revision[] {
  const visible = new Set(tracking.host.projects().flatMap(({ id }) => (request.maySee(id) ? [id] : [])));
  const live = [...tracking.items.values()].filter((item) => !item.deleted && visible.has(projectIdOf(item)));
  return live.flatMap((item) => {
    if (asOf === undefined) return lastRevision(item);
    return item.revisions.findLast(({ at }) => at <= asOf) ?? [];
  });
}

interface Result {
  readonly query: ReturnType<typeof parseWiql>;
  readonly found: readonly Revision[];
  readonly asOf: string;
}

function resultJson(request: SimRequest, { query, found, asOf }: Result): JsonObject {
  const where = request.project ? `/${request.project.id}` : "";
  const reference = ({ referenceName, name }: FieldDefinition): JsonObject => ({
    referenceName,
    name,
    url: `${request.organizationUrl}/_apis/wit/fields/${referenceName}`,
  });
  const { columns, orderBy } = query;
  return {
    queryType: "flat",
    queryResultType: "workItem",
    asOf: shownInstant(asOf),
    columns: columns.map(reference),
    ...(orderBy.length > 0 && {
      sortColumns: orderBy.map(({ field, descending }) => ({ field: reference(field), descending })),
    }),
    workItems: found.map(({ item }) => ({
      id: item.id,
      url: `${request.organizationUrl}${where}/_apis/wit/workItems/${item.id}`,
    })),
  };
}

/** A field as queries see it: paths as texts, identities as their unique text. */
function valueIn(run: Run, revision: Revision, name: string): string | number | boolean | undefined {
  const { item, rev } = revision;
  const bag = bagAt(item, rev);
  const path = (id: FieldValue | undefined): string | undefined => {
    const node = run.tracking.nodes.byId(Number(id));
    return node && itemPathOf(node);
  };
  switch (name) {
    case "System.Id":
      return item.id;
    case "System.Rev":
      return rev;
    case "System.Watermark":
      return revision.watermark;
    case "System.TeamProject":
      return run.tracking.projectById(textIn(bag, name)).name;
    case "System.AreaPath":
      return path(bag["System.AreaId"]);
    case "System.IterationPath":
      return path(bag["System.IterationId"]);
    case "System.ChangedDate":
      return revision.at;
    case "System.ChangedBy":
      return identityText(revision.by);
    case "System.HyperLinkCount":
      return item.resources.filter(
        (one) => one.rel === "Hyperlink" && one.fromRev <= rev && (one.toRev ?? rev + 1) > rev,
      ).length;
    case "System.Parent":
      return run.tracking.parentOf(item)?.id;
    default:
      return plain(bag[name]);
  }
}

function plain(value: FieldValue | undefined): string | number | boolean | undefined {
  return isIdentity(value) ? identityText(value) : value;
}

type Test = (revision: Revision) => boolean;

function testOf(run: Run, condition: Condition): Test {
  if (condition.kind === "not") {
    const inner = testOf(run, condition.part);
    return (revision) => !inner(revision);
  }
  if (condition.kind !== "compare") {
    const tests = condition.parts.map((part) => testOf(run, part));
    return condition.kind === "and"
      ? (revision) => tests.every((test) => test(revision))
      : (revision) => tests.some((test) => test(revision));
  }
  return comparisonOf(run, condition);
}

function comparisonOf(run: Run, { field, operator, values }: Extract<Condition, { kind: "compare" }>): Test {
  const name = field.referenceName;
  if (operator === "under") return underTest(run, name, String(resolved(run, values[0] ?? "", field)));
  const wanted = values.map((value) => comparable(resolved(run, value, field), field));
  if (operator === "contains" && name !== "System.Tags") {
    return (revision) =>
      String(valueIn(run, revision, name) ?? "")
        .toLowerCase()
        .includes(String(wanted[0]));
  }
  if (operator === "contains") return (revision) => tagsIn(run, revision).includes(String(wanted[0]));
  const isEqual = (value: string | number, one: string | number): boolean =>
    field.type === "identity" ? isPerson(String(value), String(one)) : value === one;
  return (revision) => {
    const value = comparable(valueIn(run, revision, name) ?? "", field);
    const [first = ""] = wanted;
    switch (operator) {
      case "=":
      case "in":
        return wanted.some((one) => isEqual(value, one));
      case "<>":
        return !isEqual(value, first);
      case "ever":
        return revision.item.revisions.some((one) => isEqual(comparable(valueIn(run, one, name) ?? "", field), first));
      default:
        return value !== "" && isInOrder(value, operator, first);
    }
  };
}

function isInOrder(value: string | number, operator: string, limit: string | number): boolean {
  if (operator === "<") return value < limit;
  if (operator === "<=") return value <= limit;
  return operator === ">" ? value > limit : value >= limit;
}

/** `Name <unique>` answers to either of its halves, too. */
function isPerson(value: string, wanted: string): boolean {
  return value === wanted || (wanted !== "" && (value.startsWith(`${wanted} <`) || value.endsWith(`<${wanted}>`)));
}

function tagsIn(run: Run, revision: Revision): string[] {
  return String(valueIn(run, revision, "System.Tags") ?? "")
    .toLowerCase()
    .split("; ");
}

function underTest(run: Run, name: string, path: string): Test {
  const group = name === "System.IterationPath" ? "iterations" : "areas";
  const [projectName = ""] = path.replace(/^\\/, "").split("\\");
  const project = run.tracking.host.projectOf(projectName);
  const top = project && nodeByItemPath(run.tracking.nodes.rootOf(project.id, group), path);
  if (!top)
    throw badRequest(
      "WorkItemTrackingQueryException",
      `TF51011: The specified ${group === "areas" ? "area" : "iteration"} path does not exist. The error is caused by «'${path}'».`,
    );
  const idName = group === "areas" ? "System.AreaId" : "System.IterationId";
  return ({ item, rev }: { item: WorkItem; rev: number }) => {
    const node = run.tracking.nodes.byId(Number(bagAt(item, rev)[idName]));
    return node !== undefined && isUnder(node, top);
  };
}

function resolved(run: Run, literal: Literal, field: FieldDefinition): string | number | boolean {
  if (typeof literal !== "object") return literal;
  switch (literal.macro) {
    case "@project":
      if (!run.project)
        throw badRequest("WorkItemTrackingQueryException", "TF51011: @project needs a project in the URL.");
      return run.project.name;
    case "@me":
      return field.type === "identity" ? identityText(run.caller) : run.caller.displayName;
    case "@today": {
      const midnight = Math.floor(run.tracking.host.now().getTime() / DAY_MS) * DAY_MS;
      return instantAt(midnight + literal.days * DAY_MS);
    }
    default:
      throw badRequest("WorkItemTrackingQueryException", `TF51006: The macro '${literal.macro}' is not known.`);
  }
}

/** Texts compare without letter case, dates as instants, numbers as numbers. */
function comparable(value: string | number | boolean, field: FieldDefinition): string | number {
  if (field.type === "integer" || field.type === "double") return value === "" ? "" : Number(value);
  if (field.type === "dateTime") return instantOf(String(value)) ?? "";
  return String(value).toLowerCase();
}

function orderOf(run: Run, orderBy: Result["query"]["orderBy"]): (a: Revision, b: Revision) => number {
  return (a, b) => {
    for (const { field, descending } of orderBy) {
      const [one, other] = [a, b].map((revision) =>
        comparable(valueIn(run, revision, field.referenceName) ?? "", field),
      );
      if (one === undefined || other === undefined || one === other) continue;
      return one < other === descending ? 1 : -1;
    }
    return a.item.id - b.item.id;
  };
}
