import type { FetchedBundle, FetchRequest } from "./git-access.ts";
import { bundleHeader, prerequisitesOf } from "./bundle-header.ts";
import type { PackSource } from "./fetch-pack.ts";
import { checkedPack } from "./pack-stream.ts";
import { PackScanner } from "./pack-scanner.ts";

/** Oids to ask for: the request's that are not known. */
export function wantsOf({ refs, known }: FetchRequest): readonly string[] {
  const knownOids = new Set(Object.values(known).map(([oid]) => oid));
  return [...new Set(Object.values(refs))].filter((oid) => !knownOids.has(oid));
}

/** Oids to offer: known tips, of annotated tags what they point to. What the server has lost only costs bytes. */
export function havesOf({ known }: FetchRequest): readonly string[] {
  return [...new Set(Object.values(known).map(([oid, peeled]) => peeled ?? oid))];
}

/** A pack with its header, checked and scanned while it is read. */
export function fetchedBundle(
  request: FetchRequest,
  source: PackSource,
  method: "wire" | "wire-base" | "git",
): FetchedBundle {
  const { advertisement, refs, known } = request;
  const { hash, url: name, head } = advertisement;
  const isIncrement = source.common.size > 0;
  const wants = new Set(wantsOf(isIncrement ? request : { ...request, known: {} }));
  const header = bundleHeader({
    hash,
    prerequisites: isIncrement ? prerequisitesOf({ refs, known, head, common: source.common }) : [],
    refs: Object.fromEntries(Object.entries(refs).filter(([, oid]) => wants.has(oid))),
  });
  const facts = { objects: 0, bytes: 0 };
  const usesOffsets = method === "git" || advertisement.version === 2 || advertisement.capabilities.has("ofs-delta");
  const scanner = new PackScanner({ hash, name, isThin: request.thin && isIncrement, isIncrement, usesOffsets });
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield header;
    yield* scanner.watch(checkedPack(source.pack, { hash, name, facts }));
  }
  return {
    chunks: chunks(),
    facts: () => ({ header: header.length, objects: facts.objects }),
    pointers: () => scanner.pointers,
    hiddenPointers: () => scanner.hiddenPointers,
    method: () => method,
    isIncrement: () => isIncrement,
    figures: () => scanner.news.figures(),
    parents: () => scanner.news.parents,
  };
}
