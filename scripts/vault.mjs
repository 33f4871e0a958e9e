// @ts-check
/**
 * The command line for the day Azure DevOps is down: reads the container directly. Nothing in it is changed; the two
 * commands that need the owner key add one signed entry to the log.
 */
import { parseArgs } from "node:util";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { loadEngine } from "./lib/load-engine.mjs";
import * as owner from "./lib/owner-commands.mjs";

const help = `npm run vault -- <command> [options]

  list                        vaults in the container and their snapshots
  show [selector]             streams of a snapshot, or the items of what the selector names
  verify                      checks the stored objects; exit code 1 for damage
  export <selector>… --to DIR writes items as files: repositories as bundles, work items as JSON and HTML
  acknowledge <snapshot or entry> [--code C]… [--stream S]…
                              says of a snapshot's alarms that they were meant or are dealt with
  expect --code C… [--hours N | --until T]
                              announces a change of much at once, for 24 hours or up to 72

  --vault V      project name or GUID; needed when the container holds several
  --snapshot S   latest (default), recommended, an id, an ISO time; verify also takes all
  --level L      verify: catalogue, stored (default), content (needs the recovery key)

Environment: CONTAINER_URL, CONTAINER_SAS; RECOVERY_KEY opens everything, VIEWER_KEY names and figures;
SIGNER pins the vault's signing keys, VAULT_HEAD its newest entry (both as the tasks print them). OWNER_KEY signs
acknowledge and expect; the SAS then needs the right to create as well.
`;

const engine = await loadEngine(
  "engine/crypto/keys.ts",
  "engine/foundation/clock.ts",
  "engine/foundation/concurrency.ts",
  "engine/foundation/errors.ts",
  "engine/foundation/reporter.ts",
  "engine/foundation/text.ts",
  "engine/git/node-git-access.ts",
  "engine/kinds/registry.ts",
  "engine/native/folder-archive.ts",
  "engine/native/md5.ts",
  "engine/native/node-cryptography.ts",
  "engine/operations/answer-alarms.ts",
  "engine/operations/restore/archive-items.ts",
  "engine/operations/choose-snapshots.ts",
  "engine/operations/find-vault.ts",
  "engine/operations/restore/select-items.ts",
  "engine/operations/verify/verify-backup.ts",
  "engine/store/azure-blob-store.ts",
  "engine/vault/format/alarms.ts",
  "engine/vault/format/head-pin.ts",
  "engine/vault/log/log.ts",
  "engine/vault/snapshots/snapshots.ts",
  "engine/vault/snapshots/snapshot-reader.ts",
);

// A reader such as `head` that has seen enough is no failure.
process.stdout.on("error", (error) => {
  if (/** @type {NodeJS.ErrnoException} */ (error).code === "EPIPE") process.exit(0);
  throw error;
});

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      vault: { type: "string" },
      snapshot: { type: "string", default: "latest" },
      level: { type: "string", default: "stored" },
      sample: { type: "string", default: "100%" },
      to: { type: "string" },
      code: { type: "string", multiple: true },
      stream: { type: "string", multiple: true },
      hours: { type: "string" },
      until: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const [command, ...selectors] = positionals;
  const commands = {
    list,
    show,
    verify,
    export: exportItems,
    acknowledge: asOwner("acknowledge"),
    expect: asOwner("expect"),
  };
  if (values.help || command === undefined) print(help);
  else if (!Object.hasOwn(commands, command))
    throw new Error(`There is no command ${command}; see npm run vault -- --help`);
  else await commands[/** @type {keyof typeof commands} */ (command)](openContainer(), { ...values, selectors });
} catch (error) {
  const taken = error instanceof Error && "code" in error && error.code === "EEXIST";
  const hint = taken ? ". Nothing is overwritten: name an empty folder with --to." : "";
  process.stderr.write(`${engine.inert(engine.describeError(error), 2000)}${hint}\n`);
  process.exitCode = 1;
}

