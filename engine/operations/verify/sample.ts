/** Which part of the objects a verification reads: `100%`, `10%`, `3/7`. */
import { BackupError } from "../../foundation/errors.ts";

export interface Sample {
  readonly text: string;
  /** Whether the object is in the sample; the same for the same name at all times. */
  holds(name: string): boolean;
}

/** Throws INPUT for anything else. A percentage takes other objects each time `seed` changes. */
export function parseSample(text: string, seed: string): Sample {
  const part = /^(\d+)\/(\d+)$/.exec(text.trim());
  const percent = /^(\d+(?:\.\d+)?)\s*%$/.exec(text.trim());
  if (part !== null) {
    const [number, of] = [Number(part[1]), Number(part[2])];
    if (of >= 1 && number >= 1 && number <= of) return { text, holds: (name) => hash(name) % of === number - 1 };
  }
  if (percent !== null) {
    const share = Number(percent[1]) / 100;
    if (share === 1) return { text, holds: () => true };
    if (share > 0 && share < 1) return { text, holds: (name) => hash(`${seed} ${name}`) / 2 ** 32 < share };
  }
  throw new BackupError({
    code: "INPUT",
    message: `Input sample is "${text}"`,
    hint: "Use 100%, a smaller percentage such as 10%, or a part such as 3/7.",
  });
}

/** FNV-1a, 32 bits, with a final mix: spreads names evenly; nothing secret depends on it. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
  return (value ^ (value >>> 13)) >>> 0;
}
