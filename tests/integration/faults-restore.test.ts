/**
 * Faults during a restore (docs/fault-plan.md, cases 5, 46, 49, 79 to 81): the run fails or reports what it could not do; the
 * next one ends where an undisturbed one ends, with nothing twice.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { makeKeySet, type KeySet } from "../../engine/crypto/keys.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import type { RestoreResult } from "../../engine/operations/results.ts";
import type { DeletingStore } from "../../engine/store/object-store.ts";
import type { Exchange, FaultAction } from "../simulator/http/faults.ts";
import type { ProjectRecord } from "../simulator/project/project-store.ts";
import { engineOver } from "../support/backup-engine.ts";
import { hastyClock } from "../support/hasty-clock.ts";
import { faultyStore } from "../support/faulty-store.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { viewOf } from "../support/project-view.ts";
import { simulator, type TestSimulator } from "../support/simulator.ts";
import { smallProject, type SmallProject } from "../support/small-project.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let azure: TestSimulator;
let small: SmallProject;
let keys: KeySet;
let vault: MemoryStore;
let expected: unknown;
let requests: number;
let targets = 0;

beforeAll(async () => {
  azure = await simulator();
  small = await smallProject(azure);
  keys = await makeKeySet(nodeCryptography());
  vault = memoryStore();
  const engine = await engineOver(azure, { store: vault, keys });
  await engine.backUp(small.project);
  await engine.close();
  const calm = newTarget();
  const before = azure.traffic.requests;
  expect((await restore(calm)).failed).toBe(0);
  requests = azure.traffic.requests - before;
  expected = comparable(calm);
});

afterEach(() => {
  azure.faults.clear();
  azure.gitFaults.clear();
});

afterAll(async () => {
  await small.remove();
  await azure.stop();
});

function newTarget(): ProjectRecord {
  targets += 1;
  return azure.state.addProject({ name: `Target ${targets}`, defaultRepository: false });
}

async function restore(
  target: ProjectRecord,
  { token = azure.token, store = vault }: { readonly token?: string; readonly store?: DeletingStore } = {},
): Promise<RestoreResult> {
  const engine = await engineOver(azure, { store, keys, token, clock: hastyClock });
  try {
    return await engine.restore(small.project, ["*"], { targetProject: { id: target.id, name: target.name } });
  } finally {
    await engine.close();
  }
}

function comparable(target: ProjectRecord): unknown {
  return JSON.parse(JSON.stringify(viewOf(azure, target)).replaceAll(target.name, "(target)"));
}

describe("a restore", () => {
  it("whose token ends in the middle fails, and goes on with a new one", async () => {
    for (let left = 4; left < requests; left += 6) {
      const target = newTarget();
      const token = azure.state.signIn.issue({ requests: left });
      await expect(restore(target, { token }), `after ${left} requests`).rejects.toMatchObject({
        code: expect.stringMatching(/UNAUTHORIZED/) as string,
      });
      expect((await restore(target)).failed, `after ${left} requests`).toBe(0);
      expect(comparable(target), `after ${left} requests`).toEqual(expected);
    }
  });

  it("whose storage closes in the middle fails, and goes on when it is open again", async () => {
    for (const operation of [2, 5, 9]) {
      const target = newTarget();
      const closing = faultyStore(vault, { refuseFrom: { operation, code: "STORE_FORBIDDEN" } });
      await expect(restore(target, { store: closing })).rejects.toMatchObject({ code: "STORE_FORBIDDEN" });
      expect((await restore(target)).failed).toBe(0);
      expect(comparable(target)).toEqual(expected);
    }
  });

  it.each([
    { name: "is lost after its effect", fault: { kind: "resetAfter" } },
    { name: "is an error before any effect", fault: { kind: "status", status: 500 } },
    { name: "asks for patience", fault: { kind: "status", status: 429, retryAfterSeconds: 1 } },
  ] satisfies { readonly name: string; readonly fault: FaultAction }[])(
    "to which an answer $name makes nothing twice",
    async ({ fault }) => {
      for (const sort of [/git\/repositories$/, /wit\/workitems\/\$/i, /wit\/attachments$/, /comments$/]) {
        const target = newTarget();
        const isIt = ({ method, path }: Exchange): boolean => method === "POST" && sort.test(path);
        azure.faults.add({ ...fault, when: isIt, times: 1 });
        await restore(target);
        azure.faults.clear();
        expect((await restore(target)).failed, String(sort)).toBe(0);
        expect(comparable(target), String(sort)).toEqual(expected);
      }
    },
  );

  it("twice, and a third time with another selection, makes nothing twice", async () => {
    const target = newTarget();
    await restore(target);
    await restore(target);
    const engine = await engineOver(azure, { store: vault, keys });
    const into = { targetProject: { id: target.id, name: target.name } };
    const third = await engine.restore(small.project, ["work-items/*"], into);
    await engine.close();
    expect(third).toMatchObject({ created: 0, failed: 0 });
    expect(comparable(target)).toEqual(expected);
  });
});
