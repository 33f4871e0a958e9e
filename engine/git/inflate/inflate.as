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
/** Where callers put input and find output. The decoder runs on a little past both before it looks: see `block`. */
export const inputAt = memory.data(512 * 1024, 16);
export const outputAt = memory.data(256 * 1024 + 512, 16);

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
const symbolMask: usize = (1 << 10) - 1;
const distanceMask: usize = (1 << 8) - 1;
const lengthBits: u32 = 7;

// Room for the second tables, too: what zlib's enough.c counts for these widths is less.
const symbols = memory.data(4 * 1440, 16);
const distances = memory.data(4 * 560, 16);
const codeLengthTable = memory.data(4 * 128, 16);
const fixedSymbols = memory.data(4 * 1024, 16);
const fixedDistances = memory.data(4 * 256, 16);
const codeLengths = memory.data(320 + 8, 16);
const sorted = memory.data(2 * 288, 16);
const counts = memory.data(2 * 16, 16);
const places = memory.data(2 * 16, 16);
const meanings = memory.data(4 * 3 * 288, 16);

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
let output: usize = 0;
let outputBegin: usize = 0;
let outputEnd: usize = 0;
let hasFixed: bool = false;
let hasMeanings: bool = false;

/** Bytes of input that the stream took; below zero when it is not one that holds exactly `size` bytes. */
export function inflate(from: usize, end: usize, to: usize, size: u32): i32 {
  input = from;
  inputEnd = end;
  bits = 0;
  held = 0;
  output = to;
  outputBegin = to;
  outputEnd = to + size;
  const problem = stream();
  // What lies behind the end of the input can look like any fault.
  if (input - (held >> 3) > inputEnd) return needsMore;
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
  giveBack();
  input += 4;
  if (input > inputEnd) return needsMore;
  return bswap(load<u32>(input - 4)) == adler32(outputBegin, outputEnd) ? 0 : wrongChecksum;
}