function openContainer() {
  const {
    CONTAINER_URL: containerUrl,
    CONTAINER_SAS: sas,
    RECOVERY_KEY: recoveryKey,
    VIEWER_KEY: viewerKey,
  } = process.env;
  if (!containerUrl)
    throw new Error("CONTAINER_URL is not set: give the container's address, and CONTAINER_SAS beside it");
  const identities = [
    ...(recoveryKey ? engine.parseIdentities(recoveryKey, "RECOVERY_KEY") : []),
    ...(viewerKey ? engine.parseIdentities(viewerKey, "VIEWER_KEY") : []),
  ];
  const store = engine.azureBlobStore({
    containerUrl,
    ...(sas ? { sas } : {}),
    md5: engine.md5,
    clock: engine.systemClock,
    random: Math.random,
  });
  return { store, cryptography: engine.nodeCryptography(), identities };
}

/** @typedef {ReturnType<typeof openContainer>} Container */
/** @typedef {{ vault?: string | undefined, snapshot: string, level: string, sample: string, to?: string | undefined, code?: string[] | undefined, stream?: string[] | undefined, hours?: string | undefined, until?: string | undefined, selectors: string[] }} Options */

/** @param {Container} container @param {Options} options */
async function list(container, options) {
  const vaults =
    options.vault === undefined
      ? await engine.vaultsIn(container)
      : [(await engine.findVault(options.vault, container)).vault];
  if (vaults.length === 0) print("The container holds no vault.");
  for (const vault of vaults) {
    const read = await listed(container, vault).catch((/** @type {unknown} */ error) => {
      if (vaults.length === 1 || !(error instanceof engine.BackupError)) throw error;
      print(`${vault} cannot be read: ${engine.describeError(error)}`);
      process.exitCode = 1;
    });
    if (read === undefined) continue; // what is wrong with one vault says nothing of the others
    const { found, log } = read;
    print(`${found?.project.name ?? vault} (${vault}), ${found?.organizationUrl ?? "unknown organisation"}`);
    const known = engine.alarmsOf(log);
    for (const { entry } of engine.keptSnapshots(log)) {
      const { status, sum } = entry.snapshot;
      const alarms = known
        .filter((/** @type {{ seq: number }} */ { seq }) => seq === entry.seq)
        .map(alarmText)
        .join(", ");
      print(
        `  ${entry.by.run}  ${entry.srv.slice(0, 19)}Z  ${status}  ${sum.streams} streams, ${sum.items} items, ${engine.bytesForPeople(sum.newBytes)} new${alarms === "" ? "" : `  (${alarms})`}`,
      );
    }
    for (const { message } of log.problems) print(`  Problem: ${message}`);
  }
}

/** @param {{ anomaly: { code: string }, acknowledgedBy?: number }} alarm */
function alarmText({ anomaly, acknowledgedBy }) {
  return acknowledgedBy === undefined ? anomaly.code : `${anomaly.code}, acknowledged in entry ${acknowledgedBy}`;
}

/** @param {Container} container @param {string} vault */
async function listed(container, vault) {
  const found = await engine.describeVault(vault, container);
  return { found, log: await engine.readLog({ ...container, vault, ...pins(vault) }) };
}

/** @param {Container} container @param {Options} options */
async function show(container, options) {
  const snapshot = await openSnapshot(container, options);
  const [selector] = options.selectors;
  if (selector === undefined) {
    for await (const line of snapshot.streams()) {
      print(
        `${line.st.padEnd(8)} ${line.s}${line.name === undefined ? "" : `  ${line.name}`}${line.count === undefined ? "" : `  ${line.count} items`}`,
      );
    }
    return;
  }
  for (const [stream, { stream: reader, keys }] of await engine.selectItems([selector], snapshot, engine.registry)) {
    print(stream);
    for await (const item of reader.items()) {
      if (keys !== "all" && !keys.has(item.id)) continue;
      print(`  ${item.id}  ${[item.type, item.state, item.name].filter((part) => part !== undefined).join("  ")}`);
    }
  }
}

