/** A vault is found by its project's name, whatever else lies in the container. */
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { parseAgentKey } from "../../engine/crypto/keys.ts";
import { utf8 } from "../../engine/foundation/bytes.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import { findVault } from "../../engine/operations/find-vault.ts";
import { engineOver, type Engine } from "../support/backup-engine.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { simulator, type TestSimulator } from "../support/simulator.ts";
import { smallProject, type SmallProject } from "../support/small-project.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const [foreign, copied] = ["11111111-2222-4333-8444-555555555555", "22222222-2222-4333-8444-555555555555"];
const cryptography = nodeCryptography();
let azure: TestSimulator;
let small: SmallProject;
let engine: Engine;
let store: MemoryStore;
let identities: readonly string[];

beforeAll(async () => {
  azure = await simulator();
  small = await smallProject(azure);
  store = memoryStore();
  engine = await engineOver(azure, { store });
  await engine.backUp(small.project, { include: ["project"] });
  identities = [(await parseAgentKey(engine.keys.agentKey, cryptography)).catalogueIdentity];
  for (const [name, bytes] of [...store.objects]) {
    if (!name.startsWith(`${small.project.id}/`)) continue;
    store.objects.set(name.replace(small.project.id, copied), bytes);
  }
  store.objects.set(`${foreign}/log/0000000000.json`, utf8("somebody was here\n"));
});
afterAll(async () => {
  await engine.close();
  await azure.stop();
  await small.remove();
});

it("finds it beside vaults that are foreign or broken", async () => {
  const found = await findVault(small.project.name, { store, cryptography, identities });

  expect(found).toMatchObject({ vault: small.project.id, project: { name: small.project.name } });
});

it("names those that it could not read when it finds none", async () => {
  const refused = findVault("Elsewhere", { store, cryptography, identities });

  await expect(refused).rejects.toMatchObject({
    code: "VAULT_UNKNOWN",
    hint: expect.stringMatching(new RegExp(`${foreign} .*GENESIS_INVALID.*${copied} .*WRONG_VAULT`)) as string,
  });
});

it("says what is wrong with one that is looked for by its GUID", async () => {
  await expect(findVault(copied, { store, cryptography, identities })).rejects.toMatchObject({ code: "WRONG_VAULT" });
});

it("takes no vault for the project's whose log other keys have signed", async () => {
  const pinnedSigners = [{ role: "agent", signer: `ed25519:${"A".repeat(43)}` }] as const;
  const refused = findVault(small.project.name, { store, cryptography, identities, pinnedSigners });

  await expect(refused).rejects.toMatchObject({ code: "VAULT_UNKNOWN" });
});
