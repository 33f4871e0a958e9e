/**
 * Inflates one zlib stream (RFC 1950, RFC 1951) from memory to memory: no allocation, no state between calls but the
 * tables. AssemblyScript, compiled to WebAssembly by scripts/make-inflate.mjs: packs hold hundreds of thousands of
 * small streams, and node:zlib takes as long to begin and end each of them as to inflate it.
 *
 * A table maps the next bits of the input to an entry: value << 16 | operation << 8 | length of the code.
 * Codes longer than the table's index go on in a second table, whose place and width the entry tells.
 */

export const inputBytes: usize = 512 * 1024;
export const outputBytes: usize = 256 * 1024;
/** Where callers put input and find output; matches are copied up to 15 bytes past what counts. */
export const inputAt = memory.data(512 * 1024, 16);
export const outputAt = memory.data(256 * 1024 + 64, 16);

const literal: u32 = 0x80;
const endOfBlock: u32 = 0x40;
const secondTable: u32 = 0x20;
/** Together with up to 13 extra bits, which are the operation of lengths and distances. */
const noCode: u32 = 0x1f;

// What inflate answers in place of a length; inflater.ts knows these numbers.
const needsMore: i32 = -1;
const broken: i32 = -2;
const wrongSize: i32 = -3;
const wrongChecksum: i32 = -4;

const symbolBits: u32 = 10;
const distanceBits: u32 = 8;
const lengthBits: u32 = 7;

// Room for the second tables, too: what zlib's enough.c counts for these widths is less.
const symbols = memory.data(4 * 1440, 16);
const distances = memory.data(4 * 560, 16);
const codeLengthTable = memory.data(4 * 128, 16);
const fixedSymbols = memory.data(4 * 1024, 16);
const fixedDistances = memory.data(4 * 256, 16);
const codeLengths = memory.data(320 + 8, 16);
const sorted = memory.data(2 * 288, 16);
const counts = memory.data(4 * 16, 16);
const places = memory.data(4 * 16, 16);

const lengthBase = memory.data<u16>([
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
]);
const lengthExtra = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
]);
const distanceBase = memory.data<u16>([
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
]);
const order = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);

let input: usize = 0;
let inputEnd: usize = 0;
let bits: u64 = 0;
let held: u32 = 0;
/** Bytes of zero that were taken for input after its end. */
let invented: u32 = 0;
let output: usize = 0;
let outputBegin: usize = 0;
let outputEnd: usize = 0;
let hasFixed: bool = false;

/** Bytes of input that the stream took; below zero when it is not one that holds exactly `size` bytes. */
export function inflate(from: usize, end: usize, to: usize, size: u32): i32 {
  input = from;
  inputEnd = end;
  bits = 0;
  held = 0;
  invented = 0;
  output = to;
  outputBegin = to;
  outputEnd = to + size;
  const problem = stream();
  // Zeros in place of what is still to come can look like any fault.
  if (invented * 8 > held) return needsMore;
  if (problem != 0) return problem;
  return i32(input - from);
}

function stream(): i32 {
  refill();
  const method = take(8);
  const flags = take(8);
  if ((method & 15) != 8 || method >> 4 > 7 || ((method << 8) | flags) % 31 != 0 || (flags & 0x20) != 0) return broken;
  let isLast: u32 = 0;
  while (isLast == 0) {
    refill();
    isLast = take(1);
    const type = take(2);
    let problem: i32;
    if (type == 0) problem = stored();
    else if (type == 1) problem = fixed();
    else if (type == 2) problem = dynamic();
    else problem = broken;
    if (problem != 0) return problem;
  }
  if (output != outputEnd) return wrongSize;
  take(held & 7);
  giveBack();
  refill();
  const checksum = bswap(u32(bits));
  drop(32);
  giveBack();
  return checksum == adler32(outputBegin, outputEnd) ? 0 : wrongChecksum;
}

/** At least 56 bits, zeros after the end of the input. */
// @ts-ignore: decorator
@inline
function refill(): void {
  if (input + 8 <= inputEnd) {
    bits |= load<u64>(input) << held;
    input += (63 - held) >> 3;
    held |= 56;
  } else refillSlowly();
}

