// @ts-check
import { parseArgs } from "node:util";
import { loadEngine } from "./lib/load-engine.mjs";

const help = `npm run keys

Makes a new key set for a vault and prints it as one JSON object. Nothing is stored: keep what is printed.

  agentKey           secret variable of the backup pipeline. Signs snapshots and reads the vault's catalogue:
                     names of repositories and branches, titles of work items, sizes, dates. Never content.
  ownerKey           secret variable of a pipeline of its own, or kept offline. Signs retention (removal of old
                     snapshots) and changes of keys. Reads nothing.
  viewerKey          for people who browse backups. Reads the catalogue as the agent key does, and signs nothing.
                     It can be made again from the agent key.
  recoveryKey        reads everything, content included. Needed for a restore, never for a backup: keep it where
                     the backup pipeline cannot reach it, and a copy on paper. Without it the data is lost.
  recoveryRecipient  public counterpart of the recovery key; input recoveryRecipients of BackupProject. Give two
                     or more, of keys held by different people, one per line.
  signer             public signing keys of agent and owner, each with its role; input signer of all tasks.

Whoever holds the agent key or the viewer key and can read the storage container can read the names in the
catalogue. Input catalogueNames: ids of BackupProject leaves the names out.
`;

try {
  const { values } = parseArgs({ options: { help: { type: "boolean", short: "h", default: false } } });
  process.stdout.write(values.help ? help : `${JSON.stringify(await newKeySet())}\n`);
} catch (error) {
  if (!(error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS"))) throw error;
  process.stderr.write(`${error.message}. 'npm run keys -- --help' says what there is.\n`);
  process.exitCode = 1;
}

async function newKeySet() {
  const { makeKeySet, nodeCryptography } = await loadEngine(
    "engine/crypto/keys.ts",
    "engine/native/node-cryptography.ts",
  );
  return makeKeySet(nodeCryptography());
}
