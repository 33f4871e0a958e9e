import { concat, fromBase64, toBase64, utf8 } from "../foundation/bytes.ts";
import { keyMismatch, sealedDamaged } from "./crypto-errors.ts";

/**
 * The textual header of an age file (C2SP age.md), strictly as specified: nothing that another encoding of the
 * same header could say is accepted, so the header's hash pins its meaning.
 */
export interface AgeStanza {
  readonly type: string;
  readonly args: readonly string[];
  readonly body: Uint8Array;
}

export interface AgeHeader {
  readonly stanzas: readonly AgeStanza[];
  /** What the MAC covers: everything up to and including `---`. */
  readonly authenticated: Uint8Array;
  readonly mac: Uint8Array;
}

const versionLine = "age-encryption.org/v1";
/** Ours are below 2 kB; a hostile header must not cost memory or time. */
const maxHeaderBytes = 64 * 1024;
const maxStanzas = 64;
export const payloadNonceBytes = 16;

/** What comes before the payload of an age file. */
export interface AgeFileStart {
  readonly header: Uint8Array;
  readonly nonce: Uint8Array;
}

export interface OpenedStart<Opened> {
  readonly opened: Opened;
  /** The bytes behind the nonce. */
  readonly payload: AsyncIterable<Uint8Array>;
}

/** Reads header and payload nonce from the start of an age file and has them opened. Throws SEALED_DAMAGED. */
export async function openStart<Opened>(
  sealed: AsyncIterable<Uint8Array>,
  open: (start: AgeFileStart) => Opened | Promise<Opened>,
): Promise<OpenedStart<Opened>> {
  const source = sealed[Symbol.asyncIterator]();
  let bytes: Uint8Array = new Uint8Array(0);
  try {
    for (;;) {
      const nonceAt = headerEnd(bytes);
      if (nonceAt !== undefined && bytes.length >= nonceAt + payloadNonceBytes) {
        const payloadAt = nonceAt + payloadNonceBytes;
        const start = { header: bytes.subarray(0, nonceAt), nonce: bytes.subarray(nonceAt, payloadAt) };
        return { opened: await open(start), payload: remaining(bytes.subarray(payloadAt), source) };
      }
      if (nonceAt === undefined && bytes.length > maxHeaderBytes) throw sealedDamaged("its age header has no end");
      const next = await source.next();
      if (next.done === true) throw sealedDamaged("it ends inside the age header");
      bytes = concat([bytes, next.value]);
    }
  } catch (error) {
    await source.return?.();
    throw error;
  }
}

