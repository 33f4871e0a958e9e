/**
 * What a server advertises: refs (v0, v1) or capabilities (v2, whose refs are a second request). gitprotocol-http,
 * gitprotocol-pack, gitprotocol-v2.
 */
import type { RefTarget } from "../vault/format/state.ts";
import { delimiterPacket, flushPacket, packet } from "./pkt-line.ts";
import type { PacketReader } from "./pkt-line.ts";
import { isOid, isRefName } from "./ref-names.ts";

export interface AdvertisedRefs {
  readonly hash: "sha1" | "sha256";
  readonly refs: Readonly<Record<string, RefTarget>>;
  readonly head: string | null;
  /** Names that git refuses: not in `refs`. */
  readonly refused: readonly string[];
}

export type Advertised =
  | ({ readonly version: 0 | 1; readonly capabilities: ReadonlyMap<string, string> } & AdvertisedRefs)
  | { readonly version: 2; readonly capabilities: ReadonlyMap<string, string> };

const flush = "<flush>";

/** Reads the answer to `GET info/refs`. An answer without its final flush throws GIT_TRUNCATED. */
export async function readAdvertisement(reader: PacketReader): Promise<Advertised> {
  let line = await reader.line();
  if (line.startsWith("# service=")) {
    if ((await reader.line()) !== flush) throw reader.unexpected("no flush after the service line");
    line = await reader.line();
  }
  if (line === "version 2") return { version: 2, capabilities: await readCapabilities(reader) };
  const version = line === "version 1" ? 1 : 0;
  if (version === 1) line = await reader.line();
  return readRefs(reader, line, version);
}

async function readCapabilities(reader: PacketReader): Promise<ReadonlyMap<string, string>> {
  const capabilities = new Map<string, string>();
  for (let line = await reader.line(); line !== flush; line = await reader.line()) {
    if (line === "<end>") throw reader.truncated("inside the capabilities");
    addCapability(capabilities, line);
  }
  return capabilities;
}

function addCapability(capabilities: Map<string, string>, word: string): void {
  const equals = word.indexOf("=");
  const name = equals < 0 ? word : word.slice(0, equals);
  // v0 repeats symref; the one that counts is HEAD's
  if (name === "symref" && !word.startsWith("symref=HEAD:")) return;
  capabilities.set(name, equals < 0 ? "" : word.slice(equals + 1));
}

async function readRefs(reader: PacketReader, first: string, version: 0 | 1): Promise<Advertised> {
  const [firstRef = "", words = ""] = first.split("\0");
  const capabilities = new Map<string, string>();
  for (const word of words.split(" ")) if (word !== "") addCapability(capabilities, word);
  const collected = new RefCollector(reader, hashOf(reader, capabilities));
  for (let line = firstRef; line !== flush; line = await reader.line()) {
    if (line === "<end>") throw reader.truncated("inside the list of refs");
    if (line.startsWith("shallow ")) continue;
    collected.add(line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1));
  }
  const head = capabilities.get("symref")?.slice("HEAD:".length) ?? null;
  return { version, capabilities, ...collected.result(head) };
}

function hashOf(reader: PacketReader, capabilities: ReadonlyMap<string, string>): "sha1" | "sha256" {
  const hash = capabilities.get("object-format") ?? "sha1";
  if (hash !== "sha1" && hash !== "sha256") throw reader.unexpected(`object format ${hash}`);
  return hash;
}

class RefCollector {
  readonly #reader: PacketReader;
  readonly #hash: "sha1" | "sha256";
  readonly #refs: Record<string, RefTarget> = {};
  readonly #refused: string[] = [];

  constructor(reader: PacketReader, hash: "sha1" | "sha256") {
    this.#reader = reader;
    this.#hash = hash;
  }

  add(oid: string, name: string): void {
    if (name === "capabilities^{}" || name === "HEAD") return;
    if (!isOid(oid, this.#hash)) throw this.#reader.unexpected(`a line without object id: ${oid} ${name}`);
    if (name.endsWith("^{}")) this.peel(name.slice(0, -3), oid);
    else if (isRefName(name)) this.#refs[name] = [oid];
    else this.#refused.push(name);
  }

  peel(name: string, peeled: string): void {
    const target = this.#refs[name];
    if (target !== undefined) this.#refs[name] = [target[0], peeled];
  }

  result(head: string | null): AdvertisedRefs {
    const isGood = head !== null && isRefName(head);
    return { hash: this.#hash, refs: this.#refs, head: isGood ? head : null, refused: this.#refused };
  }
}

/** Body of the v2 request for all refs. */
export function lsRefsRequest(capabilities: ReadonlyMap<string, string>): string {
  const canUnborn = (capabilities.get("ls-refs") ?? "").split(" ").includes("unborn");
  const lines = ["peel", "symrefs", ...(canUnborn ? ["unborn"] : [])];
  return [...commandHead("ls-refs", capabilities), ...lines.map((line) => packet(`${line}\n`)), flushPacket].join("");
}

/** Command line and the capabilities every v2 request repeats, up to the delimiter. */
export function commandHead(command: string, capabilities: ReadonlyMap<string, string>): readonly string[] {
  const format = capabilities.get("object-format");
  return [
    packet(`command=${command}\n`),
    ...(format === undefined ? [] : [packet(`object-format=${format}\n`)]),
    delimiterPacket,
  ];
}

/** Reads the answer to `lsRefsRequest`. */
export async function readLsRefs(
  reader: PacketReader,
  capabilities: ReadonlyMap<string, string>,
): Promise<AdvertisedRefs> {
  const hash = hashOf(reader, capabilities);
  const collected = new RefCollector(reader, hash);
  let head: string | null = null;
  for (let line = await reader.line(); line !== flush; line = await reader.line()) {
    if (line === "<end>") throw reader.truncated("inside the list of refs");
    const [oid = "", name = "", ...attributes] = line.split(" ");
    const valueOf = (key: string): string | undefined =>
      attributes.find((attribute) => attribute.startsWith(`${key}:`))?.slice(key.length + 1);
    if (name === "HEAD") head = valueOf("symref-target") ?? null;
    if (oid === "unborn") continue;
    collected.add(oid, name);
    const peeled = valueOf("peeled");
    if (peeled !== undefined && isOid(peeled, hash)) collected.peel(name, peeled);
  }
  return collected.result(head);
}