/** @param {Container} container @param {Options} options */
async function verify(container, options) {
  const vault = await oneVault(container, options);
  const temporaryFolder = await mkdtemp(path.join(tmpdir(), "vault-verify-"));
  const shared = {
    clock: engine.systemClock,
    random: Math.random,
    reporter: engine.silentReporter,
    temporaryFolder,
    signal: new AbortController().signal,
  };
  const git = engine.nodeGitAccess(shared);
  try {
    const { level, sample, snapshot } = options;
    if (!["catalogue", "stored", "content"].includes(level))
      throw new Error(`--level is ${level}: use catalogue, stored or content`);
    const request = {
      vault,
      snapshot,
      level,
      sample,
      identities: container.identities,
      kinds: engine.registry,
      parallelism: 8,
      maxAgeHours: undefined,
      pinnedSigners: [],
      pin: undefined,
      ...pins(vault),
    };
    const result = await engine.verifyBackup(request, { ...container, ...shared, git });
    for (const { stream, name, findings } of result.streams)
      for (const { message } of findings) print(`${name ?? stream}: ${message}`);
    for (const { message } of result.log) print(`Log: ${message}`);
    const isWhole =
      result.damaged === 0 &&
      result.log.every((/** @type {{ severity: string }} */ { severity }) => severity !== "damage");
    print(
      `${isWhole ? "Intact" : "Damaged"}: ${result.streams.length} streams of ${result.snapshots.length} snapshots, ${result.checkedObjects} objects with ${engine.bytesForPeople(result.checkedBytes)} read; head ${engine.formatHead(result.head)}${result.headPinned ? "" : " (not pinned)"}`,
    );
    if (!isWhole) process.exitCode = 1;
  } finally {
    git.close();
    await rm(temporaryFolder, { recursive: true, force: true });
  }
}

/** @param {Container} container @param {Options} options */
async function exportItems(container, options) {
  if (options.to === undefined) throw new Error("--to is missing: name the folder to write to");
  if (options.selectors.length === 0)
    throw new Error("Name what to export, e.g. work-items/42, git-repositories/Web or '*'");
  if (!process.env.RECOVERY_KEY) throw new Error("RECOVERY_KEY is not set: only the recovery key opens content");
  const snapshot = await openSnapshot(container, options);
  const into = engine.folderArchive(path.resolve(options.to));
  const { entries } = await engine.archiveItems({
    selectors: options.selectors,
    snapshot,
    kinds: engine.registry,
    into,
    reporter: engine.silentReporter,
    signal: new AbortController().signal,
  });
  print(
    `${entries} files of snapshot ${snapshot.id} written to ${path.resolve(options.to)}; they are not encrypted any more`,
  );
}

/** @param {"acknowledge" | "expect"} command */
function asOwner(command) {
  return async (/** @type {Container} */ container, /** @type {Options} */ options) => {
    const vault = await oneVault(container, options);
    await owner[command]({ engine, container, vault, pins: pins(vault), print }, options);
  };
}

/** @param {Container} container @param {Options} options */
async function openSnapshot(container, options) {
  const vault = await oneVault(container, options);
  const log = await engine.readLog({ ...container, vault, ...pins(vault) });
  const { entry } = engine.chooseSnapshot(log, options.snapshot);
  return engine.openSnapshot({ access: { ...container, vault }, entry, takenAt: entry.srv });
}

/** @param {Container} container @param {Options} options @returns {Promise<string>} */
async function oneVault(container, { vault }) {
  if (vault !== undefined) return (await engine.findVault(vault, container)).vault;
  const vaults = await engine.vaultsIn(container);
  if (vaults.length === 1) return vaults[0];
  throw new Error(
    vaults.length === 0
      ? "The container holds no vault"
      : `The container holds ${vaults.length} vaults: name one with --vault (${vaults.join(", ")})`,
  );
}

/** @param {string} vault */
function pins(vault) {
  const { SIGNER: signer, VAULT_HEAD: head } = process.env;
  return {
    ...(signer ? { pinnedSigners: engine.parseSigners(signer) } : {}),
    ...(head ? { pin: engine.parseVaultHeads(head, [vault]).get(vault) } : {}),
  };
}

/** @param {string} line */
function print(line) {
  process.stdout.write(`${line === help ? line : engine.inert(line, 4000)}\n`);
}
