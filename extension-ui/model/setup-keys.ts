/** A vault's keys, made in this browser. They exist nowhere else: what is not kept now is lost. */
import type { Cryptography } from "../../engine/crypto/cryptography.ts";
import { makeKeySet, type KeySet } from "../../engine/crypto/keys.ts";
import { signersOfKeys } from "./signers.ts";
import { yamlComment } from "./yaml-scalar.ts";

export type { KeySet } from "../../engine/crypto/keys.ts";

/** One more recovery key, for a second person: `recoveryKey` and its public `recoveryRecipient`. */
export type RecoveryPair = Pick<KeySet, "recoveryKey" | "recoveryRecipient">;

/** Give `webCryptography()`. */
export async function newVaultKeys(cryptography: Cryptography): Promise<KeySet> {
  return makeKeySet(cryptography);
}

export async function newRecoveryPair(cryptography: Cryptography): Promise<RecoveryPair> {
  const { recoveryKey, recoveryRecipient } = await makeKeySet(cryptography);
  return { recoveryKey, recoveryRecipient };
}

export interface KeyFile {
  readonly name: string;
  readonly text: string;
}

interface FileFacts {
  readonly project: { readonly id: string; readonly name: string };
  readonly organizationUrl: string;
  readonly madeAt: Date;
}

/**
 * Everything that was made, in one file. Only the recovery keys stand bare, so that the age tool and the tasks take the
 * file as it is; the other keys stand in comments, to be copied.
 */
export function allKeysFile(
  { keys, second }: { readonly keys: KeySet; readonly second: RecoveryPair },
  facts: FileFacts,
): KeyFile {
  const others = keyPlaces
    .filter(({ key, isSecret }) => isSecret && key !== "recoveryKey")
    .flatMap(({ key, title, variable, where }) => [
      `# ${title}${variable === undefined ? "" : ` (secret variable ${variable})`}: ${where}`,
      `#   ${keys[key]}`,
    ]);
  return {
    name: `all-keys-${fileName(facts)}.txt`,
    text: lines(
      "# All keys of a Project Backup vault. Whoever has this file can read and sign everything.",
      ...origin(facts),
      "# Keep it offline. When each key is where it belongs, keep only the recovery keys.",
      "#",
      ...others,
      ...signersOfKeys(keys).map((signer) => `# Signer: ${signer}`),
      "#",
      `# First recovery key (public key: ${keys.recoveryRecipient})`,
      keys.recoveryKey,
      `# Second recovery key, for a second person (public key: ${second.recoveryRecipient})`,
      second.recoveryKey,
    ),
  };
}

/** To keep offline. The age tool takes the file as it is: `age -d -i <file>`. */
export function recoveryKeyFile(pair: RecoveryPair, facts: FileFacts): KeyFile {
  return {
    name: `recovery-key-${fileName(facts)}.txt`,
    text: lines(
      "# Recovery key of a Project Backup vault",
      ...origin(facts),
      "# Opens everything that is backed up. Without it the backups cannot be read by anybody.",
      "# Keep it offline: a password safe, and a copy on paper. Never in the backup pipeline.",
      `# public key: ${pair.recoveryRecipient}`,
      pair.recoveryKey,
    ),
  };
}

/** To keep offline, or in a pipeline of its own: it signs the removal of old snapshots. */
export function ownerKeyFile({ ownerKey, signer }: KeySet, facts: FileFacts): KeyFile {
  return {
    name: `owner-key-${fileName(facts)}.txt`,
    text: lines(
      "# Owner key of a Project Backup vault",
      ...origin(facts),
      "# Signs the removal of old snapshots and changes of keys. Reads nothing.",
      `# signer: ${signersOfKeys({ signer }).join(",")}`,
      ownerKey,
    ),
  };
}

function origin({ project, organizationUrl, madeAt }: FileFacts): readonly string[] {
  return [
    `# Project ${yamlComment(project.name)} (${project.id}) of ${yamlComment(organizationUrl)}`,
    `# Made on ${madeAt.toISOString().slice(0, 10)}`,
  ];
}

function fileName({ project }: FileFacts): string {
  const name = project.name.replace(/[^\w.-]+/g, "-").replace(/^[.-]+|[.-]+$/g, "");
  return name === "" ? project.id : name.slice(0, 60);
}

function lines(...texts: readonly string[]): string {
  return `${texts.join("\n")}\n`;
}

export interface KeyPlace {
  readonly key: keyof KeySet;
  readonly title: string;
  readonly isSecret: boolean;
  /** Secret variable that holds it; undefined when no pipeline of Set up needs it. */
  readonly variable: string | undefined;
  readonly where: string;
  readonly can: string;
}

/** Where each key goes and what it can do, in the order in which people should deal with them. */
export const keyPlaces: readonly KeyPlace[] = [
  {
    key: "recoveryKey",
    title: "Recovery key",
    isSecret: true,
    variable: "RecoveryKey",
    where:
      "Offline: a password safe, and a copy on paper. As a secret variable only in the restore pipeline's group, with an approval on it.",
    can: "Opens everything. Without it the data is lost.",
  },
  {
    key: "agentKey",
    title: "Agent key",
    isSecret: true,
    variable: "AgentKey",
    where: "Secret variable in the backup pipeline's group.",
    can: "Signs snapshots, reads names and titles. Cannot read content.",
  },
  {
    key: "ownerKey",
    title: "Owner key",
    isSecret: true,
    variable: undefined,
    where: "Offline, or as the secret variable of a pipeline of its own.",
    can: "Signs the removal of old snapshots. Reads nothing.",
  },
  {
    key: "viewerKey",
    title: "Viewer key",
    isSecret: true,
    variable: undefined,
    where: "People who browse backups enter it in this page.",
    can: "Reads names and titles. Signs nothing.",
  },
  {
    key: "recoveryRecipient",
    title: "Recovery recipient",
    isSecret: false,
    variable: undefined,
    where: "Plain text in the backup pipeline; it is in the YAML already.",
    can: "Seals content. Opens nothing.",
  },
  {
    key: "signer",
    title: "Signer",
    isSecret: false,
    variable: undefined,
    where: "Plain text in all pipelines and in the settings of this page; both are filled in already.",
    can: "Lets tasks and this page recognise the vault.",
  },
];
