/**
 * What the service refuses in a push, ref by ref. The command section of a receive-pack request is read, refused
 * commands are taken out before git sees them, and the report git sends back gets their `ng` lines.
 */

export interface RefUpdate {
  readonly ref: string;
  readonly oldOid: string;
  readonly newOid: string;
}

export interface CommandSection {
  /** Payloads up to the first flush. */
  readonly lines: readonly string[];
  /** The same as bytes, flush included. */
  readonly raw: Buffer;
  /** Everything after it. Throws RangeError beyond the size limit. */
  readonly rest: AsyncIterable<Uint8Array>;
}

export interface Refusal {
  readonly ref: string;
  readonly reason: string;
}

const systemText = "The current action can only be performed by the system.";

export function packet(payload: string | Buffer): Buffer {
  const bytes = Buffer.from(payload);
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, "0")), bytes]);
}

/** The packet at `offset`; special packets (flush, delimiter) have an empty payload. */
export function nextPacket(bytes: Buffer, offset: number): { readonly raw: Buffer; readonly payload: Buffer } {
  const length = Math.max(4, Number.parseInt(bytes.toString("latin1", offset, offset + 4), 16));
  const raw = bytes.subarray(offset, offset + length);
  return { raw, payload: raw.subarray(4) };
}

/** Reads a request body up to its first flush. */
export async function readCommands(body: AsyncIterable<Uint8Array>, maxBytes = Infinity): Promise<CommandSection> {
  const chunks = body[Symbol.asyncIterator]();
  const lines: string[] = [];
  let bytes = Buffer.alloc(0);
  let offset = 0;
  const isHere = async (length: number): Promise<boolean> => {
    while (bytes.length < offset + length) {
      const next = await chunks.next();
      if (next.done === true) return false;
      bytes = Buffer.concat([bytes, next.value]);
    }
    return true;
  };
  while (await isHere(4)) {
    const length = Number.parseInt(bytes.toString("latin1", offset, offset + 4), 16);
    if (length >= 4 && !(await isHere(length))) break;
    const { raw, payload } = nextPacket(bytes, offset);
    offset += raw.length;
    if (length === 0) break;
    if (length >= 4) lines.push(payload.toString("utf8"));
  }
  return { lines, raw: bytes.subarray(0, offset), rest: limited(bytes.subarray(offset), chunks, maxBytes) };
}

async function* limited(
  first: Buffer,
  rest: AsyncIterator<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let passed = first.length;
  if (first.length > 0 && passed <= maxBytes) yield first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
    passed += next.value.length;
    if (passed <= maxBytes) yield next.value;
  }
  if (passed > maxBytes) throw new RangeError("push too large");
}

export function refusedUpdates(
  commands: CommandSection,
  hasSystemRefs: boolean,
  refusal: ((update: RefUpdate) => string | undefined) | undefined,
): { readonly allowed: CommandSection; readonly updates: RefUpdate[]; readonly refused: Refusal[] } {
  const capabilities = (commands.lines[0] ?? "").split("\0")[1];
  const updates: RefUpdate[] = [];
  const refused: Refusal[] = [];
  for (const line of commands.lines) {
    const [oldOid = "", newOid = "", ...name] = (line.split("\0")[0] ?? "").trimEnd().split(" ");
    const update = { ref: name.join(" "), oldOid, newOid };
    const reason = hasSystemRefs && update.ref.startsWith("refs/pull/") ? systemText : refusal?.(update);
    if (reason === undefined) updates.push(update);
    else refused.push({ ref: update.ref, reason });
  }
  if (refused.length === 0) return { allowed: commands, updates, refused };
  const lines = updates.map(({ ref, oldOid, newOid }, index) => {
    return packet(`${oldOid} ${newOid} ${ref}${index === 0 ? `\0${capabilities ?? ""}` : ""}`);
  });
  const allowed = { ...commands, raw: Buffer.concat([...lines, Buffer.from("0000")]) };
  return { allowed, updates, refused };
}

/** git's report with `ng` lines for the refused refs; a report of its own when git had nothing to do. */
export function withRefusals(
  report: Buffer,
  { refused, isSideBand }: { readonly refused: readonly Refusal[]; readonly isSideBand: boolean },
): Buffer {
  if (refused.length === 0) return report;
  const own = new Set(refused.map(({ ref }) => ref));
  const lines = reportLines(report, isSideBand).filter((line) => !own.has(line.trimEnd().split(" ")[1] ?? ""));
  if (lines.length === 0) lines.push("unpack ok\n");
  lines.push(...refused.map(({ ref, reason }) => `ng ${ref} ${reason}\n`));
  const status = Buffer.concat([...lines.map((line) => packet(line)), Buffer.from("0000")]);
  if (!isSideBand) return status;
  return Buffer.concat([packet(Buffer.concat([Buffer.from([1]), status])), Buffer.from("0000")]);
}

function reportLines(report: Buffer, isSideBand: boolean): string[] {
  if (!isSideBand) return payloads(report).map((payload) => payload.toString("utf8"));
  const bands = payloads(report).filter((payload) => payload[0] === 1);
  return payloads(Buffer.concat(bands.map((payload) => payload.subarray(1)))).map((payload) =>
    payload.toString("utf8"),
  );
}

function payloads(bytes: Buffer): Buffer[] {
  const all: Buffer[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const { raw, payload } = nextPacket(bytes, offset);
    offset += raw.length;
    if (payload.length > 0) all.push(payload);
  }
  return all;
}
