/**
 * Rate limits by identity (learn.microsoft.com/azure/devops/integrate/concepts/rate-limits): a bucket of TSTU that
 * drains over the window. As it fills, answers first carry headers, then Retry-After, then come late, then are refused
 * with 429 and at last 503.
 */
export interface ThrottleOptions {
  /** TSTU in the window; Infinity (default) switches throttling off. */
  limit: number;
  windowMs: number;
  /** TSTU one request costs. */
  cost: number;
  /** Longest delay of an answer; the service goes to 30 s. */
  maxDelayMs: number;
  retryAfterSeconds: number;
}

export interface Throttling {
  readonly headers: Readonly<Record<string, string>>;
  readonly delayMs: number;
  readonly refusal: 429 | 503 | undefined;
}

export interface Throttle {
  readonly options: ThrottleOptions;
  /** Counts a request of this identity and says what becomes of it. */
  count(identityId: string, now: Date): Throttling;
  /** Forgets all use. */
  reset(): void;
}

/** Shares of the limit at which each phase begins. */
const phases = { headers: 0.5, retryAfter: 0.8, delay: 1, refuse: 1.5, unavailable: 2.5 };

export const throttleResource = "AzureDevOps/ConcurrentRequests";

export function throttleOf(options: Partial<ThrottleOptions> = {}): Throttle {
  const settings = { limit: Infinity, windowMs: 300_000, cost: 1, maxDelayMs: 200, retryAfterSeconds: 1, ...options };
  const usage = new Map<string, { amount: number; at: number }>();
  return {
    options: settings,
    reset: () => usage.clear(),
    count: (identityId, now) => {
      if (settings.limit === Infinity) return { headers: {}, delayMs: 0, refusal: undefined };
      const before = usage.get(identityId) ?? { amount: 0, at: now.getTime() };
      const drained = ((now.getTime() - before.at) * settings.limit) / settings.windowMs;
      const amount = Math.max(0, before.amount - drained) + settings.cost;
      usage.set(identityId, { amount, at: now.getTime() });
      return throttlingOf(amount, settings, now);
    },
  };
}

function throttlingOf(amount: number, options: ThrottleOptions, now: Date): Throttling {
  const share = amount / options.limit;
  const refusal = share > phases.unavailable ? 503 : share > phases.refuse ? 429 : undefined;
  const over = Math.min(1, (share - phases.delay) / (phases.refuse - phases.delay));
  const delayMs = refusal === undefined && over > 0 ? Math.ceil(over * options.maxDelayMs) : 0;
  return { headers: headersOf({ amount, share, delayMs }, options, now), delayMs, refusal };
}

function headersOf(
  { amount, share, delayMs }: { readonly amount: number; readonly share: number; readonly delayMs: number },
  options: ThrottleOptions,
  now: Date,
): Record<string, string> {
  if (share <= phases.headers) return {};
  const emptyAt = now.getTime() + (amount * options.windowMs) / options.limit;
  return {
    "x-ratelimit-resource": throttleResource,
    "x-ratelimit-limit": String(options.limit),
    "x-ratelimit-remaining": String(Math.max(0, Math.floor(options.limit - amount))),
    "x-ratelimit-reset": String(Math.ceil(emptyAt / 1000)),
    ...(delayMs > 0 ? { "x-ratelimit-delay": (delayMs / 1000).toFixed(3) } : {}),
    ...(share > phases.retryAfter ? { "retry-after": String(options.retryAfterSeconds) } : {}),
  };
}

/** The text of a refusal by rate limit. */
export function blockedMessage(organizationId: string): string {
  return `TF400733: The request has been canceled: Request was blocked due to exceeding usage of resource '${throttleResource}' in namespace '${organizationId}'.`;
}
