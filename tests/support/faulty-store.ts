import { BackupError } from "../../engine/foundation/errors.ts";
import type { DeletingStore, ListOptions, ObjectBody, ObjectInfo } from "../../engine/store/object-store.ts";

/** A mutating operation (create, createFrom, delete), counted from 1, and the side of its effect. */
export interface FaultPoint {
  readonly operation: number;
  readonly when: "before" | "after";
}

/** May be changed while a test runs. */
export interface StoreFaults {
  /** This one operation throws STORE_UNAVAILABLE; everything else works. */
  failAt?: FaultPoint | undefined;
  /** The process dies here: this operation and everything after it, reads too, throw a StoreKilled. */
  killAt?: FaultPoint | undefined;
  /**
   * From this mutating operation on: STORE_FULL refuses creates only; STORE_FORBIDDEN (an expired SAS) and
   * STORE_UNAVAILABLE refuse everything.
   */
  refuseFrom?: { readonly operation: number; readonly code: RefusalCode } | undefined;
  /** A listing throws STORE_UNAVAILABLE when it should begin this page (from 1). */
  failListing?: { readonly page: number; readonly pageSize: number; readonly prefix?: string } | undefined;
  /** Listings end at once and without an error, as of a container created anew. */
  emptyListings?: boolean | undefined;
  /** The next `times` reads of matching names are spoilt: cut short (and STORE_TRUNCATED), or one bit flipped. */
  spoilReads?: { readonly how: "truncate" | "flip"; readonly matching: RegExp; times: number } | undefined;
}

export type RefusalCode = "STORE_FORBIDDEN" | "STORE_FULL" | "STORE_UNAVAILABLE";

/** What `killAt` throws. Not a BackupError: no code of the product may take it for something to handle. */
export class StoreKilled extends Error {
  constructor() {
    super("The process was killed here");
    this.name = "StoreKilled";
  }
}

export interface FaultyStore extends DeletingStore {
  readonly faults: StoreFaults;
  /** The mutating operations so far, such as `create name`, in order. */
  readonly operations: readonly string[];
  /** Reads so far. */
  readonly reads: readonly string[];
  readonly killed: boolean;
}

/** Decorates a store with the faults of the fault plan; `faults` can be changed at any time. */
export function faultyStore(store: DeletingStore, faults: StoreFaults = {}): FaultyStore {
  const operations: string[] = [];
  const reads: string[] = [];
  let killed = false;

  function refuse(isCreate: boolean): void {
    if (killed) throw new StoreKilled();
    const refusal = faults.refuseFrom;
    if (refusal === undefined || operations.length < refusal.operation) return;
    if (isCreate || refusal.code !== "STORE_FULL") throw fault(refusal.code);
  }

  function meet(point: "before" | "after", operation: number): void {
    if (faults.killAt?.operation === operation && faults.killAt.when === point) killed = true;
    if (killed) throw new StoreKilled();
    if (faults.failAt?.operation === operation && faults.failAt.when === point) throw fault("STORE_UNAVAILABLE");
  }

  function begin(label: string): number {
    const operation = operations.push(label);
    refuse(!label.startsWith("delete "));
    meet("before", operation);
    return operation;
  }

  async function mutate<Result>(label: string, effect: () => Promise<Result>): Promise<Result> {
    const operation = begin(label);
    const result = await effect();
    meet("after", operation);
    return result;
  }

  /** The operation counts, and meets its faults, when the source has ended: only then would it have an effect. */
  async function createFrom(name: string, chunks: AsyncIterable<Uint8Array>): Promise<ObjectInfo> {
    let operation = 0;
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield* chunks;
      operation = begin(`create ${name}`);
    };
    const info = await store.createFrom(name, source());
    meet("after", operation);
    return info;
  }

  function reading<Result>(work: () => Result): Result {
    refuse(false);
    return work();
  }

  return {
    faults,
    operations,
    reads,
    get killed() {
      return killed;
    },
    create: (name, bytes) => mutate(`create ${name}`, () => store.create(name, bytes)),
    createFrom,
    delete: (name) => mutate(`delete ${name}`, () => store.delete(name)),
    read: async (name, options) => {
      reads.push(name);
      const body = await reading(() => store.read(name, options));
      return spoilt(name, body, faults);
    },
    info: async (name) => reading(() => store.info(name)),
    list: (prefix, options) => listing({ prefix, options }, store, { faults, refuse }),
    containerProtection: async () => reading(() => store.containerProtection()),
    versionsOf: async (name) => reading(() => store.versionsOf(name)),
    serviceTime: async () => reading(() => store.serviceTime()),
  };
}

async function* listing(
  { prefix, options }: { readonly prefix: string; readonly options: ListOptions | undefined },
  store: DeletingStore,
  { faults, refuse }: { readonly faults: StoreFaults; readonly refuse: (isCreate: boolean) => void },
): AsyncGenerator<ObjectInfo> {
  refuse(false);
  if (faults.emptyListings === true) return;
  const failing = faults.failListing;
  const failAfter =
    failing !== undefined && prefix.startsWith(failing.prefix ?? "")
      ? (failing.page - 1) * failing.pageSize
      : Number.POSITIVE_INFINITY;
  let yielded = 0;
  for await (const info of store.list(prefix, options)) {
    if (yielded >= failAfter) throw fault("STORE_UNAVAILABLE");
    refuse(false);
    yield info;
    yielded += 1;
  }
}

function spoilt(name: string, body: ObjectBody, faults: StoreFaults): ObjectBody {
  const spoiling = faults.spoilReads;
  if (spoiling === undefined || spoiling.times <= 0 || !spoiling.matching.test(name)) return body;
  spoiling.times -= 1;
  return { length: body.length, chunks: spoiling.how === "flip" ? flipped(body) : truncated(name, body) };
}

async function* flipped(body: ObjectBody): AsyncGenerator<Uint8Array> {
  const at = Math.floor(body.length / 2);
  let offset = 0;
  for await (const chunk of body.chunks) {
    const copy = new Uint8Array(chunk);
    if (at >= offset && at < offset + copy.length) copy[at - offset] = (copy[at - offset] ?? 0) ^ 1;
    offset += copy.length;
    yield copy;
  }
}

async function* truncated(name: string, body: ObjectBody): AsyncGenerator<Uint8Array> {
  let left = Math.floor(body.length / 2);
  for await (const chunk of body.chunks) {
    if (left > 0) yield chunk.slice(0, left);
    left -= Math.min(left, chunk.length);
    if (left === 0) break;
  }
  throw new BackupError({
    code: "STORE_TRUNCATED",
    message: `Object ${name} ended early`,
    hint: "This fault was made by a test.",
  });
}

function fault(code: RefusalCode): BackupError {
  return new BackupError({ code, message: `The store answered ${code}`, hint: "This fault was made by a test." });
}