/** At least 56 bits. Behind the end of the input they mean nothing, and whoever takes them ends with `needsMore`. */
// @ts-ignore: decorator
@inline
function refill(): void {
  bits |= load<u64>(input) << held;
  input += (63 - held) >> 3;
  held |= 56;
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

/** Drops the rest of a byte that was begun and returns whole ones to the input. */
function giveBack(): void {
  input -= held >> 3;
  bits = 0;
  held = 0;
}

function stored(): i32 {
  giveBack();
  if (input + 4 > inputEnd) return needsMore;
  const length = u32(load<u16>(input));
  if ((length ^ 0xffff) != u32(load<u16>(input + 2))) return broken;
  input += 4;
  if (output + length > outputEnd) return wrongSize;
  if (input + length > inputEnd) return needsMore;
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

/** Meanings of all symbols of the three alphabets, so that they are worked out once. */
function meaningsOf(alphabet: u32): usize {
  if (!hasMeanings) {
    for (let each: u32 = 0; each < 3; each += 1)
      for (let symbol: u32 = 0; symbol < 288; symbol += 1)
        store<u32>(meanings + ((each * 288 + symbol) << 2), meaning(symbol, each));
    hasMeanings = true;
  }
  return meanings + ((alphabet * 288) << 2);
}

/** From the lengths of the codes; false when they are no prefix code, or one that leaves bits without a meaning. */
function makeTable(table: usize, count: u32, tableBits: u32, alphabet: u32): bool {
  v128.store(counts, i64x2.splat(0));
  v128.store(counts, i64x2.splat(0), 16);
  for (let symbol: u32 = 0; symbol < count; symbol += 1) {
    const at = counts + (usize(load<u8>(codeLengths + symbol)) << 1);
    store<u16>(at, load<u16>(at) + 1);
  }
  store<u16>(counts, 0);
  let left: i32 = 1;
  let used: u32 = 0;
  let longest: u32 = 0;
  for (let length: u32 = 1; length < 16; length += 1) {
    const some = u32(load<u16>(counts + (length << 1)));
    left = (left << 1) - i32(some);
    if (left < 0) return false;
    store<u16>(places + (length << 1), u16(used));
    used += some;
    if (some != 0) longest = length;
  }
  for (let symbol: u32 = 0; symbol < count; symbol += 1) {
    const length = u32(load<u8>(codeLengths + symbol));
    if (length == 0) continue;
    const place = places + (length << 1);
    const index = u32(load<u16>(place));
    store<u16>(place, u16(index + 1));
    store<u16>(sorted + (index << 1), u16(symbol));
  }
  const what = meaningsOf(alphabet);
  if (left == 0) {
    fillTable(table, tableBits, what, longest);
    return true;
  }
  // Nothing but a single code of one bit, or no distance at all, may leave bits without a meaning.
  if (alphabet == 2 || longest > 1) return false;
  const only = used == 0 ? noCode << 8 : load<u32>(what + (usize(load<u16>(sorted)) << 2));
  for (let index: u32 = 0; index < 1 << tableBits; index += 2) {
    store<u32>(table + (index << 2), only | 1);
    store<u32>(table + (index << 2), (noCode << 8) | 1, 4);
  }
  return true;
}

/**
 * Walks through the codes in their order: a code is the one before plus one, with the bits turned round. Codes of one
 * length stand in as much of the table as they need to be told apart; for the next length that part is doubled.
 */
function fillTable(table: usize, tableBits: u32, what: usize, longest: u32): void {
  let code: u32 = 0;
  let next = sorted;
  const direct = min(longest, tableBits);
  for (let length: u32 = 1; length <= direct; length += 1) {
    double(table, 4 << (length - 1));
    const end = next + (usize(load<u16>(counts + (length << 1))) << 1);
    for (; next < end; next += 2) {
      store<u32>(table + (code << 2), load<u32>(what + (usize(load<u16>(next)) << 2)) | length);
      code = codeAfter(code, length);
    }
  }
  for (let length = direct; length < tableBits; length += 1) double(table, 4 << length);
  if (longest > tableBits) fillSecondTables(table, tableBits, what, longest, code, next);
}

/** Repeats the first `bytes` behind themselves. */
// @ts-ignore: decorator
@inline
function double(table: usize, bytes: usize): void {
  if (bytes < 16) store<u64>(table + bytes, load<u64>(table));
  else for (const end = table + bytes; table < end; table += 16) v128.store(table + bytes, v128.load(table));
}

// @ts-ignore: decorator
@inline
function codeAfter(code: u32, length: u32): u32 {
  // Carry from the highest of its bits down; after the last code of all there is none.
  const zeros = ~code & ((1 << length) - 1);
  if (zeros == 0) return 0;
  const bit: u32 = 0x80000000 >> clz(zeros);
  return (code & (bit - 1)) | bit;
}

/** Of the codes that are longer than the table's index; those with the same first bits share a second table. */
function fillSecondTables(table: usize, tableBits: u32, what: usize, longest: u32, first: u32, begin: usize): void {
  let code = first;
  let next = begin;
  let second: u32 = 1 << tableBits;
  let secondBits: u32 = 0;
  let secondPrefix: u32 = 0xffffffff;
  const mask: u32 = (1 << tableBits) - 1;
  for (let length = tableBits + 1; length <= longest; length += 1)
    for (let rest = u32(load<u16>(counts + (length << 1))); rest > 0; rest -= 1, next += 2) {
      if ((code & mask) != secondPrefix) {
        secondPrefix = code & mask;
        if (secondBits != 0) second += 1 << secondBits;
        secondBits = widthOfSecond(length, tableBits, rest);
        store<u32>(table + (secondPrefix << 2), (second << 16) | ((secondTable | secondBits) << 8) | tableBits);
      }
      const entry = load<u32>(what + (usize(load<u16>(next)) << 2)) | (length - tableBits);
      for (let at = code >> tableBits; at < 1 << secondBits; at += 1 << (length - tableBits))
        store<u32>(table + ((second + at) << 2), entry);
      code = codeAfter(code, length);
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
    room = (room << 1) - i32(load<u16>(counts + (longer << 1)));
  }
  return width;
}

/**
 * Decodes until the end of the block. A turn begins with 56 bits or more and with the entry of what comes next. It
 * looks for the ends of input and output once: it takes at most 16 bytes and makes at most 2 literals and a match, which
 * is 260 bytes, and there is room for them behind the ends.
 */
function block(symbolTable: usize, distanceTable: usize): i32 {
  let from = input;
  let ahead = bits;
  let count = held;
  let to = output;
  const lastInput = inputEnd + 8;
  const lastOutput = outputEnd;
  let problem: i32 = 0;
  ahead |= load<u64>(from) << count;
  from += (63 - count) >> 3;
  count |= 56;
  let entry = load<u32>(symbolTable + ((usize(ahead) & symbolMask) << 2));
  while (true) {
    if (to > lastOutput) {
      problem = wrongSize;
      break;
    }
    if (from > lastInput) {
      problem = needsMore;
      break;
    }
    if ((entry & (literal << 8)) != 0) {
      ahead >>= entry & 63;
      count -= entry & 63;
      store<u8>(to, u8(entry >> 16));
      to += 1;
      entry = load<u32>(symbolTable + ((usize(ahead) & symbolMask) << 2));
      if ((entry & (literal << 8)) != 0) {
        ahead >>= entry & 63;
        count -= entry & 63;
        store<u8>(to, u8(entry >> 16));
        to += 1;
        entry = load<u32>(symbolTable + ((usize(ahead) & symbolMask) << 2));
        if ((entry & (literal << 8)) != 0) {
          ahead >>= entry & 63;
          count -= entry & 63;
          store<u8>(to, u8(entry >> 16));
          to += 1;
          entry = load<u32>(symbolTable + ((usize(ahead) & symbolMask) << 2));
        }
      }
      ahead |= load<u64>(from) << count;
      from += (63 - count) >> 3;
      count |= 56;
      if ((entry & (literal << 8)) != 0) continue;
    }
    let operation = (entry >> 8) & 0xff;
    if ((operation & secondTable) != 0) {
      ahead >>= symbolBits;
      count -= symbolBits;
      const width = operation & 15;
      entry = load<u32>(symbolTable + (((entry >> 16) + (u32(ahead) & ((1 << width) - 1))) << 2));
      operation = (entry >> 8) & 0xff;
    }
    ahead >>= entry & 63;
    count -= entry & 63;
    if (operation >= noCode) {
      if (operation == endOfBlock) break;
      if (operation != literal) {
        problem = broken;
        break;
      }
      store<u8>(to, u8(entry >> 16));
      to += 1;
      ahead |= load<u64>(from) << count;
      from += (63 - count) >> 3;
      count |= 56;
      entry = load<u32>(symbolTable + ((usize(ahead) & symbolMask) << 2));
      continue;
    }
    const length = (entry >> 16) + (u32(ahead) & ((1 << operation) - 1));
    ahead >>= operation;
    count -= operation;
    entry = load<u32>(distanceTable + ((usize(ahead) & distanceMask) << 2));
    operation = (entry >> 8) & 0xff;
    if ((operation & secondTable) != 0) {
      ahead >>= distanceBits;
      count -= distanceBits;
      const width = operation & 15;
      entry = load<u32>(distanceTable + (((entry >> 16) + (u32(ahead) & ((1 << width) - 1))) << 2));
      operation = (entry >> 8) & 0xff;
    }
    ahead >>= entry & 63;
    count -= entry & 63;
    const distance = (entry >> 16) + (u32(ahead) & ((1 << operation) - 1));
    if (operation >= noCode || to - outputBegin < distance) {
      problem = broken;
      break;
    }
    ahead >>= operation;
    count -= operation;
    ahead |= load<u64>(from) << count;
    from += (63 - count) >> 3;
    count |= 56;
    entry = load<u32>(symbolTable + ((usize(ahead) & symbolMask) << 2));
    copyMatch(to, distance, length);
    to += length;
  }
  input = from;
  bits = ahead;
  held = count;
  output = to;
  return problem;
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
