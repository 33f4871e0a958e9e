/**
 * One fetch over the stateless wire: wants and haves in, acknowledged haves and a pack out. One POST and done in v0
 * and v1; at most two in v2. Nothing needs the server to remember us; shallow and filter serve to count files only.
 */
import { gzipSync } from "node:zlib";
import type { Advertisement } from "./git-access.ts";
import { commandHead } from "./advertisement.ts";
import type { Credentials, GitHttp } from "./http-transport.ts";
import { flushPacket, packet, PacketReader } from "./pkt-line.ts";
import { isOid } from "./ref-names.ts";
import { sideBandPack } from "./side-band.ts";

export interface PackRequest {
  readonly advertisement: Advertisement;
  readonly credentials: Credentials;
  readonly wants: readonly string[];
  readonly haves: readonly string[];
  readonly thin: boolean;
  /** Of each want the commit and its trees, without history and content; only where the server offers it. */
  readonly isTreesOnly?: boolean;
}

export interface PackSource {
  /** Haves that the server knows. */
  readonly common: ReadonlySet<string>;
  /** The pack's bytes, unchecked; ends only when the server said that it is complete. */
  readonly pack: AsyncIterable<Uint8Array>;
  /** Instead of reading the pack. */
  cancel(): Promise<void>;
}

const gzipFromBytes = 1024;

export async function fetchPack(http: GitHttp, request: PackRequest): Promise<PackSource> {
  return request.advertisement.version === 2 ? fetchV2(http, request) : fetchV0(http, request);
}

async function post(http: GitHttp, request: PackRequest, lines: readonly string[]): Promise<PacketReader> {
  const { url, version } = request.advertisement;
  const plain = Buffer.from(lines.join(""));
  const isZipped = plain.length > gzipFromBytes;
  const answer = await http.send({
    name: url,
    method: "POST",
    url: `${url}/git-upload-pack`,
    credentials: request.credentials,
    body: isZipped ? gzipSync(plain) : plain,
    headers: {
      "content-type": "application/x-git-upload-pack-request",
      accept: "application/x-git-upload-pack-result",
      ...(isZipped ? { "content-encoding": "gzip" } : {}),
      ...(version === 0 ? {} : { "git-protocol": `version=${version}` }),
    },
  });
  return new PacketReader(answer.body, url);
}

async function fetchV0(http: GitHttp, request: PackRequest): Promise<PackSource> {
  const asked = capabilitiesFor(request);
  const wants = request.wants.map((oid, index) => packet(`want ${oid}${index === 0 ? ` ${asked.join(" ")}` : ""}\n`));
  const haves = request.haves.map((oid) => packet(`have ${oid}\n`));
  const narrowing = narrowed(request);
  const reader = await post(http, request, [...wants, ...narrowing, flushPacket, ...haves, packet("done\n")]);
  if (narrowing.length > 0) await skipShallow(reader);
  const common = new Set<string>();
  for (;;) {
    const line = await reader.line();
    if (line === "NAK") break;
    if (line === "<end>") throw reader.truncated("before the acknowledgement");
    const [word, oid = "", status] = line.split(" ");
    if (word !== "ACK" || !isOid(oid, request.advertisement.hash)) throw reader.unexpected(line);
    common.add(oid);
    if (status === undefined) break;
  }
  const isSideBand = asked.some((word) => word.startsWith("side-band"));
  return sourceOf(common, reader, isSideBand);
}

/** History and content that are left out. */
function narrowed({ isTreesOnly = false }: PackRequest): readonly string[] {
  return isTreesOnly ? [packet("deepen 1\n"), packet("filter blob:none\n")] : [];
}

/** Commits at which the server has cut the history, up to a flush. */
async function skipShallow(reader: PacketReader): Promise<void> {
  for (let line = await reader.line(); line !== "<flush>"; line = await reader.line()) {
    if (line === "<end>") throw reader.truncated("before the acknowledgement");
    if (!/^(?:un)?shallow /.test(line)) throw reader.unexpected(line);
  }
}

/** What we ask for of what the server offers. Azure Repos wants multi_ack even for a clone. */
function capabilitiesFor({ advertisement, thin, isTreesOnly = false }: PackRequest): readonly string[] {
  const { capabilities, hash } = advertisement;
  const firstOffered = (...names: string[]): string[] => names.filter((name) => capabilities.has(name)).slice(0, 1);
  return [
    ...firstOffered("multi_ack_detailed", "multi_ack"),
    ...firstOffered("side-band-64k", "side-band"),
    ...firstOffered("ofs-delta"),
    ...(thin ? firstOffered("thin-pack") : []),
    ...firstOffered("no-progress"),
    ...(isTreesOnly ? [...firstOffered("shallow"), ...firstOffered("filter")] : []),
    ...(capabilities.has("object-format") ? [`object-format=${hash}`] : []),
  ];
}

async function fetchV2(http: GitHttp, request: PackRequest): Promise<PackSource> {
  const common = new Set<string>();
  const command = (isDone: boolean): readonly string[] => [
    ...commandHead("fetch", request.advertisement.capabilities),
    ...(request.thin ? [packet("thin-pack\n")] : []),
    packet("ofs-delta\n"),
    packet("no-progress\n"),
    ...narrowed(request),
    ...request.wants.map((oid) => packet(`want ${oid}\n`)),
    ...request.haves.map((oid) => packet(`have ${oid}\n`)),
    ...(isDone ? [packet("done\n")] : []),
    flushPacket,
  ];
  if (request.haves.length > 0) {
    const reader = await post(http, request, command(false));
    if (await readAcknowledgments(reader, common)) return packSection(common, reader);
    await reader.finish();
  }
  // With `done` the server acknowledges nothing more: what is common was said in the first answer.
  return packSection(common, await post(http, request, command(true)));
}

/** True when the pack follows in the same answer. */
async function readAcknowledgments(reader: PacketReader, common: Set<string>): Promise<boolean> {
  if ((await reader.line()) !== "acknowledgments") throw reader.unexpected("no acknowledgments");
  let isReady = false;
  for (;;) {
    const line = await reader.line();
    if (line === "<delimiter>") return isReady;
    if (line === "<flush>") return false;
    if (line === "<end>") throw reader.truncated("inside the acknowledgements");
    if (line === "ready") isReady = true;
    else if (line.startsWith("ACK ")) common.add(line.slice(4));
    else if (line !== "NAK") throw reader.unexpected(line);
  }
}

async function packSection(common: ReadonlySet<string>, reader: PacketReader): Promise<PackSource> {
  for (let section = await reader.line(); section !== "packfile"; section = await reader.line()) {
    if (section === "<end>" || section === "<flush>") throw reader.truncated("before the pack");
    await skipSection(reader);
  }
  return sourceOf(common, reader, true);
}

function sourceOf(common: ReadonlySet<string>, reader: PacketReader, isSideBand: boolean): PackSource {
  return { common, pack: isSideBand ? sideBandPack(reader) : reader.rest(), cancel: () => reader.cancel() };
}

async function skipSection(reader: PacketReader): Promise<void> {
  for (let line = await reader.line(); line !== "<delimiter>"; line = await reader.line()) {
    if (line === "<end>" || line === "<flush>") throw reader.truncated("before the pack");
  }
}
