import { readAll } from "../foundation/bytes.ts";

/**
 * The object store port. A reader cannot write by type; a store can create but never change; only retention
 * holds a store that can delete. Names are chosen by vault/format/layout.ts and hold no user text.
 *
 * Errors are BackupErrors with these codes:
 * STORE_NOT_FOUND (the object), STORE_EXISTS (another object has the name), STORE_CONTAINER_MISSING,
 * STORE_FORBIDDEN (rights, expired or wrong credentials), STORE_FULL, STORE_ARCHIVED (archive tier: must be
 * rehydrated), STORE_IMMUTABLE (delete refused by policy), STORE_UNAVAILABLE (still failing after retries),
 * STORE_TRUNCATED (fewer bytes than announced), STORE_REQUEST (anything else the service refuses).
 */
export interface ObjectInfo {
  readonly name: string;
  readonly length: number;
  /** When the service created the object, by the service's clock; ISO 8601. */
  readonly createdAt: string;
  /** Only in a listing that asked for it, and only where the service told; absent means unknown, never unprotected. */
  readonly protection?: ObjectProtection;
}

/** What the service says of how an object's current version is kept from being deleted. */
export interface ObjectProtection {
  /** The object's own time-based policy; whoever may set an unlocked one may also take it away. */
  readonly policy?: { readonly mode: "locked" | "unlocked"; readonly until: string };
  /** A legal hold: no end is set, and somebody may lift it. */
  readonly isHeld: boolean;
}

/** What the service says of the container as a whole. */
export interface ContainerProtection {
  /** A time-based policy for everything in it. Its period, and whether it is locked, is not told to readers. */
  readonly hasPolicy: boolean;
  readonly isHeld: boolean;
  /** Policies are kept by object version: the container's own is only what new objects begin with. */
  readonly isByVersion: boolean;
}

export interface ListOptions {
  /** `protection` of each object as well, where the account tells it. */
  readonly withProtection?: boolean;
  /**
   * Each version is told as well, each as an object of its own, so that a name that has older ones comes more than once;
   * in an account that keeps none it changes nothing. Versions whose name was deleted are told too.
   */
  readonly withVersions?: boolean;
}

export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export interface ReadOptions {
  readonly range?: ByteRange;
  /** One of `versionsOf`; the current one otherwise. */
  readonly version?: string;
}

export interface ObjectBody {
  /** Bytes this body will yield: of the range if one was asked for. */
  readonly length: number;
  /** Yields exactly `length` bytes or throws; may be read once. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

export interface ObjectVersion {
  readonly version: string;
  readonly length: number;
  readonly createdAt: string;
}

export interface ObjectReader {
  /** Throws STORE_NOT_FOUND. A transient failure is retried inside, also in the middle of the body. */
  read(name: string, options?: ReadOptions): Promise<ObjectBody>;
  /** Undefined when there is no such object; throws when that is not certain. */
  info(name: string): Promise<ObjectInfo | undefined>;
  /**
   * All objects whose names begin with `prefix`, in name order. A listing is valid only if it ends without
   * throwing: a page that cannot be read throws, it never looks like the end. An account that refuses to tell
   * `withProtection` is listed without.
   */
  list(prefix: string, options?: ListOptions): AsyncIterable<ObjectInfo>;
  /** Undefined when the service does not tell: a SAS of the container, for one, may not ask. Throws only STORE_UNAVAILABLE. */
  containerProtection(): Promise<ContainerProtection | undefined>;
  /** Versions of one name, oldest first; empty when the account keeps none. */
  versionsOf(name: string): Promise<readonly ObjectVersion[]>;
  /** The service's clock: its latest Date header, asking once when there was none yet. */
  serviceTime(): Promise<Date>;
}

export interface ObjectStore extends ObjectReader {
  /**
   * Creates the object, once and for all. An object that is already there with equal bytes is our own earlier
   * attempt whose answer was lost, and counts as success; other bytes throw STORE_EXISTS.
   */
  create(name: string, bytes: Uint8Array): Promise<ObjectInfo>;
  /**
   * The same for a stream of unknown length. Nothing is visible before the source has ended well: if the source
   * throws, nothing was created and its error is rethrown. Memory stays bounded.
   */
  createFrom(name: string, chunks: AsyncIterable<Uint8Array>): Promise<ObjectInfo>;
}

export interface DeletingStore extends ObjectStore {
  /** True when it is gone (also when it was already), false when a policy or hold keeps it. */
  delete(name: string): Promise<boolean>;
}

/** Reads a whole object that is known to be small. Throws RangeError beyond `maxBytes`. */
export async function readObject(reader: ObjectReader, name: string, maxBytes: number): Promise<Uint8Array> {
  const body = await reader.read(name);
  return readAll(body.chunks, maxBytes);
}
