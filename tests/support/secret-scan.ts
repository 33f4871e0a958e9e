/** Finds secrets in whatever was produced: as they are, in base64 (at any offset), URL-encoded, in hexadecimal. */

export interface Secret {
  /** For the report; the secret itself is never printed. */
  readonly name: string;
  readonly value: string | Uint8Array;
}

export interface Leak {
  readonly secret: string;
  readonly form: string;
  readonly place: string;
}

interface Needle {
  readonly secret: string;
  readonly form: string;
  readonly bytes: Buffer;
}

export interface SecretScan {
  /** Looks through one thing; `place` says what it is. */
  look(place: string, content: string | Uint8Array): void;
  readonly leaks: readonly Leak[];
  /** Bytes looked through. */
  readonly bytes: number;
}

export function secretScan(secrets: readonly Secret[]): SecretScan {
  const needles = secrets.flatMap(needlesOf);
  const leaks: Leak[] = [];
  let bytes = 0;
  return {
    leaks,
    get bytes() {
      return bytes;
    },
    look(place, content) {
      const haystack = typeof content === "string" ? Buffer.from(content) : Buffer.from(content);
      bytes += haystack.length;
      for (const { secret, form, bytes: needle } of needles)
        if (haystack.includes(needle)) leaks.push({ secret, form, place });
    },
  };
}

function needlesOf({ name, value }: Secret): readonly Needle[] {
  const raw = Buffer.from(value);
  if (raw.length < 8) throw new Error(`${name} is too short to be looked for`);
  const forms: [string, string | Buffer][] = [
    ["as it is", raw],
    ["in hexadecimal", raw.toString("hex")],
    ["in upper-case hexadecimal", raw.toString("hex").toUpperCase()],
    ...base64Forms(raw),
  ];
  if (typeof value === "string") {
    forms.push(["URL-encoded", encodeURIComponent(value)]);
    forms.push(["lower case", value.toLowerCase()], ["upper case", value.toUpperCase()]);
  }
  const distinct = new Map(forms.map(([form, text]) => [Buffer.from(text).toString("latin1"), form]));
  return [...distinct].map(([text, form]) => ({ secret: name, form, bytes: Buffer.from(text, "latin1") }));
}

/** In base64 a text looks different at each of three offsets; the characters at its edges depend on its neighbours. */
function base64Forms(raw: Buffer): [string, string][] {
  return [0, 1, 2].flatMap((offset): [string, string][] => {
    const shifted = Buffer.concat([Buffer.alloc(offset), raw])
      .toString("base64")
      .replace(/=+$/, "");
    const inner = shifted.slice(offset === 0 ? 0 : offset + 1, -2);
    return [
      [`in base64 at offset ${offset}`, inner],
      [`in base64url at offset ${offset}`, inner.replaceAll("+", "-").replaceAll("/", "_")],
    ];
  });
}
