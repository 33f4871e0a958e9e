import type { Clock } from "../../foundation/clock.ts";

/**
 * Keeps one identity within its share of one host (learn.microsoft.com/azure/devops/integrate/concepts/rate-limits).
 * All requests to the host take a turn here:
 *   turn = a free lane + the end of the common pause.
 *   Every answer, 200 included, is looked at: Retry-After moves the common pause; a low X-RateLimit-Remaining, 429 and
 *   503 close lanes at once; each untroubled answer opens them again by a twentieth.
 * Nothing is repeated here, and nothing is lost: requests only wait.
 */
export interface Governor {
  turn<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Tells what an answer said about our consumption. */
  observe(status: number, header: (name: string) => string | undefined): void;
  /** Lanes open now, a fraction while recovering; for tests and reports. */
  readonly lanes: number;
}

export interface GovernorOptions {
  readonly clock: Clock;
  /** Upper bound of requests at a time. */
  readonly parallelism: number;
  readonly signal?: AbortSignal | undefined;
  /** Called whenever the service makes us wait, with the seconds it named and the resource it means. */
  readonly onSlowdown: (seconds: number, resource: string | undefined) => void;
  /** Called with what the common pause grows by, in milliseconds. */
  readonly onPause?: (ms: number) => void;
}

const lowRatio = 0.2;
const recoveryStep = 0.05;
/** A pause after 429 or 503 that name no time. */
const defaultPauseMs = 5_000;
const maxPauseMs = 15 * 60_000;

export function createGovernor({ clock, parallelism, signal, onSlowdown, onPause }: GovernorOptions): Governor {
  let lanes = parallelism;
  let running = 0;
  let pausedUntilMs = 0;
  const waiting: (() => void)[] = [];

  function admit(): void {
    while (running < Math.max(1, Math.floor(lanes)) && waiting.length > 0) {
      running += 1;
      waiting.shift()?.();
    }
  }

  async function lane(): Promise<void> {
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      admit();
    });
  }

  function pause(ms: number, resource: string | undefined): void {
    const bounded = Math.min(ms, maxPauseMs);
    const nowMs = clock.monotonicMs();
    const untilMs = Math.max(pausedUntilMs, nowMs + bounded);
    onPause?.(untilMs - Math.max(pausedUntilMs, nowMs));
    pausedUntilMs = untilMs;
    onSlowdown(bounded / 1000, resource);
  }

  return {
    get lanes() {
      return lanes;
    },
    async turn(work) {
      await lane();
      try {
        for (let left = pausedUntilMs - clock.monotonicMs(); left > 0; left = pausedUntilMs - clock.monotonicMs()) {
          await clock.sleep(left, signal);
        }
        return await work();
      } finally {
        running -= 1;
        admit();
      }
    },
    observe(status, header) {
      const resource = header("x-ratelimit-resource");
      const retryAfterMs = retryAfterOf(header("retry-after"), clock);
      const isRefused = status === 429 || status === 503;
      if (retryAfterMs !== undefined && retryAfterMs > 0) pause(retryAfterMs, resource);
      else if (isRefused) pause(defaultPauseMs, resource);

      const ceiling = parallelism * Math.min(1, remainingRatioOf(header) / lowRatio);
      if (isRefused) lanes = Math.max(1, lanes / 2);
      else if (ceiling < parallelism) lanes = Math.max(1, Math.min(lanes, Math.ceil(ceiling)));
      else if (retryAfterMs === undefined) lanes = Math.min(parallelism, lanes + recoveryStep);
      admit();
    },
  };
}

/** Seconds or an HTTP date, as milliseconds from now. */
export function retryAfterOf(value: string | undefined, clock: Clock): number | undefined {
  if (value === undefined || value.trim() === "") return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - clock.now().getTime());
}

/** What is left of the share, 0 to 1; 1 when the answer does not say. An answer that was held back counts as 0. */
function remainingRatioOf(header: (name: string) => string | undefined): number {
  if (Number(header("x-ratelimit-delay") ?? "0") > 0) return 0;
  const limit = Number(header("x-ratelimit-limit") ?? Number.NaN);
  const remaining = Number(header("x-ratelimit-remaining") ?? Number.NaN);
  return limit > 0 && remaining >= 0 ? remaining / limit : 1;
}
