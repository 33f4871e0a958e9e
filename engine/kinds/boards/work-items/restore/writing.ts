/**
 * Writing work items so that what the service refuses does not take the rest with it: a field it names, a relation it
 * will not have.
 */
import { updateWorkItem, type PatchOperation } from "../../../../azure-devops/boards/work-items.ts";
import { BackupError, hasCode } from "../../../../foundation/errors.ts";
import type { JsonObject } from "../../../../foundation/json.ts";
import type { TargetProject } from "../../../kind.ts";
import { factsOf } from "../comparison/target-facts.ts";
import { tagsOf } from "../fields.ts";

/** Nobody is told about every restored item, and rules do not apply to a state that once was valid. */
export const asImport = { bypassRules: true, suppressNotifications: true };

export type Refused = ReadonlyMap<string, string>;

export interface Written {
  /** The item as it is now; undefined when everything was refused. */
  readonly item: JsonObject | undefined;
  /** Reason by field or relation. */
  readonly refused: Refused;
}

export interface Sending {
  readonly send: (operations: readonly PatchOperation[]) => Promise<JsonObject>;
  readonly target: TargetProject;
}

/** Sends the operations; fields that the service refuses by name are left out, and tags that it would have to define. */
export async function writeAccepted(
  operations: readonly PatchOperation[],
  { send, target }: Sending,
): Promise<Written> {
  let left = operations;
  const refused = new Map<string, string>();
  for (;;) {
    try {
      return { item: await send(left), refused };
    } catch (error) {
      const name = refusedField(error, left);
      if (name === undefined || !(error instanceof BackupError)) throw error;
      const known = isTagRefusal(error) && !refused.has(name) ? await knownTags(left, target) : [];
      left = [...left.filter((operation) => fieldOf(operation) !== name), ...known];
      refused.set(name, error.message);
    }
  }
}

const tagsField = "System.Tags";

/** The identity may not define tags; those that the project has it may give. */
function isTagRefusal(error: BackupError): boolean {
  return hasCode(error, "ADO_REQUEST", "ADO_FORBIDDEN") && error.message.includes("TF401289");
}

async function knownTags(
  operations: readonly PatchOperation[],
  target: TargetProject,
): Promise<readonly PatchOperation[]> {
  const wanted = operations.find((operation) => fieldOf(operation) === tagsField)?.value;
  const known = await factsOf(target).tags();
  const left = tagsOf(wanted).filter((tag) => known.has(tag.toLowerCase()));
  return left.length === 0 ? [] : [{ op: "add", path: `/fields/${tagsField}`, value: left.join("; ") }];
}

/** The longest name counts: `Custom.Risk` stands in `Custom.RiskLevel` as well. */
function refusedField(error: unknown, operations: readonly PatchOperation[]): string | undefined {
  const named = operations.flatMap((operation) => fieldOf(operation) ?? []);
  if (error instanceof BackupError && isTagRefusal(error)) return named.find((name) => name === tagsField);
  if (!hasCode(error, "ADO_REQUEST")) return undefined;
  return named.filter((name) => error.message.includes(name)).sort((a, b) => b.length - a.length)[0];
}

function fieldOf({ path }: PatchOperation): string | undefined {
  return /^\/(?:fields|multilineFieldsFormat)\/(.+)$/.exec(path)?.[1];
}

export interface Update {
  readonly id: number;
  /** Fields, removals: all at once. */
  readonly operations: readonly PatchOperation[];
  /** Relations to be added: all at once, or one by one when the service does not like one of them. */
  readonly additions: readonly PatchOperation[];
}

/** Throws what `isRace` recognises when the item or its links changed meanwhile. */
export async function writeUpdate(update: Update, target: TargetProject): Promise<Written> {
  const { id, operations, additions } = update;
  const send = (some: readonly PatchOperation[]): Promise<JsonObject> =>
    updateWorkItem(target.azureDevOps, { id, ...asImport }, some);
  try {
    return await writeAccepted([...operations, ...additions], { send, target });
  } catch (error) {
    if (additions.length === 0 || isRace(error) || !hasCode(error, "ADO_REQUEST", "ADO_NOT_FOUND")) throw error;
  }
  const refused = new Map<string, string>();
  let item: JsonObject | undefined;
  const stages = [...(operations.length === 0 ? [] : [operations]), ...additions.map((addition) => [addition])];
  for (const stage of stages) {
    try {
      const written = await writeAccepted(stage, { send, target });
      item = written.item;
      for (const [what, reason] of written.refused) refused.set(what, reason);
    } catch (error) {
      if (stage === operations || !hasCode(error, "ADO_REQUEST", "ADO_NOT_FOUND")) throw error;
      if (!isRace(error)) refused.set(describeAddition(stage), error.message);
    }
  }
  return { item, refused };
}

/** One line for each, for the report. */
export function refusedLines(refused: Refused): readonly string[] {
  return [...refused].map(([what, reason]) => `${what}: refused (${reason})`);
}

function describeAddition([addition]: readonly PatchOperation[]): string {
  const { rel, url } = (addition?.value ?? {}) as { readonly rel?: string; readonly url?: string };
  return `${rel ?? "relation"} ${url ?? ""}`;
}

/** Someone changed the item, or the step of the other end made the same link first. */
export function isRace(error: unknown): boolean {
  return (
    hasCode(error, "ADO_CONFLICT") ||
    (hasCode(error, "ADO_REQUEST") && /already exists|TF26071|VS403351/i.test(error.message))
  );
}
