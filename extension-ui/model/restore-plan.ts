/**
 * The plan that a preview run attached (`devops-backup.plan`, form `project-backup/plan/v1`), put together by item. An
 * attachment is a claim of whoever may change the run: nothing in it is trusted to have the right shape.
 */
import { withFieldName } from "../../engine/foundation/field-names.ts";
import { counted } from "../../engine/foundation/text.ts";
import { objectAt, parseObject, stringAt, type JsonObject } from "../../engine/foundation/json.ts";
import { countAt, objectsAt, plainText, plainTextAt, plainTextsAt } from "./plain-text.ts";

export const planAttachmentType = "devops-backup.plan";

/** Worst first: what happens to the item as a whole is the first of these among its steps. */
export const planActions = ["cannot", "create", "undelete", "update", "skip"] as const;
export type PlanAction = (typeof planActions)[number];

export interface PlanRow {
  /** Unique in the plan. */
  readonly id: string;
  readonly kind: string;
  readonly key: string;
  readonly name: string;
  readonly action: PlanAction;
  /** One line per thing that will be changed, removed or cannot be kept. */
  readonly changes: readonly string[];
  readonly reasons: readonly string[];
  /** Secrets to enter again afterwards. */
  readonly secrets: readonly string[];
}

export interface PlanView {
  /** 64 hexadecimal digits: what the applying run has to be given. */
  readonly hash: string;
  readonly snapshot: string;
  readonly takenAt: string;
  readonly source: string;
  readonly target: { readonly project: string; readonly organizationUrl: string; readonly createsProject: boolean };
  readonly conflictPolicy: string;
  /** In the plan's order; of a very long plan the first ones. */
  readonly rows: readonly PlanRow[];
  /** Of all items. */
  readonly counts: Readonly<Record<PlanAction, number>>;
  /** Nothing would be created, taken out of a recycle bin or changed. */
  readonly changesNothing: boolean;
  /** Items that are left as they are although they differ from the snapshot. */
  readonly differing: number;
  readonly stale: readonly { readonly stream: string; readonly asOf: string }[];
  readonly secrets: readonly string[];
  /** What of the selection this snapshot does not hold, because it was never stored; one line each. */
  readonly neverStored: readonly string[];
}

/** Undefined for anything that is not a plan of this form. */
export function parsePlan(json: string): PlanView | undefined {
  const plan = parseObject(json);
  const hash = plan === undefined ? undefined : stringAt(plan, "hash");
  if (plan?.form !== "project-backup/plan/v1" || hash === undefined || !/^[0-9a-f]{64}$/.test(hash)) return undefined;
  const rows = rowsOf(objectsAt(plan, "steps"));
  const counts = countsOf(rows, objectAt(plan, "counts") ?? {});
  return {
    hash,
    snapshot: plainTextAt(plan, "snapshot"),
    takenAt: plainTextAt(plan, "takenAt"),
    source: projectName(objectAt(plan, "source")),
    target: targetOf(objectAt(plan, "target") ?? {}),
    conflictPolicy: plainTextAt(plan, "conflictPolicy"),
    rows,
    counts,
    changesNothing: counts.create + counts.undelete + counts.update === 0,
    differing: Math.max(countAt(plan, "differing"), rows.filter(isLeftDifferent).length),
    stale: objectsAt(plan, "stale").map((line) => ({
      stream: plainTextAt(line, "stream"),
      asOf: plainTextAt(line, "asOf"),
    })),
    secrets: [...new Set(rows.flatMap(({ secrets }) => secrets))],
    neverStored: plainTextsAt(plan, "neverStored"),
  };
}

/** The newest plan that can be read among a run's attachments. */
export function planOfRun(attachments: readonly string[]): PlanView | undefined {
  return attachments.map(parsePlan).findLast((plan) => plan !== undefined);
}

/**
 * Why a plan does nothing, or leaves alone what differs; undefined when it does all that there is to do. "Everything is
 * there already" is said only where that is so.
 */
export function leftAloneText(plan: PlanView): string | undefined {
  const { changesNothing, counts, differing, conflictPolicy } = plan;
  const policy = conflictPolicy === "skip" ? ", because what exists is to be left as it is" : "";
  const those = `${counted(differing, "item")} that ${differing === 1 ? "differs" : "differ"} from the snapshot`;
  if (differing > 0)
    return changesNothing
      ? `Nothing would be restored: ${those} would stay as ${differing === 1 ? "it is" : "they are"} now${policy}.`
      : `${those} would stay as ${differing === 1 ? "it is" : "they are"} now${policy}.`;
  if (!changesNothing) return undefined;
  if (counts.cannot > 0) return "Nothing can be restored; the reasons stand below.";
  if (counts.skip === 0) return "Nothing in this snapshot matches what was asked for.";
  return "Everything is there already as in the snapshot: nothing would change.";
}

function targetOf(target: JsonObject): PlanView["target"] {
  return {
    project: projectName(target),
    organizationUrl: plainTextAt(target, "organizationUrl"),
    createsProject: target.createsProject === true,
  };
}

function projectName(place: JsonObject | undefined): string {
  return plainTextAt(objectAt(place ?? {}, "project") ?? {}, "name");
}

function rowsOf(steps: readonly JsonObject[]): readonly PlanRow[] {
  const groups = new Map<string, [JsonObject, ...JsonObject[]]>();
  for (const step of steps) {
    const id = `${stringAt(step, "kind") ?? ""}/${stringAt(step, "key") ?? ""}`;
    const own = groups.get(id);
    if (own === undefined) groups.set(id, [step]);
    else own.push(step);
  }
  return [...groups].map(([id, own]) => rowOf(id, own));
}

function rowOf(id: string, steps: readonly [JsonObject, ...JsonObject[]]): PlanRow {
  const [first] = steps;
  const actions = steps.map(actionOf);
  const unknown = steps.filter((step) => actionOf(step) === undefined).map((step) => plainTextAt(step, "action"));
  const reasons = steps.map((step) => plainTextAt(step, "reason")).filter((reason) => reason !== "");
  return {
    id: plainText(id),
    kind: plainTextAt(first, "kind"),
    key: plainTextAt(first, "key"),
    name: plainTextAt(first, "name"),
    action: planActions.find((action) => actions.includes(action)) ?? "cannot",
    changes: distinct(steps.flatMap((step) => plainTextsAt(step, "changes")).map(withFieldName)),
    reasons: distinct([...reasons, ...unknown.map((action) => `This page does not know the action "${action}".`)]),
    secrets: distinct(steps.flatMap((step) => plainTextsAt(step, "secrets"))),
  };
}

/** Plans tell of what is left alone how it differs. */
function isLeftDifferent({ action, changes }: PlanRow): boolean {
  return action === "skip" && changes.length > 0;
}

function actionOf(step: JsonObject): PlanAction | undefined {
  return planActions.find((action) => action === step.action);
}

/** What is counted here, or more where the plan says that it has left items out. */
function countsOf(rows: readonly PlanRow[], told: JsonObject): Readonly<Record<PlanAction, number>> {
  const counts = { cannot: 0, create: 0, undelete: 0, update: 0, skip: 0 };
  for (const { action } of rows) counts[action] += 1;
  for (const action of planActions) counts[action] = Math.max(counts[action], countAt(told, action));
  return counts;
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