function refillSlowly(): void {
  while (held < 56) {
    if (input < inputEnd) {
      bits |= u64(load<u8>(input)) << held;
      input += 1;
    } else invented += 1;
    held += 8;
  }
}

// @ts-ignore: decorator
@inline
function drop(count: u32): void {
  bits >>= count;
  held -= count;
}

// @ts-ignore: decorator
@inline
function take(count: u32): u32 {
  const value = u32(bits) & ((1 << count) - 1);
  drop(count);
  return value;
}

/** Returns whole bytes that are held to the input; those invented stay lost. */
function giveBack(): void {
  const bytes = held >> 3;
  if (invented > bytes) return;
  input -= bytes - invented;
  invented = 0;
  bits = 0;
  held = 0;
}

function stored(): i32 {
  take(held & 7);
  if (invented * 8 > held) return needsMore;
  giveBack();
  if (input + 4 > inputEnd) {
    invented = 1;
    return needsMore;
  }
  const length = u32(load<u16>(input));
  if ((length ^ 0xffff) != u32(load<u16>(input + 2))) return broken;
  input += 4;
  if (output + length > outputEnd) return wrongSize;
  if (input + length > inputEnd) {
    invented = 1;
    return needsMore;
  }
  memory.copy(output, input, length);
  input += length;
  output += length;
  return 0;
}

function fixed(): i32 {
  if (!hasFixed) {
    for (let symbol: u32 = 0; symbol < 288; symbol += 1)
      store<u8>(codeLengths + symbol, symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8);
    makeTable(fixedSymbols, 288, symbolBits, 0);
    for (let symbol: u32 = 0; symbol < 32; symbol += 1) store<u8>(codeLengths + symbol, 5);
    makeTable(fixedDistances, 32, distanceBits, 1);
    hasFixed = true;
  }
  return block(fixedSymbols, fixedDistances);
}

function dynamic(): i32 {
  const symbolCount = take(5) + 257;
  const distanceCount = take(5) + 1;
  const lengthCount = take(4) + 4;
  if (symbolCount > 286 || distanceCount > 30) return broken;
  memory.fill(codeLengths, 0, 19);
  for (let index: u32 = 0; index < lengthCount; index += 1) {
    refill();
    store<u8>(codeLengths + load<u8>(order + index), u8(take(3)));
  }
  if (!makeTable(codeLengthTable, 19, lengthBits, 2)) return broken;
  const total = symbolCount + distanceCount;
  for (let index: u32 = 0; index < total; ) {
    refill();
    const entry = load<u32>(codeLengthTable + ((usize(bits) & 127) << 2));
    if (((entry >> 8) & 0xff) == noCode) return broken;
    drop(entry & 0xff);
    const symbol = entry >> 16;
    if (symbol < 16) {
      store<u8>(codeLengths + index, u8(symbol));
      index += 1;
      continue;
    }
    if (symbol == 16 && index == 0) return broken;
    const value: u8 = symbol == 16 ? load<u8>(codeLengths + index - 1) : 0;
    const repeat = symbol == 16 ? 3 + take(2) : symbol == 17 ? 3 + take(3) : 11 + take(7);
    if (index + repeat > total) return broken;
    memory.fill(codeLengths + index, value, repeat);
    index += repeat;
  }
  if (load<u8>(codeLengths + 256) == 0) return broken;
  if (!makeTable(symbols, symbolCount, symbolBits, 0)) return broken;
  memory.copy(codeLengths, codeLengths + symbolCount, distanceCount);
  if (!makeTable(distances, distanceCount, distanceBits, 1)) return broken;
  return block(symbols, distances);
}

