/** Everything people get wrong (contract "Bad input"): what they gave, and what the one error line has to say. */
import type { TaskName } from "../support/run-task.ts";
import type { Inputs, Options, Workplace } from "./workplace.ts";
import type { KeySet } from "../../engine/crypto/keys.ts";
import type { AzuriteContainer } from "../support/azurite.ts";

/** What the cases are made of. */
export interface Scene {
  readonly place: Workplace;
  /** A whole key set that has nothing to do with the vault. */
  readonly otherKeys: KeySet;
  /** An empty container. */
  readonly empty: AzuriteContainer;
  /** A container with the vault of the same project in another organisation. */
  readonly foreign: AzuriteContainer;
}

export interface BadInput {
  readonly name: string;
  readonly task: TaskName;
  readonly inputs: (scene: Scene) => Inputs;
  readonly options?: (scene: Scene) => Options;
  /** Names the input or the object and says what was found. */
  readonly says: RegExp;
  /** Must not be in any output, not even its beginning. */
  readonly hides?: (scene: Scene) => string;
}

/** As an agent hands over a variable that does not exist. */
export const unset = "$(NoSuchVariable)";

const keyCases: readonly BadInput[] = [
  { name: "no agent key", task: "BackupProject", inputs: () => ({ agentKey: "" }), says: /agentKey is empty/ },
  {
    name: "an agent key from a variable that is not set",
    task: "BackupProject",
    inputs: () => ({ agentKey: unset }),
    says: /agentKey is empty, or names a variable/,
  },
  {
    name: "the owner key as agent key",
    task: "BackupProject",
    inputs: ({ place }) => ({ agentKey: place.keys.ownerKey }),
    says: /agentKey: an agent key begins with pbak1; this one begins with pbok1 and is an owner key/,
  },
  {
    name: "a mistyped agent key",
    task: "BackupProject",
    inputs: ({ place }) => ({ agentKey: place.keys.agentKey.slice(0, -2) }),
    says: /agentKey.*cut off or mistyped/,
  },
  {
    name: "the agent key of another vault",
    task: "BackupProject",
    inputs: ({ otherKeys }) => ({ agentKey: otherKeys.agentKey, signer: "" }),
    says: /agentKey signs as ed25519:\S+, which may not write/,
  },
  {
    name: "the agent key as owner key",
    task: "BackupProject",
    inputs: ({ place }) => ({ ownerKey: place.keys.agentKey }),
    says: /ownerKey: an owner key begins with pbok1/,
  },
  {
    name: "a malformed recipient",
    task: "BackupProject",
    inputs: () => ({ recoveryRecipients: "age1nothing" }),
    says: /recoveryRecipients: a recipient begins with age1/,
  },
  {
    name: "the recovery key in place of its recipient",
    task: "BackupProject",
    inputs: ({ place }) => ({ recoveryRecipients: place.keys.recoveryKey }),
    says: /recoveryRecipients: .*begins with AGE-SECRET-KEY-1/,
  },
  {
    name: "recipients that are not the vault's",
    task: "BackupProject",
    inputs: ({ place, otherKeys }) => ({
      recoveryRecipients: `${place.keys.recoveryRecipient}\n${otherKeys.recoveryRecipient}`,
    }),
    says: /recoveryRecipients names .* seals to/,
  },
  {
    name: "no recipients for a new vault",
    task: "BackupProject",
    inputs: ({ place, empty }) => ({ ...place.storage(empty), recoveryRecipients: "" }),
    options: () => ({ pipeline: "New" }),
    says: /recoveryRecipients is empty/,
  },
  {
    name: "neither recipients nor signers, though the vault is there",
    task: "BackupProject",
    inputs: () => ({ recoveryRecipients: "", signer: "" }),
    says: /recoveryRecipients is empty, and so is signer/,
  },
  {
    name: "signers without their roles",
    task: "BackupProject",
    inputs: ({ place }) => ({ signer: place.keys.signer.replace(/agent=|owner=/g, "") }),
    says: /a key without a role is an agent's, an owner's is written owner=ed25519:/,
  },
  {
    name: "a key as agent and as owner",
    task: "VerifyBackup",
    inputs: ({ place }) => ({ signer: `${place.keys.signer},${place.keys.signer.replace("agent=", "owner=")}` }),
    says: /signer \(key 3 of 4\): the same key is named as an agent's and as an owner's/,
  },
  {
    name: "signers of another vault",
    task: "BackupProject",
    inputs: ({ otherKeys }) => ({ signer: otherKeys.signer }),
    says: /input signer/,
  },
  {
    name: "a signer that is none",
    task: "BackupProject",
    inputs: () => ({ signer: "ed25519:short" }),
    says: /signer: a public signing key begins with ed25519:/,
  },
  { name: "no recovery key", task: "RestoreItem", inputs: () => ({ recoveryKey: "" }), says: /recoveryKey is empty/ },
  {
    name: "another vault's recovery key",
    task: "RestoreItem",
    inputs: ({ otherKeys }) => ({ recoveryKey: otherKeys.recoveryKey }),
    says: /recoveryKey \(.*\) opens nothing in this vault/,
  },
  {
    name: "the viewer key as recovery key",
    task: "RestoreItem",
    inputs: ({ place }) => ({ recoveryKey: place.keys.viewerKey }),
    says: /recoveryKey .*opens nothing in this vault/,
  },
  {
    name: "the agent key as recovery key",
    task: "RestoreItem",
    inputs: ({ place }) => ({ recoveryKey: place.keys.agentKey }),
    says: /recoveryKey: a recovery or viewer key begins with AGE-SECRET-KEY-1/,
  },
  {
    name: "no key at all to verify with",
    task: "VerifyBackup",
    inputs: () => ({ viewerKey: "" }),
    says: /viewerKey is empty, and so are agentKey and recoveryKey/,
  },
  {
    name: "content without the recovery key",
    task: "VerifyBackup",
    inputs: () => ({ level: "content" }),
    says: /recoveryKey is empty/,
  },
  {
    name: "content with the viewer key as recovery key",
    task: "VerifyBackup",
    inputs: ({ place }) => ({ level: "content", recoveryKey: place.keys.viewerKey }),
    says: /recoveryKey .*opens nothing in this vault/,
  },
  {
    name: "another vault's viewer key",
    task: "VerifyBackup",
    inputs: ({ otherKeys }) => ({ viewerKey: otherKeys.viewerKey }),
    says: /viewerKey, agentKey or recoveryKey \([0-9a-f]+\) opens nothing in this vault/,
  },
  {
    name: "another vault's agent key beside the right recovery key",
    task: "VerifyBackup",
    inputs: ({ place, otherKeys }) => ({ recoveryKey: place.keys.recoveryKey, agentKey: otherKeys.agentKey }),
    says: /agentKey/,
  },
];

