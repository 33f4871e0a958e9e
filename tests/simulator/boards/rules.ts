/** The rules of a work item type: what must be there, what is allowed, what follows from what. */
import { createHash } from "node:crypto";
import type { SimProject } from "../service.ts";
import { ruleError } from "./errors.ts";
import { fieldOf } from "./fields.ts";
import type { FieldDefinition } from "./fields.ts";
import type { Bag, FieldValue } from "./model.ts";
import { ALLOWED_VALUES } from "./types.ts";
import type { State, WorkItemType } from "./types.ts";

export interface RuleContext {
  readonly type: WorkItemType;
  readonly project: SimProject;
  /** Fields before the change; empty for a new item. */
  readonly before: Readonly<Record<string, FieldValue>>;
  /** What the client changed; the rules add to it. */
  readonly changed: Bag;
  readonly isNew: boolean;
  readonly bypassRules: boolean;
  /** When and by whom. */
  readonly at: string;
  readonly by: FieldValue;
}

const COMMON = "Microsoft.VSTS.Common.";

/** Set by rules alone; a client writes them only past the rules. */
export const SET_BY_RULES: ReadonlySet<string> = new Set(
  ["StateChangeDate", "ActivatedDate", "ActivatedBy", "ResolvedDate", "ResolvedBy", "ClosedDate", "ClosedBy"].map(
    (name) => COMMON + name,
  ),
);

/** Fills in and checks; throws the rule error of the first field that breaks one. */
export function applyRules(context: RuleContext): void {
  const { type, changed, isNew, bypassRules } = context;
  const hasNewType = changed["System.WorkItemType"] !== undefined;
  if ((isNew || hasNewType) && !isKnownState(type, after(context, "System.State"))) setFirstState(context);
  if (isNew && !bypassRules) {
    for (const [name, value] of Object.entries(type.defaults)) changed[name] ??= value;
  }
  const title = after(context, "System.Title");
  if (typeof title !== "string" || title.trim() === "") {
    throw ruleError(known("System.Title"), "Required, HasValues, LimitedToValues, AllowsOldValue, InvalidEmpty");
  }
  if (!bypassRules) {
    checkValues(context);
    followState(context);
  }
  followBoard(context);
}

function known(name: string): FieldDefinition {
  return fieldOf(name) ?? { referenceName: name, name, type: "string", readOnly: false };
}

/** What the field will hold. */
function after({ before, changed }: RuleContext, name: string): FieldValue | undefined {
  const value = changed[name];
  return value === undefined ? before[name] : (value ?? undefined);
}

function isKnownState(type: WorkItemType, state: FieldValue | undefined): boolean {
  return type.states.some(({ name }) => name === state);
}

function setFirstState({ type, changed, isNew, bypassRules }: RuleContext): void {
  // A state that the client names must be refused, not replaced; past the rules anything goes.
  if (typeof changed["System.State"] === "string") {
    if (bypassRules) return;
    throw ruleError(known("System.State"), "Required, HasValues, LimitedToValues, AllowsOldValue, InvalidListValue");
  }
  changed["System.State"] = type.states[0]?.name ?? "New";
  if (isNew) changed["System.Reason"] ??= type.firstReason;
}

function checkValues(context: RuleContext): void {
  const { type, changed } = context;
  const state = changed["System.State"];
  if (state !== undefined && !isKnownState(type, state ?? undefined)) {
    throw ruleError(known("System.State"), "Required, HasValues, LimitedToValues, AllowsOldValue, InvalidListValue");
  }
  for (const [name, allowed] of Object.entries(ALLOWED_VALUES)) {
    const value = changed[name];
    if (value === undefined || value === null) continue;
    if (!(allowed as readonly unknown[]).includes(value)) {
      throw ruleError(known(name), "HasValues, LimitedToValues, InvalidListValue");
    }
  }
}

function followState(context: RuleContext): void {
  const { type, before, changed, isNew, at, by } = context;
  const state = changed["System.State"];
  if (typeof state !== "string" || (!isNew && state === before["System.State"])) return;
  changed[`${COMMON}StateChangeDate`] = at;
  changed["System.Reason"] ??= isNew ? type.firstReason : `Moved to state ${state}`;
  const to = type.states.find(({ name }) => name === state)?.category;
  if (!isNew || to !== "Proposed") stamp(context, to, { at, by });
}

const STAMPS: readonly (readonly [category: State["category"], name: string])[] = [
  ["InProgress", "Activated"],
  ["Resolved", "Resolved"],
  ["Completed", "Closed"],
];

function stamp(
  { type, before, changed }: RuleContext,
  to: State["category"] | undefined,
  { at, by }: { at: string; by: FieldValue },
): void {
  for (const [category, name] of STAMPS) {
    const [date, person] = [`${COMMON}${name}Date`, `${COMMON}${name}By`];
    if (!type.fields.includes(date)) continue;
    if (category === to) {
      changed[date] = at;
      changed[person] = by;
    } else if (name === "Closed" && before[date] !== undefined) {
      changed[date] = null;
      changed[person] = null;
    }
  }
}

/** The board's own fields; a project's boards have their own names. */
export function boardFieldsOf(project: SimProject, board: string): { column: string; done: string } {
  const id = createHash("md5").update(`${project.id} ${board}`).digest("hex").toUpperCase();
  return { column: `WEF_${id}_Kanban.Column`, done: `WEF_${id}_Kanban.Column.Done` };
}

function followBoard(context: RuleContext): void {
  const { type, project, changed, before } = context;
  if (type.board === undefined) return;
  const { column, done } = boardFieldsOf(project, type.board);
  const hasMoved = changed["System.State"] !== undefined || before[column] === undefined;
  if (hasMoved) changed[column] ??= after(context, "System.State") ?? null;
  if (before[done] === undefined) changed[done] ??= false;
  if (changed[column] !== undefined) changed["System.BoardColumn"] = changed[column];
  if (changed[done] !== undefined) changed["System.BoardColumnDone"] = changed[done];
}