/** What a symbol means: of literals and lengths (0), distances (1), lengths of codes (2). */
function meaning(symbol: u32, alphabet: u32): u32 {
  if (alphabet == 2) return symbol << 16;
  if (alphabet == 1) {
    if (symbol > 29) return noCode << 8;
    const extra: u32 = symbol < 2 ? 0 : (symbol >> 1) - 1;
    return (u32(load<u16>(distanceBase + (symbol << 1))) << 16) | (extra << 8);
  }
  if (symbol < 256) return (symbol << 16) | (literal << 8);
  if (symbol == 256) return endOfBlock << 8;
  if (symbol > 285) return noCode << 8;
  const index = symbol - 257;
  return (u32(load<u16>(lengthBase + (index << 1))) << 16) | (u32(load<u8>(lengthExtra + index)) << 8);
}

/** From the lengths of the codes; false when they are no prefix code, or one that leaves bits without a meaning. */
function makeTable(table: usize, count: u32, tableBits: u32, alphabet: u32): bool {
  memory.fill(counts, 0, 64);
  for (let symbol: u32 = 0; symbol < count; symbol += 1) {
    const at = counts + (usize(load<u8>(codeLengths + symbol)) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
  store<u32>(counts, 0);
  let left: i32 = 1;
  let used: u32 = 0;
  let longest: u32 = 0;
  for (let length: u32 = 1; length < 16; length += 1) {
    const some = load<u32>(counts + (length << 2));
    left = (left << 1) - i32(some);
    if (left < 0) return false;
    store<u32>(places + (length << 2), used);
    used += some;
    if (some != 0) longest = length;
  }
  // Nothing but a single code of one bit, or no distance at all, may leave bits without a meaning.
  if (left > 0) {
    if (alphabet == 2 || longest > 1) return false;
    for (let index: u32 = 0; index < 1 << tableBits; index += 1) store<u32>(table + (index << 2), (noCode << 8) | 1);
  }
  for (let symbol: u32 = 0; symbol < count; symbol += 1) {
    const length = u32(load<u8>(codeLengths + symbol));
    if (length == 0) continue;
    const place = places + (length << 2);
    const index = load<u32>(place);
    store<u32>(place, index + 1);
    store<u16>(sorted + (index << 1), u16(symbol));
  }
  fillTable(table, tableBits, alphabet, used);
  return true;
}

/** Walks through the codes in their order: a code is the one before plus one, with the bits turned round. */
function fillTable(table: usize, tableBits: u32, alphabet: u32, used: u32): void {
  let code: u32 = 0;
  let length: u32 = 1;
  let remaining = load<u32>(counts + 4);
  let second: u32 = 1 << tableBits;
  let secondBits: u32 = 0;
  let secondPrefix: u32 = 0xffffffff;
  const mask: u32 = (1 << tableBits) - 1;
  for (let index: u32 = 0; index < used; index += 1) {
    while (remaining == 0) {
      length += 1;
      remaining = load<u32>(counts + (length << 2));
    }
    remaining -= 1;
    const what = meaning(load<u16>(sorted + (index << 1)), alphabet);
    if (length <= tableBits) {
      const entry = what | length;
      for (let at = code; at <= mask; at += 1 << length) store<u32>(table + (at << 2), entry);
    } else {
      if ((code & mask) != secondPrefix) {
        secondPrefix = code & mask;
        if (secondBits != 0) second += 1 << secondBits;
        secondBits = widthOfSecond(length, tableBits, remaining + 1);
        store<u32>(table + (secondPrefix << 2), (second << 16) | ((secondTable | secondBits) << 8) | tableBits);
      }
      const entry = what | (length - tableBits);
      for (let at = code >> tableBits; at < 1 << secondBits; at += 1 << (length - tableBits))
        store<u32>(table + ((second + at) << 2), entry);
    }
    // Next code: carry from the highest of its bits down.
    let bit: u32 = 1 << (length - 1);
    while ((code & bit) != 0) bit >>= 1;
    code = bit == 0 ? 0 : (code & (bit - 1)) | bit;
  }
}

/** Bits that tell apart all codes which share their first bits with the one that comes now. */
function widthOfSecond(length: u32, tableBits: u32, rest: u32): u32 {
  let width = length - tableBits;
  let room: i32 = (1 << width) - i32(rest);
  let longer = length;
  while (room > 0 && longer < 15) {
    longer += 1;
    width += 1;
    room = (room << 1) - i32(load<u32>(counts + (longer << 2)));
  }
  return width;
}

// @ts-ignore: decorator
@inline
function entryAt(table: usize, tableBits: u32): u32 {
  let entry = load<u32>(table + ((usize(bits) & ((1 << tableBits) - 1)) << 2));
  if ((entry & (secondTable << 8)) != 0) {
    drop(tableBits);
    const width = (entry >> 8) & 15;
    entry = load<u32>(table + (((entry >> 16) + (u32(bits) & ((1 << width) - 1))) << 2));
  }
  drop(entry & 0xff);
  return entry;
}

function block(symbolTable: usize, distanceTable: usize): i32 {
  let to = output;
  const end = outputEnd;
  while (true) {
    refill();
    let entry = entryAt(symbolTable, symbolBits);
    if ((entry & (literal << 8)) != 0) {
      if (to >= end) return wrongSize;
      store<u8>(to, u8(entry >> 16));
      to += 1;
      entry = entryAt(symbolTable, symbolBits);
      if ((entry & (literal << 8)) != 0) {
        if (to >= end) return wrongSize;
        store<u8>(to, u8(entry >> 16));
        to += 1;
        if (invented * 8 > held) return needsMore;
        continue;
      }
      refill();
    }
    let operation = (entry >> 8) & 0xff;
    if (operation >= noCode) {
      output = to;
      return operation == endOfBlock ? 0 : broken;
    }
    const length = (entry >> 16) + take(operation);
    entry = entryAt(distanceTable, distanceBits);
    operation = (entry >> 8) & 0xff;
    if (operation >= noCode) return broken;
    const distance = (entry >> 16) + take(operation);
    if (to + length > end) return wrongSize;
    if (to - outputBegin < distance) return broken;
    copyMatch(to, distance, length);
    to += length;
  }
}

/** May write up to 15 bytes more than it says: what comes next, or nothing, takes their place. */
// @ts-ignore: decorator
@inline
function copyMatch(to: usize, distance: u32, length: u32): void {
  let from = to - distance;
  const end = to + length;
  if (distance >= 16) {
    do {
      v128.store(to, v128.load(from));
      to += 16;
      from += 16;
    } while (to < end);
  } else if (distance >= 8) {
    do {
      store<u64>(to, load<u64>(from));
      to += 8;
      from += 8;
    } while (to < end);
  } else if (distance == 1) memory.fill(to, load<u8>(from), length);
  else
    do {
      store<u8>(to, load<u8>(from));
      to += 1;
      from += 1;
    } while (to < end);
}

/** RFC 1950 §9: two sums modulo 65521, sixteen bytes a step. */
function adler32(from: usize, end: usize): u32 {
  let low: u32 = 1;
  let high: u32 = 0;
  const weights = i16x8(16, 15, 14, 13, 12, 11, 10, 9);
  const lowerWeights = i16x8(8, 7, 6, 5, 4, 3, 2, 1);
  while (from < end) {
    const whole = min<usize>((end - from) & ~15, 5552);
    const stop = from + whole;
    // high grows by low × 16 before each step and by the weighted bytes of the step.
    let sums = i32x4.splat(0);
    let befores = i32x4.splat(0);
    let weighted = i32x4.splat(0);
    high += low * u32(whole);
    while (from < stop) {
      const bytes = v128.load(from);
      befores = i32x4.add(befores, sums);
      sums = i32x4.add(sums, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(bytes)));
      weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(bytes), weights));
      weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(bytes), lowerWeights));
      from += 16;
    }
    high = (high + across(befores) * 16 + across(weighted)) % 65521;
    low = (low + across(sums)) % 65521;
    if (whole < 5552) {
      for (; from < end; from += 1) {
        low += load<u8>(from);
        high += low;
      }
      low %= 65521;
      high %= 65521;
    }
  }
  return (high << 16) | low;
}

// @ts-ignore: decorator
@inline
function across(sums: v128): u32 {
  return (
    i32x4.extract_lane(sums, 0) +
    i32x4.extract_lane(sums, 1) +
    i32x4.extract_lane(sums, 2) +
    i32x4.extract_lane(sums, 3)
  );
}
