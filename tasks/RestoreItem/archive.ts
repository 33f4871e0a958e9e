/** `destination: archive`: the selection as a zip in the run's artifacts. Works without Azure DevOps. */
import { join } from "node:path";
import { tmpdir } from "node:os";
import { mkdir } from "node:fs/promises";
import { registry } from "../../engine/kinds/registry.ts";
import { archiveItems } from "../../engine/operations/restore/archive-items.ts";
import type { FoundVault } from "../../engine/operations/find-vault.ts";
import { openForRestore } from "../../engine/operations/restore/restore-items.ts";
import { parseVaultHeads } from "../../engine/vault/format/head-pin.ts";
import type { TaskOutcome, TaskRun } from "../shared/run-task.ts";
import type { Tools } from "../shared/tools.ts";
import { zipArchive } from "../shared/zip-archive.ts";
import type { Settings } from "./settings.ts";

export async function archive(
  { agent, reporter, signal }: TaskRun,
  given: Settings & { readonly vault: FoundVault; readonly tools: Tools },
): Promise<TaskOutcome> {
  const { vault, tools, selectors } = given;
  const head = agent.input("vaultHead");
  const pin = head === undefined ? undefined : parseVaultHeads(head, [vault.vault]).get(vault.vault);
  const { snapshot } = await openForRestore({ ...given, vault: vault.vault, pin }, tools);
  const folder = join(agent.variable("Agent.TempDirectory") ?? tmpdir(), "project-backup-archive", snapshot.id);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${vault.project.name.replace(/[^\w.-]/g, "_")}-${snapshot.id}.zip`);
  const zip = zipArchive(file);
  try {
    const { entries } = await archiveItems({ selectors, snapshot, kinds: registry, into: zip, reporter, signal });
    await zip.close();
    agent.command("artifact.upload", { containerfolder: "project-backup", artifactname: "project-backup" }, file);
    return {
      result: "Succeeded",
      message: `${entries} files of snapshot ${snapshot.id} are in the artifact project-backup; they are not encrypted any more`,
    };
  } catch (error) {
    await zip.abandon();
    throw error;
  }
}
