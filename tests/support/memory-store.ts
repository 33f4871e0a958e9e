import { concat, equalBytes } from "../../engine/foundation/bytes.ts";
import { systemClock, type Clock } from "../../engine/foundation/clock.ts";
import { BackupError } from "../../engine/foundation/errors.ts";
import type {
  ContainerProtection,
  DeletingStore,
  ObjectBody,
  ObjectInfo,
  ObjectProtection,
  ReadOptions,
} from "../../engine/store/object-store.ts";

const CHUNK_BYTES = 64 * 1024;

interface KeptVersion {
  readonly version: string;
  readonly bytes: Uint8Array;
  readonly createdAt: string;
}

export interface MemoryStoreOptions {
  /** The service's clock. */
  readonly clock?: Pick<Clock, "now">;
  /** Keeps what `overwrite` and `delete` replace, as an account with versioning does. */
  readonly versioned?: boolean;
  /** Stored from the beginning; these bytes themselves, not a copy. */
  readonly objects?: Iterable<readonly [name: string, bytes: Uint8Array]>;
}

/** How the account keeps objects from being deleted; may be changed while a test runs. */
export interface ProtectionRules {
  /** Of each object; undefined: the account does not tell. Without this rule no object has any protection. */
  object?: ((info: ObjectInfo) => ObjectProtection | undefined) | undefined;
  /** Undefined: who reads may not ask. */
  container: ContainerProtection | undefined;
}

/** A store in memory that behaves as the port promises, with handles by which tests do what an attacker could. */
export interface MemoryStore extends DeletingStore {
  /** What is stored now. Change or delete entries here to damage the store behind the product's back. */
  readonly objects: Map<string, Uint8Array>;
  /** Names that a policy keeps: `delete` answers false. */
  readonly locked: Set<string>;
  readonly protection: ProtectionRules;
  /** Replaces an object as a holder of write rights could; the old bytes stay as a version if the store keeps any. */
  overwrite(name: string, bytes: Uint8Array): void;
}

/**
 * A store with the same objects, to be changed on its own. The bytes are shared, not copied: replace an object in
 * `objects` to damage it, do not write into its bytes.
 */
export function copyOf(store: MemoryStore | undefined, options: MemoryStoreOptions = {}): MemoryStore {
  return memoryStore({ ...options, objects: store?.objects ?? [] });
}

export function memoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  const clock = options.clock ?? systemClock;
  const objects = new Map<string, Uint8Array>();
  const createdAt = new Map<string, string>();
  const versions = new Map<string, KeptVersion[]>();
  const locked = new Set<string>();
  const protection: ProtectionRules = { container: { hasPolicy: false, isHeld: false, isByVersion: false } };

  function createdAtOf(name: string): string {
    const known = createdAt.get(name) ?? clock.now().toISOString();
    createdAt.set(name, known);
    return known;
  }

  function infoOf(name: string, bytes: Uint8Array): ObjectInfo {
    return { name, length: bytes.length, createdAt: createdAtOf(name) };
  }

  function protectedInfo(info: ObjectInfo): ObjectInfo {
    const told = protection.object === undefined ? { isHeld: false } : protection.object(info);
    return told === undefined ? info : { ...info, protection: told };
  }

  function isKept(name: string): boolean {
    const bytes = objects.get(name);
    if (locked.has(name)) return true;
    const told = bytes === undefined ? undefined : protectedInfo(infoOf(name, bytes)).protection;
    return told?.isHeld === true || Date.parse(told?.policy?.until ?? "") > clock.now().getTime();
  }

  function put(name: string, bytes: Uint8Array): ObjectInfo {
    objects.set(name, bytes);
    createdAt.set(name, clock.now().toISOString());
    if (options.versioned === true) {
      const kept = versions.get(name) ?? [];
      kept.push({ version: `v${String(kept.length + 1).padStart(6, "0")}`, bytes, createdAt: createdAtOf(name) });
      versions.set(name, kept);
    }
    return infoOf(name, bytes);
  }

  for (const [name, bytes] of options.objects ?? []) put(name, bytes);

  function create(name: string, bytes: Uint8Array): ObjectInfo {
    const existing = objects.get(name);
    if (existing === undefined) return put(name, new Uint8Array(bytes));
    if (equalBytes(existing, bytes)) return infoOf(name, existing);
    throw storeError("STORE_EXISTS", `Object ${name} is already there with other bytes`);
  }

  function bytesOf(name: string, version: string | undefined): Uint8Array {
    const found =
      version === undefined
        ? objects.get(name)
        : versions.get(name)?.find((candidate) => candidate.version === version)?.bytes;
    if (found === undefined) throw storeError("STORE_NOT_FOUND", `Object ${name} is not there`);
    return found;
  }

  return {
    objects,
    locked,
    protection,
    overwrite: (name, bytes) => void put(name, new Uint8Array(bytes)),
    create: async (name, bytes) => create(name, bytes),
    createFrom: async (name, chunks) => {
      const parts: Uint8Array[] = [];
      for await (const chunk of chunks) parts.push(new Uint8Array(chunk));
      return create(name, concat(parts));
    },
    read: async (name, readOptions = {}) => bodyOf(name, bytesOf(name, readOptions.version), readOptions),
    info: async (name) => {
      const bytes = objects.get(name);
      return bytes === undefined ? undefined : infoOf(name, bytes);
    },
    list: async function* (prefix, { withProtection = false, withVersions = false } = {}) {
      for (const name of [...objects.keys()].filter((key) => key.startsWith(prefix)).sort()) {
        const bytes = objects.get(name);
        if (bytes === undefined) continue;
        const info = infoOf(name, bytes);
        for (const older of withVersions ? (versions.get(name) ?? []).slice(0, -1) : [])
          yield { name, length: older.bytes.length, createdAt: older.createdAt };
        yield withProtection ? protectedInfo(info) : info;
      }
    },
    versionsOf: async (name) =>
      (versions.get(name) ?? []).map((kept) => ({
        version: kept.version,
        length: kept.bytes.length,
        createdAt: kept.createdAt,
      })),
    containerProtection: async () => protection.container,
    serviceTime: async () => clock.now(),
    delete: async (name) => {
      if (isKept(name)) return false;
      objects.delete(name);
      createdAt.delete(name);
      return true;
    },
  };
}

function bodyOf(name: string, bytes: Uint8Array, { range }: ReadOptions): ObjectBody {
  const { offset, length } = range ?? { offset: 0, length: bytes.length };
  if (offset + length > bytes.length) {
    throw storeError("STORE_TRUNCATED", `Object ${name} has ${bytes.length} bytes, expected ${offset + length}`);
  }
  const wanted = new Uint8Array(bytes.subarray(offset, offset + length));
  return { length, chunks: inChunks(wanted) };
}

async function* inChunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += CHUNK_BYTES) yield bytes.slice(offset, offset + CHUNK_BYTES);
}

function storeError(code: string, message: string): BackupError {
  return new BackupError({ code, message, hint: "This store lives in memory, in a test." });
}
