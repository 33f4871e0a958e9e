/** Writing many work items at once: in requests of 200, several beside each other. */
import { mapConcurrent } from "../../../../foundation/concurrency.ts";
import { BackupError, hasCode } from "../../../../foundation/errors.ts";
import {
  maxBatchWrites,
  writeWorkItems,
  type WorkItemWrite,
  type WriteOutcome,
} from "../../../../azure-devops/boards/work-item-batch.ts";
import type { JsonObject } from "../../../../foundation/json.ts";
import { factsOf } from "../comparison/target-facts.ts";
import type { ManyContext } from "../../../kind.ts";

/**
 * `refusal`: nothing came of it. `lost`: nobody said what came of it, so it must be looked up; never be written again
 * without.
 */
export type Sent = { readonly item: JsonObject } | { readonly refusal: BackupError } | { readonly lost: BackupError };

/** The service works through one batch at a time; more than a few of them at once only take the turns of others. */
const mostAtOnce = 4;

/** What came of each write, in their order. Throws what concerns the whole run: a refused sign-in, a cancellation. */
export async function writeMany(
  writes: readonly WorkItemWrite[],
  context: Pick<ManyContext, "target" | "mustHold">,
): Promise<readonly Sent[]> {
  const lanes = Math.min(mostAtOnce, Math.max(1, context.target.parallelism));
  const sent: Sent[] = [];
  for await (const part of mapConcurrent(batchesOf(writes), lanes, (batch) => written(batch, context)))
    sent.push(...part);
  return sent;
}

/** Characters of one request at most, where a single item does not have more. */
const maxBatchChars = 4_000_000;

function* batchesOf(writes: readonly WorkItemWrite[]): Generator<readonly WorkItemWrite[]> {
  let batch: WorkItemWrite[] = [];
  let chars = 0;
  for (const write of writes) {
    const { length } = JSON.stringify(write.operations);
    if (batch.length === maxBatchWrites || (batch.length > 0 && chars + length > maxBatchChars)) {
      yield batch;
      batch = [];
      chars = 0;
    }
    batch.push(write);
    chars += length;
  }
  if (batch.length > 0) yield batch;
}

async function written(
  batch: readonly WorkItemWrite[],
  { target, mustHold }: Pick<ManyContext, "target" | "mustHold">,
): Promise<readonly Sent[]> {
  const { batches } = factsOf(target);
  if (!batches.areTaken) return batch.map(() => ({ refusal: notTaken() }));
  target.signal.throwIfAborted();
  mustHold();
  try {
    const outcomes = await writeWorkItems(target.azureDevOps, batch);
    // Where nothing is accepted at all, a second request for each would be all that batches bring.
    if (outcomes.every((outcome) => "refusal" in outcome)) batches.areTaken = false;
    return outcomes.map(sentOf);
  } catch (error) {
    if (!(error instanceof BackupError) || error.code === "ADO_UNAUTHORIZED" || target.signal.aborted) throw error;
    if (!isRefusal(error)) return batch.map(() => ({ lost: error }));
    batches.areTaken &&= error.code === "ADO_THROTTLED";
    return batch.map(() => ({ refusal: error }));
  }
}

function sentOf(outcome: WriteOutcome): Sent {
  if ("item" in outcome) return outcome;
  return isRefusal(outcome.refusal) ? outcome : { lost: outcome.refusal };
}

/** Azure DevOps said no before it did anything. */
function isRefusal(error: BackupError): boolean {
  const codes = ["ADO_REQUEST", "ADO_NOT_FOUND", "ADO_FORBIDDEN", "ADO_CONFLICT", "ADO_VERSION", "ADO_THROTTLED"];
  return hasCode(error, ...codes);
}

function notTaken(): BackupError {
  return new BackupError({
    code: "ADO_REQUEST",
    message: "The service does not take work items in batches",
    hint: "They are written one by one.",
  });
}
