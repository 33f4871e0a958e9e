import { describeError, BackupError, hasCode } from "../../foundation/errors.ts";
import type { Reporter } from "../../foundation/reporter.ts";
import type { RetryTools } from "../../foundation/retry.ts";

/**
 * When a request is made again (learn.microsoft.com/azure/devops/integrate/concepts/rate-limits). Reads: after anything
 * that may pass. Writes: only when the service has certainly done nothing: 429, 503, or a connection that never came
 * about. Both: a few times when the sign-in was turned away, because front ends do that now and then to good ones.
 * Everything is bounded by `patienceMs` from the first failure on; being throttled is waited for four times as long.
 */
export interface Persistence extends RetryTools {
  readonly reporter: Reporter;
  readonly patienceMs: number;
  /** How often in all something is asked that the service turns away as if it did not know the sign-in. */
  readonly signInAttempts: number;
  /** Called before a request is made again. */
  readonly onRetry?: () => void;
}

const firstDelayMs = 1_000;
const maxDelayMs = 60_000;
/** What rarely passes by itself (500, damaged bodies) is tried this often in all. */
export const fewAttempts = 4;
/** From this attempt on it is an outage people should know about. */
const noticeAt = 4;

export async function persist<Result>(
  work: () => Promise<Result>,
  isRepeatable: boolean,
  { clock, random, signal, reporter, patienceMs, signInAttempts, onRetry }: Persistence,
): Promise<Result> {
  let failedAtMs: number | undefined;
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      failedAtMs ??= clock.monotonicMs();
      const passes = hasCode(error, "ADO_UNAUTHORIZED")
        ? attempt < signInAttempts
        : mayPass(error, isRepeatable, attempt);
      if (!passes) throw error;
      const delayMs = Math.min(maxDelayMs, firstDelayMs * 2 ** (attempt - 1)) * (0.5 + 0.5 * random());
      const limitMs = hasCode(error, "ADO_THROTTLED") ? 4 * patienceMs : patienceMs;
      const spentMs = clock.monotonicMs() - failedAtMs;
      if (spentMs + delayMs > limitMs) throw givenUp(error, attempt, spentMs);
      if (attempt === noticeAt) reporter.info(`Still trying: ${describeError(error)}`);
      await clock.sleep(delayMs, signal);
      onRetry?.();
    }
  }
}

function mayPass(error: unknown, isRepeatable: boolean, attempt: number): boolean {
  if (!(error instanceof BackupError)) return false;
  const { code, context } = error;
  if (context.isPermanent === true) return false;
  if (code === "ADO_THROTTLED" || context.status === 503 || context.notSent === true) return true;
  if (!isRepeatable) return false;
  if (code === "ADO_TRUNCATED" || context.status === 500) return attempt < fewAttempts;
  return code === "ADO_UNAVAILABLE";
}

function givenUp(error: unknown, attempts: number, spentMs: number): unknown {
  if (!(error instanceof BackupError)) return error;
  return new BackupError({
    code: error.code,
    message: `${error.message}, ${attempts} times in ${Math.round(spentMs / 1000)} s`,
    hint: error.hint,
    cause: error,
    context: error.context,
  });
}
