/** Long-running operations: their state follows the clock, as callers who poll them see it. */

export interface OperationStore {
  /** Queues an operation that ends after `durationMs`; `failure` makes it fail with this message. */
  start(durationMs: number, failure?: string): string;
  statusOf(id: string): { readonly status: string; readonly failure: string | undefined } | undefined;
}

interface OperationRecord {
  readonly startedAt: number;
  readonly durationMs: number;
  readonly failure: string | undefined;
}

export function operationStore(context: { readonly newId: () => string; readonly now: () => Date }): OperationStore {
  const records = new Map<string, OperationRecord>();
  return {
    start: (durationMs, failure) => {
      const id = context.newId();
      records.set(id, { startedAt: context.now().getTime(), durationMs, failure });
      return id;
    },
    statusOf: (id) => {
      const record = records.get(id.toLowerCase());
      if (record === undefined) return undefined;
      const share = (context.now().getTime() - record.startedAt) / record.durationMs;
      if (share < 0.2) return { status: "queued", failure: undefined };
      if (share < 1) return { status: "inProgress", failure: undefined };
      return { status: record.failure === undefined ? "succeeded" : "failed", failure: record.failure };
    },
  };
}
