import type { Clock } from "./clock.ts";

export interface RetryPolicy {
  /** Tries in all, the first included. */
  readonly attempts: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

export interface RetryTools {
  readonly clock: Clock;
  /** Between 0 and 1, for jitter. */
  readonly random: () => number;
  readonly signal?: AbortSignal;
}

/**
 * What to do about a failure: `undefined` gives up; otherwise try again after at least `afterMs`
 * (0 when the service named no time).
 */
export type RetryDecision = { readonly afterMs: number } | undefined;

/** Exponential backoff with full jitter, never shorter than what the service asked for. Throws the last error. */
export async function retrying<Result>(
  work: (attempt: number) => Promise<Result>,
  decide: (error: unknown) => RetryDecision,
  { policy, clock, random, signal }: RetryTools & { readonly policy: RetryPolicy },
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    try {
      return await work(attempt);
    } catch (error) {
      const decision = decide(error);
      if (decision === undefined || attempt >= policy.attempts) throw error;
      const ceiling = Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** (attempt - 1));
      await clock.sleep(Math.max(decision.afterMs, ceiling * (0.5 + 0.5 * random())), signal);
    }
  }
}
