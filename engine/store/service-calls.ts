import type { Clock } from "../foundation/clock.ts";
import { BackupError } from "../foundation/errors.ts";
import { retrying, type RetryDecision, type RetryPolicy } from "../foundation/retry.ts";
import { isTransient, ServiceFailure, type RefusalContext, type StoreRequest } from "./service-failure.ts";
import { storeError } from "./store-errors.ts";

/**
 * Every request to the blob service goes through here: transient failures are tried again with growing, jittered
 * pauses that are never shorter than the service asked for, within a bounded time; what remains becomes an error
 * of the port. One place, so that SDK and fetch behave alike.
 */
export interface ServiceCalls {
  /** `send` throws a ServiceFailure for everything the service or the network refuses. */
  call<Result>(request: StoreRequest, send: (signal: AbortSignal) => Promise<Result>): Promise<Result>;
  /** The same, leaving a final refusal to the caller. `timeoutMs`: of each try. */
  tryCall<Result>(send: (signal: AbortSignal) => Promise<Result>, timeoutMs?: number): Promise<Result>;
  errorOf(failure: ServiceFailure, request: StoreRequest): BackupError;
  /** Notes the service's clock. */
  noteDate(date: Date | undefined): void;
  readonly latestDate: () => Date | undefined;
}

export interface ServiceCallsOptions extends Omit<RefusalContext, "now"> {
  readonly clock: Clock;
  /** Between 0 and 1, for jitter. */
  readonly random: () => number;
  readonly retry?: RetryPolicy;
  readonly signal?: AbortSignal | undefined;
}

/** About two minutes of waiting in all. */
const DEFAULT_RETRY: RetryPolicy = { attempts: 9, firstDelayMs: 500, maxDelayMs: 30_000 };
/** An address that has never answered is more likely wrong than down. */
const FIRST_CONTACT_ATTEMPTS = 4;
/** A service that asks for a longer pause is down for this run. */
const LONGEST_PAUSE_MS = 5 * 60_000;
/** From sending a request to its answer's headers; blocks of 5 MiB pass at 22 kB/s. */
const REQUEST_TIMEOUT_MS = 4 * 60_000;
/** A service that takes so long several times will not do better. */
const MOST_TIMEOUTS = 3;
const TIMED_OUT = "no answer in time";

export function serviceCalls(options: ServiceCallsOptions): ServiceCalls {
  const { clock, random } = options;
  const policy = options.retry ?? DEFAULT_RETRY;
  let latestDate: Date | undefined;
  let hasAnswered = false;

  function noteDate(date: Date | undefined): void {
    hasAnswered = true;
    if (date !== undefined) latestDate = date;
  }

  function errorOf(failure: ServiceFailure, request: StoreRequest): BackupError {
    return storeError(failure, request, { ...options, now: clock.now() });
  }

  async function attempt<Result>(send: (signal: AbortSignal) => Promise<Result>, timeoutMs: number): Promise<Result> {
    try {
      const result = await inTime(send, timeoutMs, options.signal);
      hasAnswered = true;
      return result;
    } catch (error) {
      options.signal?.throwIfAborted();
      if (error instanceof ServiceFailure && error.status !== undefined) noteDate(error.serviceDate);
      throw error;
    }
  }

  async function tryCall<Result>(
    send: (signal: AbortSignal) => Promise<Result>,
    timeoutMs = REQUEST_TIMEOUT_MS,
  ): Promise<Result> {
    let tries = 0;
    let timeouts = 0;
    const decide = (error: unknown): RetryDecision => {
      tries += 1;
      if (!(error instanceof ServiceFailure) || !isTransient(error) || error.retryAfterMs > LONGEST_PAUSE_MS) return;
      if (error.serviceCode === TIMED_OUT) timeouts += 1;
      if (timeouts >= MOST_TIMEOUTS) return;
      return hasAnswered || tries < FIRST_CONTACT_ATTEMPTS ? { afterMs: error.retryAfterMs } : undefined;
    };
    const { signal } = options;
    return retrying(() => attempt(send, timeoutMs), decide, {
      clock,
      random,
      policy,
      ...(signal === undefined ? {} : { signal }),
    });
  }

  return {
    tryCall,
    errorOf,
    noteDate,
    latestDate: () => latestDate,
    call: async (request, send) => {
      try {
        return await tryCall(send);
      } catch (error) {
        throw error instanceof ServiceFailure ? errorOf(error, request) : error;
      }
    },
  };
}

async function inTime<Result>(
  send: (signal: AbortSignal) => Promise<Result>,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Result> {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), timeoutMs);
  try {
    return await send(signal === undefined ? timeout.signal : AbortSignal.any([timeout.signal, signal]));
  } catch (error) {
    throw timeout.signal.aborted ? new ServiceFailure({ status: undefined, serviceCode: TIMED_OUT }) : error;
  } finally {
    clearTimeout(timer);
  }
}
