/**
 * Opens a vault for writing, or begins it: a genesis entry is written only where no log name is
 * taken at all, recovery recipients are given and no head is known. Of two runs that begin at once one loses the
 * race and goes on with the winner's.
 */
import { utf8 } from "../../foundation/bytes.ts";
import { BackupError, hasCode } from "../../foundation/errors.ts";
import type { AgentKeys, PinnedSigner } from "../../crypto/keys.ts";
import { fingerprint } from "../../crypto/keys.ts";
import { writeCanaries } from "../format/canary.ts";
import type { LoggedEntry } from "../format/logged-entry.ts";
import { appendEntry } from "./append.ts";
import type { AppendFacts } from "./append.ts";
import type { EntryBody } from "../format/log-codec.ts";
import type { GenesisEntry, SignerRole, VaultKeys } from "../format/log-entry.ts";
import { requireWritable } from "./problems.ts";
import { readLog } from "./log.ts";
import type { Log } from "./log.ts";
import { readmeName } from "../format/layout.ts";
import { recoveryReadme, storedReadme } from "../format/recovery-readme.ts";
import type { StoredReadme } from "../format/recovery-readme.ts";
import { agentKinds, maySign, ownerKinds } from "../format/roles.ts";

/** What the vault is of; ids only are compared, names and addresses may change. */
export interface VaultOrigin {
  readonly organization: { readonly id: string; readonly url: string };
  /** Absent for an organisation vault. */
  readonly project?: { readonly id: string };
}

export interface OpenVaultFacts extends AppendFacts {
  readonly origin: VaultOrigin;
  readonly agent: AgentKeys;
  /** Signer of the owner key, when that key is given. Other owners are those that are pinned as such. */
  readonly ownerSigner?: string | undefined;
  /** Input `recoveryRecipients`; needed for a new vault, and whenever no signer is pinned. */
  readonly recoveryRecipients?: readonly string[] | undefined;
}

export interface OpenedVault {
  readonly log: Log;
  readonly genesis: LoggedEntry<GenesisEntry>;
  /** Keys as they are now. */
  readonly keys: VaultKeys;
  /** This run wrote the genesis entry. */
  readonly created: boolean;
  /** Some key may sign retirement; without one, retention can never be carried out in this vault. */
  readonly hasOwner: boolean;
  /** README.txt as it is stored now. */
  readonly readme: StoredReadme;
}

/**
 * The vault, ready to be written to by this agent key. Throws, before anything is written: RECIPIENTS_REQUIRED,
 * RECIPIENTS_DIFFER, SIGNER_MISMATCH, SIGNER_NOT_PINNED, SIGNER_NOT_ALLOWED, WRONG_VAULT, and what forbids writing to
 * its log.
 */
export async function openVault(facts: OpenVaultFacts): Promise<OpenedVault> {
  if (isUnpinned(facts) && (facts.recoveryRecipients ?? []).length === 0) throw recipientsRequired(facts.vault);
  const found = await readLog(facts);
  requireWritable(found);
  if (!found.listsEmpty) checkVault(facts, found);
  const body = found.listsEmpty ? genesisOf(facts) : undefined;
  const { log, entry } = await appendEntry(facts, found, async (newest) => (newest.listsEmpty ? body : undefined));
  const { genesis, keys } = checkVault(facts, log);
  const readme = await writeCompanions(facts, genesis, keys);
  const hasOwner = [...log.roles.keys()].some((signer) => maySign(log.roles, signer, "retire"));
  return { log, genesis, keys, created: entry !== undefined, hasOwner, readme };
}

/** Throws WRONG_VAULT when the vault was begun for something else. */
export function checkOrigin(vault: string, genesis: GenesisEntry, origin: VaultOrigin): void {
  const { organization, project } = genesis.genesis;
  if (organization.id === origin.organization.id && project?.id === origin.project?.id) return;
  throw new BackupError({
    code: "WRONG_VAULT",
    message: `Vault ${vault} is of project ${project?.id ?? "(none)"} in organisation ${organization.id} (${organization.url}), not of project ${origin.project?.id ?? "(none)"} in organisation ${origin.organization.id}`,
    hint: "Use the container that belongs to this organisation, or a new one.",
  });
}

function checkVault(
  facts: OpenVaultFacts,
  log: Log,
): { readonly genesis: LoggedEntry<GenesisEntry>; readonly keys: VaultKeys } {
  const { genesis, keys } = log;
  // readLog throws GENESIS_INVALID for a log without a beginning.
  if (genesis === undefined || keys === undefined) throw new Error("a log that is not empty has a genesis entry");
  checkOrigin(facts.vault, genesis.entry, facts.origin);
  checkAgent(facts, log);
  checkBeginning(facts, genesis);
  checkRecipients(facts, keys);
  return { genesis, keys };
}

function checkAgent({ vault, agent }: OpenVaultFacts, log: Log): void {
  if (maySign(log.roles, agent.signer, "snapshot")) return;
  throw new BackupError({
    code: "SIGNER_NOT_ALLOWED",
    message: `The agentKey signs as ${agent.signer}, which may not write snapshots into vault ${vault}`,
    hint: "The vault's keys were changed, or this key belongs to another vault: put the vault's current agent key into the secret variable.",
  });
}