const storageCases: readonly BadInput[] = [
  {
    name: "no container address",
    task: "BackupProject",
    inputs: () => ({ containerUrl: "" }),
    says: /containerUrl is empty/,
  },
  {
    name: "an account address without a container",
    task: "BackupProject",
    inputs: () => ({ containerUrl: "https://contoso.blob.core.windows.net" }),
    says: /containerUrl/,
  },
  {
    name: "an address that is none",
    task: "VerifyBackup",
    inputs: () => ({ containerUrl: "contoso/backups" }),
    says: /containerUrl/,
  },
  {
    name: "a SAS that is none",
    task: "BackupProject",
    inputs: () => ({ containerSas: "nothing of a signature" }),
    says: /containerSas/,
  },
  {
    name: "no SAS at all",
    task: "BackupProject",
    inputs: () => ({ containerSas: "" }),
    says: /SAS|containerSas/,
  },
  {
    name: "an expired SAS",
    task: "BackupProject",
    inputs: ({ place }) => ({ containerSas: place.sas(place.container, { expiresOn: new Date(Date.now() - 60_000) }) }),
    says: /SAS.*(?:expired|ended)/i,
  },
  {
    name: "a SAS that may only read",
    task: "BackupProject",
    inputs: ({ place }) => ({ containerSas: place.sas(place.container, { permissions: "rl" }) }),
    says: /SAS|containerSas/,
  },
  {
    name: "a SAS that may not list",
    task: "RestoreItem",
    inputs: ({ place }) => ({ containerSas: place.sas(place.container, { permissions: "r" }) }),
    says: /list/i,
  },
  {
    name: "the SAS of another container",
    task: "BackupProject",
    inputs: ({ place, empty }) => ({ containerSas: empty.sas, containerUrl: place.proxy.through(place.container.url) }),
    says: /SAS|containerSas/,
  },
  {
    name: "a container that does not exist",
    task: "BackupProject",
    inputs: ({ place }) => {
      const name = "no-such-container";
      const container = { name, url: `${place.azurite.endpoint}/${name}`, sas: place.azurite.containerSas(name) };
      return place.storage(container);
    },
    says: /no-such-container/,
  },
  {
    name: "storage that cannot be reached",
    task: "BackupProject",
    inputs: () => ({ containerUrl: "http://127.0.0.1:9/devstoreaccount1/backups" }),
    says: /127\.0\.0\.1:9.* could not be reached/,
  },
  {
    name: "the container of another organisation",
    task: "BackupProject",
    inputs: ({ place, foreign }) => place.storage(foreign),
    options: () => ({ pipeline: "Foreign" }),
    says: /in organisation .*not of project/,
  },
  {
    name: "an empty container to restore from",
    task: "RestoreItem",
    inputs: ({ place, empty }) => place.storage(empty),
    options: () => ({ pipeline: "New" }),
    says: /holds no backup of project/,
  },
  {
    name: "an empty container to verify",
    task: "VerifyBackup",
    inputs: ({ place, empty }) => place.storage(empty),
    options: () => ({ pipeline: "New" }),
    says: /holds no backup of project/,
  },
  {
    name: "a way to sign in to storage that does not exist",
    task: "BackupProject",
    inputs: () => ({ storageConnection: "ftp" }),
    says: /storageConnection is "ftp"/,
  },
  {
    name: "no service connection for storage",
    task: "BackupProject",
    inputs: () => ({ storageConnection: "serviceConnection" }),
    says: /azureSubscription is empty/,
  },
  {
    name: "a service connection that the job was not given",
    task: "BackupProject",
    inputs: () => ({
      storageConnection: "serviceConnection",
      azureSubscription: "2f2f9d6e-0000-4000-8000-000000000000",
      storageAccount: "contoso",
      containerName: "backups",
    }),
    says: /azureSubscription names the service connection/,
  },
];

/** About keys and storage. */
export const badKeysAndStorage: readonly BadInput[] = [...keyCases, ...storageCases];
