import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "../../../../engine/foundation/json.ts";
import { decodeEntry } from "../../../../engine/vault/format/log-codec.ts";
import { aRef, aSnapshotBody, genesisBody, someKeys, vaultId } from "../log/log-vault.ts";

const frame = {
  type: "azdo-vault/log/v1",
  vault: vaultId,
  seq: 42,
  prev: `sha256:${"0".repeat(64)}`,
  void: [40, 41],
  at: "2026-11-22T18:05:44.123Z",
  srv: "2026-11-22T18:05:45Z",
  by: { tool: "0.1.0", build: "Backup_20261122.3", run: "20261122T180544Z-7f3a9c1e" },
};
const snapshot = { ...frame, ...aSnapshotBody(39) };
const retire = {
  ...frame,
  kind: "retire",
  retire: { snapshots: [1], objects: aRef(), runs: ["20261122T180544Z-7f3a9c1e"] },
};

function form(value: unknown): string {
  return decodeEntry(typeof value === "string" ? value : canonicalJson(value)).form;
}

/** A copy with one value replaced; the path is written with dots. */
function changed(value: object, path: string, to: unknown): object {
  const copy = JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
  const keys = path.split(".");
  const last = keys.pop() ?? "";
  let place = copy;
  for (const key of keys) place = place[key] as Record<string, unknown>;
  place[last] = to;
  return copy;
}

describe("an entry of each kind", () => {
  it("comes back as it was written", async () => {
    const bodies = [
      genesisBody(await someKeys()),
      aSnapshotBody(39),
      { kind: "retire", retire: retire.retire },
      { kind: "incident", incident: { code: "OBJECT_MISSING", objects: ["a"], snapshots: [3] } },
      {
        kind: "verification",
        verification: {
          snapshot: "all",
          level: "content",
          sample: "3/7",
          checked: 5,
          damaged: 0,
          report: aRef(),
          rtoSeconds: 90,
          immutability: {
            container: "none",
            snapshots: [
              { snapshot: 3, objects: 90, unprotected: 0, unlocked: 0, held: 4, until: "2026-12-30T01:00:00.000Z" },
              { snapshot: 4, objects: 95, unprotected: 2, unlocked: 1, held: 0, until: null },
            ],
          },
        },
      },
      { kind: "verification", verification: { snapshot: 7, level: "stored", sample: "100%", checked: 5, damaged: 0 } },
    ];

    for (const body of bodies) {
      const entry = { ...frame, ...body };
      expect(decodeEntry(canonicalJson(entry))).toEqual({ form: "known", entry });
    }
  });

  it("may carry members that this version does not know", () => {
    const decoded = decodeEntry(canonicalJson({ ...snapshot, mood: "sunny" }));

    expect(decoded).toMatchObject({ form: "known" });
    expect(decoded).not.toHaveProperty("entry.mood");
  });
});

describe("a hostile entry (case 68)", () => {
  const base = canonicalJson(snapshot);
  const texts: Record<string, string> = {
    "is no JSON": "{",
    "is no object": "[]",
    "has white space": base.replace(",", ", "),
    "has a member twice": base.replace('"seq":42', '"seq":41,"seq":42'),
    "has its members in another order": JSON.stringify(snapshot),
    "has a number beyond 2^53": base.replace('"seq":42', '"seq":9007199254740993'),
    "has a number in another spelling": base.replace('"seq":42', '"seq":4.2e1'),
    "is nested 100,000 deep": `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
    "has a member __proto__": base.replace('{"at"', '{"__proto__":{"kind":"keys"},"at"'),
    "has a member constructor deep inside": base.replace('"by":{', '"by":{"aa":{"constructor":1},'),
    "has an escaped name for a member": base.replace('"seq"', '"\\u0073eq"'),
  };
  it.each(Object.entries(texts))("%s", (_, text) => {
    expect(form(text)).toBe("malformed");
  });

  const changes: [path: string, to: unknown][] = [
    ["vault", "../other"],
    ["vault", vaultId.toUpperCase()],
    ["seq", -1],
    ["seq", 1.5],
    ["seq", "42"],
    ["seq", 10_000_000_000],
    ["prev", "0".repeat(64)],
    ["prev", 7],
    ["void", {}],
    ["void", ["41"]],
    ["at", "yesterday"],
    ["at", "2026-13-45T99:00:00Z"],
    ["by", null],
    ["by.run", 7],
    ["snapshot", undefined],
    ["snapshot.parent", -1],
    ["snapshot.status", "perfect"],
    ["snapshot.window", ["2026-11-22T18:05:44Z"]],
    ["snapshot.sum.streams", "5"],
    ["snapshot.sum.items", -4],
    ["snapshot.anomaly", [{ code: "x" }]],
    ["snapshot.index.o", "../../other/data/20261122T180544Z-7f3a9c1e/00-000001.json.gz.age"],
    ["snapshot.index.o", "20261122T180544Z-7f3a9c1e/00-000001.sh"],
    ["snapshot.index.o", "20261122T180544Z-7f3a9c1e/../00-000001.json.gz.age"],
    ["snapshot.index.o", "20261122T180544Z-7f3a9c1e/00-000001.json.gz.age\n"],
    ["snapshot.index.n", -1],
    ["snapshot.index.h", "A".repeat(64)],
    ["snapshot.index.hl", 400],
    ["snapshot.index", null],
  ];
  it.each(changes)("has %s = %j", (path, to) => {
    expect(form(changed(snapshot, path, to))).toBe("malformed");
  });

  it.each([
    ["retire.runs", ["../../other"]],
    ["retire.snapshots", ["1"]],
    ["retire.objects", aRef({ o: "/etc/passwd" })],
  ])("retires %s = %j", (path, to) => {
    expect(form(changed(retire, path, to))).toBe("malformed");
  });

  it("names no key that could not be one", async () => {
    const genesis = { ...frame, ...genesisBody(await someKeys()) };

    for (const [path, to] of [
      ["genesis.recipients", []],
      ["genesis.recipients", ["age1nonsense"]],
      ["genesis.catalogue", "AGE-SECRET-KEY-1"],
      ["genesis.signers", []],
      ["genesis.signers", [{ pub: "ed25519:AAAA", may: ["snapshot"] }]],
      ["genesis.organization", "fabrikam"],
    ] as const) {
      expect(form(changed(genesis, path, to))).toBe("malformed");
    }
  });

  it("never throws and never changes anything, whatever it is", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string(), mutated(base)), (text) => {
        expect(["known", "newer", "malformed"]).toContain(form(text));
        expect(Object.hasOwn(Object.prototype, "kind")).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("an entry of a newer version", () => {
  it.each([
    [{ ...snapshot, kind: "hologram" }, "entry kind hologram"],
    [{ ...snapshot, type: "azdo-vault/log/v2" }, "entry type azdo-vault/log/v2"],
    [{ ...frame, kind: "genesis", genesis: { format: 2, minReader: 1 } }, "format 2"],
    [{ ...frame, kind: "genesis", genesis: { format: 1, minReader: 3 } }, "minReader 3"],
  ])("is told apart from garbage", (entry, what) => {
    expect(decodeEntry(canonicalJson(entry))).toMatchObject({ form: "newer", what, frame: { seq: 42 } });
  });
});

function mutated(text: string): fc.Arbitrary<string> {
  return fc
    .tuple(fc.nat(text.length), fc.nat(20), fc.string())
    .map(([start, length, insert]) => text.slice(0, start) + insert + text.slice(start + length));
}
