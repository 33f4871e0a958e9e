import { describe, expect, it } from "vitest";
import { formatHead, parseHead, parseVaultHeads } from "../../../../engine/vault/format/head-pin.ts";
import {
  canaryName,
  checkpointName,
  dataName,
  isVaultId,
  journalName,
  logName,
  objectPath,
  parseCheckpointName,
  parseObjectPath,
  pathOfDataName,
  runClaimName,
  runOfObject,
  seqOfLogName,
} from "../../../../engine/vault/format/layout.ts";
import { vaultId } from "./log-vault.ts";

const run = "20261122T180544Z-7f3a9c1e";
const path = `${run}/0a-000123.ndjson.gz.age`;
const hash = "ab".repeat(32);

describe("names in the container", () => {
  it("are those of the format", () => {
    expect(logName(vaultId, 42)).toBe(`${vaultId}/log/0000000042.json`);
    expect(objectPath({ run, shard: "0a", n: 123, extension: "ndjson.gz.age" })).toBe(path);
    expect(dataName(vaultId, path)).toBe(`${vaultId}/data/${path}`);
    expect(checkpointName(vaultId, { run, shard: "0a", n: 7 })).toBe(`${vaultId}/runs/${run}/0a-000007.json`);
    expect(runClaimName(vaultId, hash)).toBe(`${vaultId}/runs/${hash}.json`);
    expect(journalName(vaultId, "0123456789abcdef", { n: 3, tag: "ab".repeat(16) })).toBe(
      `${vaultId}/restores/0123456789abcdef/000003-${"ab".repeat(16)}.json`,
    );
    expect(canaryName(vaultId, "0123456789abcdef")).toBe(`${vaultId}/canary/0123456789abcdef.age`);
  });

  it("are taken apart into what they were made of", () => {
    expect(seqOfLogName(vaultId, logName(vaultId, 42))).toBe(42);
    expect(parseObjectPath(path)).toEqual({ run, shard: "0a", n: 123, extension: "ndjson.gz.age" });
    expect(pathOfDataName(vaultId, dataName(vaultId, path))).toBe(path);
    expect(runOfObject(path)).toBe(run);
    expect(parseCheckpointName(vaultId, checkpointName(vaultId, { run, shard: "0a", n: 7 }))).toEqual({
      run,
      shard: "0a",
      n: 7,
    });
  });

  it.each([
    "../x",
    `${run}/../${path}`,
    `${run}/00-000001.json`,
    `${run}/00-000001.json.gz.age/x`,
    `${run}\\00-000001.json.gz.age`,
    `${run}/00-000001.json.gz.age\n`,
    `${run}/00-1.json.gz.age`,
    `${run}/0G-000001.json.gz.age`,
    "20261122T180544Z-7F3A9C1E/00-000001.json.gz.age",
    "",
  ])("cannot be made of the object path %j", (bad) => {
    expect(parseObjectPath(bad)).toBeUndefined();
    expect(() => dataName(vaultId, bad)).toThrow(expect.objectContaining({ code: "NAME_FORM" }) as Error);
  });

  it("cannot be made of anything else that is not what it should be", () => {
    const bad = [
      () => logName("..", 1),
      () => logName(vaultId.toUpperCase(), 1),
      () => logName(vaultId, -1),
      () => logName(vaultId, 1.5),
      () => logName(vaultId, 10_000_000_000),
      () => checkpointName(vaultId, { run: "../x", shard: "00", n: 1 }),
      () => checkpointName(vaultId, { run, shard: "..", n: 1 }),
      () => objectPath({ run, shard: "00", n: 1_000_000, extension: "bin.age" }),
      () => journalName(vaultId, "../../log", { n: 1, tag: "ab".repeat(16) }),
      () => journalName(vaultId, "0123456789abcdef", { n: 1, tag: "../../log" }),
      () => runClaimName(vaultId, "x/y"),
      () => canaryName(vaultId, ".."),
    ];
    for (const make of bad) expect(make).toThrow(expect.objectContaining({ code: "NAME_FORM" }) as Error);
  });

  it("of other vaults and other things are not recognised", () => {
    const other = "11111111-2222-4333-8444-555555555555";
    expect(isVaultId(other)).toBe(true);
    expect(seqOfLogName(vaultId, logName(other, 1))).toBeUndefined();
    expect(seqOfLogName(vaultId, `${vaultId}/log/42.json`)).toBeUndefined();
    expect(pathOfDataName(vaultId, dataName(other, path))).toBeUndefined();
    expect(parseCheckpointName(vaultId, runClaimName(vaultId, hash))).toBeUndefined();
  });
});

describe("a head pin", () => {
  const head = { seq: 41, sha256: hash };

  it("reads what it writes, and nothing else", () => {
    expect(parseHead(formatHead(head))).toEqual(head);
    for (const bad of ["", "41", `41:${hash}0`, `-1:${hash}`, `41:${hash.toUpperCase()}`, `41 :${hash}`]) {
      expect(parseHead(bad)).toBeUndefined();
    }
  });

  it("comes as one line, as one line per vault, or as what a run over several projects prints", () => {
    const other = "11111111-2222-4333-8444-555555555555";
    const text = formatHead(head);

    expect(parseVaultHeads(`\n ${text} \n`, [vaultId]).get(vaultId)).toEqual(head);
    expect(
      parseVaultHeads(`${vaultId.toUpperCase()}=${text}\r\n${other}=7:${hash}`, [vaultId, other]).get(other),
    ).toEqual({ seq: 7, sha256: hash });
    expect(parseVaultHeads(JSON.stringify({ [vaultId]: text }), [vaultId, other]).get(vaultId)).toEqual(head);
    expect(parseVaultHeads("", [vaultId]).size).toBe(0);
  });

  it.each([
    `41:${hash}`,
    `x=41:${hash}`,
    "nonsense",
    `${vaultId}=41:${hash}\n${vaultId}=42:${hash}`,
    `{"${vaultId}":7}`,
  ])("is refused where it cannot be understood: %j", (input) => {
    const vaults = [vaultId, "11111111-2222-4333-8444-555555555555"];
    expect(() => parseVaultHeads(input, vaults)).toThrow(
      expect.objectContaining({ code: "INPUT_VAULT_HEAD" }) as Error,
    );
  });
});
