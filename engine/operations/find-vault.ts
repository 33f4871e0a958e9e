/**
 * Finds the vault of a project by name when Azure DevOps cannot say (the project or the whole organisation is gone):
 * from the newest `project` stream of each vault in the container.
 */
import type { Cryptography } from "../crypto/cryptography.ts";
import type { PinnedSigner } from "../crypto/keys.ts";
import { BackupError, hasCode } from "../foundation/errors.ts";
import type { ProjectRef } from "../kinds/kind.ts";
import type { ObjectReader } from "../store/object-store.ts";
import { isVaultId } from "../vault/format/layout.ts";
import { readLog } from "../vault/log/log.ts";
import { newestSnapshot } from "../vault/snapshots/snapshots.ts";
import { openSnapshot } from "../vault/snapshots/snapshot-reader.ts";
import { isStoredDamage } from "../vault/format/stored-damage.ts";

export interface FoundVault {
  readonly vault: string;
  readonly project: ProjectRef;
  readonly organizationUrl: string;
}

interface Container {
  readonly store: ObjectReader;
  readonly cryptography: Cryptography;
  /** Viewer, agent's catalogue or recovery identities. */
  readonly identities: readonly string[];
  /** Vaults that others have begun are then none of those that a name can mean. */
  readonly pinnedSigners?: readonly PinnedSigner[];
}

/** GUIDs of the vaults in the container. */
export async function vaultsIn({ store }: Pick<Container, "store">): Promise<readonly string[]> {
  const vaults = new Set<string>();
  for await (const { name } of store.list("")) {
    const vault = name.split("/")[0] ?? "";
    if (isVaultId(vault)) vaults.add(vault);
  }
  return [...vaults];
}

/**
 * By GUID or by name. Throws VAULT_UNKNOWN and VAULT_AMBIGUOUS, naming what there is. A vault that is looked for by its
 * GUID has to be sound; among others, by name, what is wrong with one says nothing of the rest.
 */
export async function findVault(nameOrId: string, container: Container): Promise<FoundVault> {
  const known: FoundVault[] = [];
  const unreadable: string[] = [];
  const id = nameOrId.toLowerCase();
  const candidates = isVaultId(id) ? [id] : await vaultsIn(container);
  for (const vault of candidates) {
    try {
      const found = await describeVault(vault, container);
      if (found !== undefined) known.push(found);
    } catch (error) {
      if (vault === id || !(error instanceof BackupError) || isOfStorage(error)) throw error;
      unreadable.push(`${vault} (${error.code})`);
    }
  }
  const matching = known.filter(({ vault, project }) => vault === id || project.name.toLowerCase() === id);
  const [only, ...others] = matching;
  if (only !== undefined && others.length === 0) return only;
  if (only === undefined) throw unknownVault(nameOrId, { known, unreadable });
  throw new BackupError({
    code: "VAULT_AMBIGUOUS",
    message: `${matching.length} vaults in this container are of a project called ${nameOrId}: ${matching.map(({ vault }) => vault).join(", ")}`,
    hint: "Name the one you mean by its GUID.",
  });
}

/** It would be the same for every vault. */
function isOfStorage({ code }: BackupError): boolean {
  return ["STORE_FORBIDDEN", "STORE_CONTAINER_MISSING", "STORE_UNAVAILABLE"].includes(code);
}

/** Undefined for a vault without entries. The name is its GUID when the catalogue cannot be opened. */
export async function describeVault(
  vault: string,
  { store, cryptography, identities, pinnedSigners }: Container,
): Promise<FoundVault | undefined> {
  const log = await readLog({ store, cryptography, vault, pinnedSigners });
  const genesis = log.entries[0]?.entry;
  if (genesis?.kind !== "genesis") return undefined;
  const newest = newestSnapshot(log);
  const name =
    newest === undefined || identities.length === 0
      ? undefined
      : await projectName(vault, { store, cryptography, identities }, newest.entry).catch(unreadable);
  return { vault, project: { id: vault, name: name ?? vault }, organizationUrl: genesis.genesis.organization.url };
}

/** Neither a wrong key nor damage keeps a vault from being found by its GUID; both are told where they matter. */
function unreadable(error: unknown): undefined {
  if (isStoredDamage(error) || hasCode(error, "KEY_MISMATCH")) return undefined;
  throw error;
}

async function projectName(
  vault: string,
  container: Container,
  entry: Parameters<typeof openSnapshot>[0]["entry"],
): Promise<string | undefined> {
  const stream = await openSnapshot({ access: { ...container, vault }, entry, takenAt: entry.srv }).stream("project");
  if (stream === undefined) return undefined;
  for await (const item of stream.items()) if (item.type === "project") return item.name;
  return undefined;
}

function unknownVault(
  name: string,
  { known, unreadable }: { readonly known: readonly FoundVault[]; readonly unreadable: readonly string[] },
): BackupError {
  const list = known.map(({ vault, project }) => (project.name === vault ? vault : `${project.name} (${vault})`));
  const others =
    unreadable.length === 0 ? "" : ` These could not be read: ${unreadable.slice(0, 20).join(", ")}; try their GUID.`;
  return new BackupError({
    code: "VAULT_UNKNOWN",
    message: `This container holds no backup of project ${name}`,
    hint: `${
      list.length === 0
        ? "Check the container, or run BackupProject first."
        : `It holds: ${list.slice(0, 20).join(", ")}.`
    }${others}`,
  });
}