async function* remaining(first: Uint8Array, source: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  let ended = false;
  try {
    if (first.length > 0) yield first;
    for (;;) {
      const next = await source.next();
      ended = next.done === true;
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    if (!ended) await source.return?.();
  }
}

/** Length of the header: no line before the MAC line begins with `---`, so the first such line is the last. */
function headerEnd(bytes: Uint8Array): number | undefined {
  for (let at = bytes.indexOf(lineFeed); at !== -1; at = bytes.indexOf(lineFeed, at + 1)) {
    if (bytes[at + 1] === hyphen && bytes[at + 2] === hyphen && bytes[at + 3] === hyphen) {
      const end = bytes.indexOf(lineFeed, at + 1);
      return end === -1 ? undefined : end + 1;
    }
  }
  return undefined;
}

const lineFeed = 10;
const hyphen = 45;

/** Throws SEALED_DAMAGED for anything the specification does not allow. */
export function parseAgeHeader(header: Uint8Array): AgeHeader {
  if (header.length > maxHeaderBytes) throw sealedDamaged(`its age header is longer than ${maxHeaderBytes} bytes`);
  const lines = linesOf(header);
  if (lines[0] !== versionLine) throw sealedDamaged(`it does not begin with '${versionLine}'`);
  const stanzas: AgeStanza[] = [];
  let next = 1;
  while (lines[next]?.startsWith("-> ") === true) {
    const { stanza, end } = parseStanza(lines, next);
    stanzas.push(stanza);
    next = end;
    if (stanzas.length > maxStanzas) throw sealedDamaged(`its age header has more than ${maxStanzas} stanzas`);
  }
  const macLine = lines[next];
  const mac = macLine?.startsWith("--- ") === true ? fromUnpaddedBase64(macLine.slice(4)) : undefined;
  if (macLine === undefined || mac?.length !== 32 || next !== lines.length - 1) {
    throw sealedDamaged("its age header has a malformed line");
  }
  const authenticated = header.subarray(0, header.length - macLine.length - 1 + "---".length);
  return { stanzas, authenticated, mac };
}

/**
 * Refuses headers that cannot be ours before any key is tried: a passphrase file (scrypt) would let whoever wrote
 * it decide how long we compute. Throws SEALED_DAMAGED, or KEY_MISMATCH when no stanza is for an X25519 key.
 */
export function x25519StanzasOf(header: AgeHeader, identities: readonly string[]): readonly AgeStanza[] {
  if (header.stanzas.some((stanza) => stanza.type === "scrypt")) {
    throw sealedDamaged("it is sealed with a passphrase (scrypt), which objects of a vault never are");
  }
  const stanzas = header.stanzas.filter((stanza) => stanza.type === "X25519");
  if (stanzas.length === 0) throw keyMismatch(header.stanzas.length, identities);
  for (const { args, body } of stanzas) {
    if (args.length !== 1 || body.length !== 32 || fromUnpaddedBase64(args[0] ?? "")?.length !== 32) {
      throw sealedDamaged("its age header has a malformed X25519 stanza");
    }
  }
  return stanzas;
}

/** The header's lines up to and including `---`: what its MAC covers. */
export function encodeAgeHeader(stanzas: readonly AgeStanza[]): Uint8Array {
  const lines = stanzas.flatMap(({ type, args, body }) => [["->", type, ...args].join(" "), ...bodyLines(body)]);
  return utf8([versionLine, ...lines, "---"].join("\n"));
}

export function encodeMac(mac: Uint8Array): Uint8Array {
  return utf8(` ${toUnpaddedBase64(mac)}\n`);
}

export function toUnpaddedBase64(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll("=", "");
}

/** Canonical base64 without padding; undefined for anything else. */
export function fromUnpaddedBase64(text: string): Uint8Array | undefined {
  return text.includes("=") ? undefined : fromBase64(text + "=".repeat((4 - (text.length % 4)) % 4));
}

function linesOf(header: Uint8Array): readonly string[] {
  if (header.some((byte) => byte !== lineFeed && (byte < 32 || byte > 126))) {
    throw sealedDamaged("its age header has bytes that are not ASCII");
  }
  return new TextDecoder().decode(header).slice(0, -1).split("\n");
}

function parseStanza(lines: readonly string[], start: number): { readonly stanza: AgeStanza; readonly end: number } {
  const [type = "", ...args] = (lines[start] ?? "").slice(3).split(" ");
  if (type === "" || args.includes("")) throw sealedDamaged("its age header has an empty argument");
  const parts: Uint8Array[] = [];
  for (let at = start + 1; ; at += 1) {
    const line = lines[at];
    const part = line === undefined || line.length > fullLine ? undefined : fromUnpaddedBase64(line);
    if (line === undefined || part === undefined) throw sealedDamaged("its age header has a malformed stanza");
    parts.push(part);
    if (line.length < fullLine) return { stanza: { type, args, body: concat(parts) }, end: at + 1 };
  }
}

const fullLine = 64;

/** Lines of 64 characters and a shorter, perhaps empty, last one. */
function bodyLines(body: Uint8Array): readonly string[] {
  const text = toUnpaddedBase64(body);
  const count = Math.floor(text.length / fullLine) + 1;
  return Array.from({ length: count }, (_, index) => text.slice(index * fullLine, (index + 1) * fullLine));
}
