/** The bundled RestoreItem, when somebody who may only create objects plants a journal between preview and applying. */
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { fingerprint } from "../../engine/crypto/keys.ts";
import { sha256Hex } from "../../engine/crypto/cryptography.ts";
import { utf8 } from "../../engine/foundation/bytes.ts";
import { canonicalJson, type JsonObject } from "../../engine/foundation/json.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import type { ProjectRecord } from "../simulator/project/project-store.ts";
import { refsOf } from "../support/git-repositories.ts";
import { packed, plantJournal } from "../support/journal-forger.ts";
import { viewOf } from "../support/project-view.ts";
import { smallProject, type SmallProject } from "../support/small-project.ts";
import { workplace, type Workplace } from "./workplace.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let place: Workplace;
let small: SmallProject;

beforeAll(async () => {
  place = await workplace();
  small = await smallProject(place.azure, "Shop");
});

afterAll(async () => {
  await small.remove();
  const leaks = await place.leaks();
  await place.stop();
  expect(leaks).toEqual([]);
});

/** Ids of the restore as anybody can work them out: with the recovery key's fingerprint, and as they were without. */
function restoreIds(snapshot: string, target: ProjectRecord, items: string): readonly string[] {
  const facts = {
    vault: small.project.id,
    snapshot,
    selectors: [items],
    target: [place.azure.state.organization.id, target.name.toLowerCase()],
    policy: ["skip", { mode: "attach" }],
    mapping: {},
  };
  const key = fingerprint(place.keys.recoveryRecipient);
  return [{ ...facts, key }, facts].map((all) => sha256Hex(nodeCryptography(), utf8(canonicalJson(all))));
}

it("carries out what was approved, whatever somebody plants in between", async () => {
  const backup = await place.backUp(small.project);
  const snapshot = backup.outputs.BackupSnapshotId ?? "";
  const target = place.azure.state.addProject({ name: "Copy", defaultRepository: false });
  const victim = place.azure.state.addRepository(target, { name: "Victim" });
  const inputs = { targetProject: target.name, items: "git-repositories/Web" };
  const preview = await place.restore(small.project, { ...inputs, previewOnly: "true" });
  const planHash = preview.outputs.RestorePlanHash ?? "";
  const { organizationUrl } = place.azure;
  const named = ({ id, name }: ProjectRecord): JsonObject => ({ organizationUrl, projectId: id, projectName: name });
  const id = small.web.record.id;
  const step = { kind: "git-repositories", stream: `git-repositories/${id}`, key: id, name: "Web", phase: "fill" };
  const detail = { targetId: victim.id, overwrite: true };
  const steps = packed([{ ...step, action: "update", changes: [], detail }]);
  const facts = { conflictPolicy: "skip", snapshot, hash: planHash, steps };
  const forger = { store: place.store(), vault: small.project.id, recipient: place.keys.recoveryRecipient };
  const ids = restoreIds(snapshot, target, inputs.items);
  const header = { target: named(target), source: named(small.project), plan: facts };
  for (const restore of ids) await plantJournal(forger, restore, [{ header }]);

  const applied = await place.restore(small.project, { ...inputs, planHash });

  expect(applied).toMatchObject({ errors: [], outputs: { RestoreFailed: "0", RestorePlanHash: planHash } });
  expect(applied.warnings.join("\n")).toMatch(/do not authenticate with this recovery key/);
  expect(applied.attachments.map(({ name }) => name)).toContain(`restore-${ids[0]?.slice(0, 16) ?? ""}.json`);
  expect(refsOf(place.azure.state.repositories.folderOf(victim))).toEqual([]);
  expect(viewOf(place.azure, target).repositories.Web).toEqual(viewOf(place.azure, small.project).repositories.Web);
});