/** Where nobody has said whose vault it is, it must be one that this agent key began itself. */
function checkBeginning(facts: OpenVaultFacts, { signer }: LoggedEntry<GenesisEntry>): void {
  const { vault, agent } = facts;
  if (!isUnpinned(facts) || signer === agent.signer) return;
  throw new BackupError({
    code: "SIGNER_NOT_PINNED",
    message: `Vault ${vault} was begun by the key ${signer}, which is not this agentKey, and input signer is empty`,
    hint: "Anybody who can write to the container may have begun it. If it is yours, give the signer line of its key set; if not, use another container.",
  });
}

function isUnpinned({ pinnedSigners = [] }: OpenVaultFacts): boolean {
  return pinnedSigners.length === 0;
}

function checkRecipients({ vault, recoveryRecipients = [] }: OpenVaultFacts, keys: VaultKeys): void {
  if (recoveryRecipients.length === 0) return;
  const given = new Set(recoveryRecipients);
  if (given.size === keys.recipients.length && keys.recipients.every((recipient) => given.has(recipient))) return;
  throw new BackupError({
    code: "RECIPIENTS_DIFFER",
    message: `Input recoveryRecipients names ${fingerprints(recoveryRecipients)}, but vault ${vault} seals to ${fingerprints(keys.recipients)}`,
    hint: "Correct the input. Recipients of a vault change only by an entry that the owner key signs.",
  });
}

function fingerprints(recipients: readonly string[]): string {
  return recipients.map(fingerprint).sort().join(", ");
}

function genesisOf(facts: OpenVaultFacts): EntryBody {
  const { vault, agent, origin, recoveryRecipients = [] } = facts;
  if (recoveryRecipients.length === 0) throw recipientsForNewVault(vault);
  return {
    kind: "genesis",
    genesis: {
      format: 1,
      minReader: 1,
      recipients: recoveryRecipients,
      catalogue: agent.catalogueRecipient,
      signers: signersOf(facts),
      organization: origin.organization,
      ...(origin.project === undefined ? {} : { project: origin.project }),
    },
  };
}

function recipientsForNewVault(vault: string): BackupError {
  return new BackupError({
    code: "RECIPIENTS_REQUIRED",
    message: `The container holds no vault ${vault} yet, and input recoveryRecipients is empty`,
    hint: "Give the recoveryRecipient that 'npm run keys' printed; if the vault should exist already, check the container.",
  });
}

function recipientsRequired(vault: string): BackupError {
  return new BackupError({
    code: "RECIPIENTS_REQUIRED",
    message: `Inputs recoveryRecipients and signer are both empty, so nobody has said whose vault ${vault} is`,
    hint: "Give the signer line of your key set, or the vault's own recoveryRecipients.",
  });
}

/** The agent key, and as owners those that are pinned as owners, or whose key is given. Nobody is one by position. */
function signersOf({ vault, agent, ownerSigner, pinnedSigners = [] }: OpenVaultFacts): readonly SignerRole[] {
  const given: readonly PinnedSigner[] = [
    { role: "agent", signer: agent.signer },
    ...(ownerSigner === undefined ? [] : [{ role: "owner" as const, signer: ownerSigner }]),
  ];
  if (pinnedSigners.length > 0) for (const one of given) requirePinned(vault, one, pinnedSigners);
  const owners = [...given, ...pinnedSigners].filter(({ role }) => role === "owner").map(({ signer }) => signer);
  return [{ pub: agent.signer, may: agentKinds }, ...[...new Set(owners)].map((pub) => ({ pub, may: ownerKinds }))];
}

function requirePinned(vault: string, { role, signer }: PinnedSigner, pinnedSigners: readonly PinnedSigner[]): void {
  const pin = pinnedSigners.find((one) => one.signer === signer);
  if (pin?.role === role) return;
  const found = pin === undefined ? "does not name" : `names as an ${pin.role}`;
  throw new BackupError({
    code: "SIGNER_MISMATCH",
    message: `The given ${role}Key signs as ${role}=${signer}, which input signer ${found}; vault ${vault} was not begun`,
    hint: "Use keys and signer of one and the same key set ('npm run keys' prints them together, each with its role).",
  });
}

/** Canaries and README.txt: on every run, because a run may have ended between the genesis entry and them. */
async function writeCompanions(
  facts: OpenVaultFacts,
  genesis: LoggedEntry<GenesisEntry>,
  keys: VaultKeys,
): Promise<StoredReadme> {
  const { store, vault } = facts;
  const page = { vault, genesis: genesis.entry };
  await writeCanaries(facts, keys.recipients);
  const stored = await storedReadme(facts, page);
  if (stored.state !== "missing") return stored;
  await store.create(readmeName(vault), utf8(recoveryReadme(page))).catch((error: unknown) => {
    if (!hasCode(error, "STORE_EXISTS")) throw error;
  });
  return storedReadme(facts, page);
}
