/**
 * Starting runs so that a second click, a second tab and a reload find the run of the first click instead of starting
 * another: the request's id is made of a nonce (one for each time a person means it) and of what is asked for.
 */
import { toHex, utf8 } from "../../engine/foundation/bytes.ts";
import { canonicalJson } from "../../engine/foundation/json.ts";
import type { Run } from "./project-services.ts";
import { requestParameter } from "./pipeline-parameters.ts";

export type RunParameters = Readonly<Record<string, string>>;

/** Random bytes that a nonce takes. */
export const nonceBytes = 8;

/** 16 hexadecimal digits; keep it (page address, session) as long as the person means the same request. */
export function nonceOf(random: Uint8Array): string {
  return toHex(random.subarray(0, nonceBytes));
}

export function isNonce(text: string | undefined): text is string {
  return text !== undefined && /^[0-9a-f]{16}$/.test(text);
}

/** The parameters with their request's id: same nonce and same parameters, same id. */
export function withRequestId(parameters: RunParameters, nonce: string): RunParameters {
  return { ...parameters, [requestParameter]: `${nonce}-${fnv1a(canonicalJson(parameters))}` };
}

/**
 * 64-bit FNV-1a, 16 hexadecimal digits. It only has to tell a person's few requests of one nonce apart, so
 * the page need not load its cryptography for it.
 */
function fnv1a(text: string): string {
  const prime = 0x100000001b3n;
  const mask = 0xffffffffffffffffn;
  const hash = utf8(text).reduce((sum, byte) => ((sum ^ BigInt(byte)) * prime) & mask, 0xcbf29ce484222325n);
  return hash.toString(16).padStart(16, "0");
}

/** What to send to the backup pipeline. */
export function backUpParameters(nonce: string): RunParameters {
  return withRequestId({}, nonce);
}

/** What to send to the verify pipeline. */
export function verifyParameters(
  choice: { readonly snapshot: "latest" | "all"; readonly level: "catalogue" | "stored" },
  nonce: string,
): RunParameters {
  return withRequestId({ snapshot: choice.snapshot, level: choice.level }, nonce);
}

/**
 * The run that this very request has started already: follow it instead of starting another. One that failed or was
 * canceled does not count: who asks again after that means it.
 */
export function runOfRequest(runs: readonly Run[], parameters: RunParameters): Run | undefined {
  const id = parameters[requestParameter];
  if (id === undefined || id === "") return undefined;
  return runs.find(
    ({ parameters: sent, tags, state }) =>
      (sent[requestParameter] === id || tags.includes(id)) && state !== "failed" && state !== "canceled",
  );
}

export function isActive({ state }: Pick<Run, "state">): boolean {
  return state === "queued" || state === "running";
}

/** Runs that have come to their end since; among them those that were not known before. */
export function endedSince(before: readonly Run[], now: readonly Run[]): readonly Run[] {
  const over = new Set(before.filter((run) => !isActive(run)).map(({ id }) => id));
  return now.filter((run) => !isActive(run) && !over.has(run.id));
}

/** A run of the pipeline that has not ended: the one to follow when somebody asks for a backup again. */
export function activeRun(runs: readonly Run[], pipelineId: number): Run | undefined {
  return runs.find((run) => run.pipeline.id === pipelineId && isActive(run));
}
