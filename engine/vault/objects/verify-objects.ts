/**
 * Building blocks of verification: are the objects a closure names there (by listing), and is every stored byte the
 * one that was signed (by reading all of it). No key is needed for either.
 */
import { hasCode } from "../../foundation/errors.ts";
import { mapConcurrent } from "../../foundation/concurrency.ts";
import type { ObjectInfo, ObjectProtection } from "../../store/object-store.ts";
import { dataPrefix, pathOfDataName } from "../format/layout.ts";
import type { Ref } from "../format/ref.ts";
import { findIntactVersion } from "./stored-objects.ts";
import type { StoredAccess } from "./stored-objects.ts";

export interface ObjectFinding {
  /** `o` of the REF. */
  readonly object: string;
  readonly what: "missing" | "damaged" | "wrong-length";
  readonly message: string;
}

export interface CheckedObject {
  readonly ref: Ref;
  /** Stored bytes that were read. */
  readonly bytes: number;
  readonly finding?: ObjectFinding;
  /** Another version lies on top of the one that was signed. */
  readonly isHidden?: boolean;
}

/**
 * Reads and hashes every object once, however often it is named, and yields each in the order it was first named.
 * An object whose current version is wrong passes when an older version is right: readers find it too.
 * Throws what keeps an object from being judged (rights, an unreachable or archived object).
 */
export async function* checkStoredObjects(
  access: StoredAccess,
  refs: AsyncIterable<Ref>,
  options: { readonly parallelism: number; readonly signal?: AbortSignal },
): AsyncGenerator<CheckedObject> {
  yield* mapConcurrent(distinct(refs), options.parallelism, (ref) => {
    options.signal?.throwIfAborted();
    return checkStoredObject(access, ref);
  });
}

/** Names and sizes of everything in the vault's data. */
export interface ObjectListing {
  /** Stored bytes, or undefined when there is no such object. */
  lengthOf(ref: Pick<Ref, "o">): number | undefined;
  /** How the object is kept from being deleted; undefined when the account does not tell, or there is no such object. */
  protectionOf(ref: Pick<Ref, "o">): ObjectProtection | undefined;
  readonly objects: number;
}

/** Lists all data objects; throws when any page of the listing cannot be read. */
export async function listObjects(access: Pick<StoredAccess, "store" | "vault">): Promise<ObjectListing> {
  const objects = new Map<string, Pick<ObjectInfo, "length" | "protection">>();
  const listing = access.store.list(dataPrefix(access.vault), { withProtection: true });
  for await (const { name, ...info } of listing) {
    const path = pathOfDataName(access.vault, name);
    if (path !== undefined) objects.set(path, info);
  }
  return {
    lengthOf: ({ o }) => objects.get(o)?.length,
    protectionOf: ({ o }) => objects.get(o)?.protection,
    objects: objects.size,
  };
}

/** What the listing says against one REF. */
export function listingFinding(listing: ObjectListing, ref: Ref): ObjectFinding | undefined {
  const length = listing.lengthOf(ref);
  if (length === ref.n) return undefined;
  if (length === undefined) return finding(ref, "missing", "is not in the storage account");
  return finding(ref, "wrong-length", `has ${length} bytes where ${ref.n} were signed`);
}

async function checkStoredObject(access: StoredAccess, ref: Ref): Promise<CheckedObject> {
  try {
    const version = await findIntactVersion(access, ref);
    return { ref, bytes: ref.n, ...(version === undefined ? {} : { isHidden: true }) };
  } catch (error) {
    if (hasCode(error, "OBJECT_MISSING")) {
      return { ref, bytes: 0, finding: finding(ref, "missing", "is not in the storage account") };
    }
    if (!hasCode(error, "OBJECT_DAMAGED")) throw error;
    return { ref, bytes: ref.n, finding: finding(ref, "damaged", "does not have the bytes that were signed") };
  }
}

function finding({ o }: Ref, what: ObjectFinding["what"], message: string): ObjectFinding {
  return { object: o, what, message: `Object ${o} ${message}` };
}

async function* distinct(refs: AsyncIterable<Ref>): AsyncGenerator<Ref> {
  const seen = new Set<string>();
  for await (const ref of refs) {
    // Two REFs of one name that differ in their hash cannot both be right: each is judged.
    const identity = `${ref.o} ${ref.h}`;
    if (seen.has(identity)) continue;
    seen.add(identity);
    yield ref;
  }
}
