/**
 * Where the tests of the bundled tasks work: a simulated Azure DevOps, a real Azurite behind the fault proxy, keys of
 * its own, and a notary that keeps everything the tasks let out, to be searched for secrets when the tests are over.
 */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeKeySet, type KeySet } from "../../engine/crypto/keys.ts";
import { systemClock } from "../../engine/foundation/clock.ts";
import { md5 } from "../../engine/native/md5.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import { azureBlobStore } from "../../engine/store/azure-blob-store.ts";
import type { DeletingStore } from "../../engine/store/object-store.ts";
import type { ProjectRecord } from "../simulator/project/project-store.ts";
import { startStorageProxy, type StorageProxy } from "../simulator/storage/storage-proxy.ts";
import { startAzurite, type Azurite, type AzuriteContainer, type SasOptions } from "../support/azurite.ts";
import { runHostedTask, type HostedRequest, type HostedRun } from "../support/hosted-task.ts";
import { healthy, type Sight } from "../support/oracle.ts";
import type { TaskName } from "../support/run-task.ts";
import { contentCanary } from "../support/small-project.ts";
import { secretScan, type Secret } from "../support/secret-scan.ts";
import { simulator, type TestSimulator } from "../support/simulator.ts";

export type Inputs = Readonly<Record<string, string>>;
export type Options = Partial<Omit<HostedRequest, "task" | "inputs" | "simulator" | "project">>;

export interface Workplace {
  readonly azure: TestSimulator;
  readonly azurite: Azurite;
  /** In front of Azurite; tasks go through it. */
  readonly proxy: StorageProxy;
  readonly keys: KeySet;
  /** The container all tasks use unless told otherwise. */
  readonly container: AzuriteContainer;
  newContainer(): Promise<AzuriteContainer>;
  /** A SAS, remembered as a secret. */
  sas(container: AzuriteContainer, options: SasOptions): string;
  /** Inputs that say where the container is. */
  storage(container?: AzuriteContainer): Inputs;
  backUp(project: ProjectRecord, inputs?: Inputs, options?: Options): Promise<HostedRun>;
  verify(project: ProjectRecord, inputs?: Inputs, options?: Options): Promise<HostedRun>;
  restore(project: ProjectRecord, inputs?: Inputs, options?: Options): Promise<HostedRun>;
  /** The container past the proxy. */
  store(container?: AzuriteContainer): DeletingStore;
  /** The vault as the oracle sees it; throws when it is not sound. */
  healthy(project: ProjectRecord, container?: AzuriteContainer): Promise<Sight>;
  /** Names and bytes of everything stored. */
  stored(container?: AzuriteContainer): Promise<ReadonlyMap<string, Buffer>>;
  /** What was looked at so far: outputs, arguments and environments of processes, temporary files, attachments. */
  seen(): readonly string[];
  /** Searches everything that was seen so far; one line for each leak. */
  leaks(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

interface Job {
  readonly task: TaskName;
  readonly project: ProjectRecord;
  readonly inputs: Inputs;
}

/** Bundles have to be built before these tests run. */
function requireBundles(): void {
  if (!existsSync(join("dist", "tasks", "BackupProject", "index.js")))
    throw new Error("The tasks are not built: run `npm run build` first");
}

export async function workplace(): Promise<Workplace> {
  requireBundles();
  const [azure, azurite, keys] = await Promise.all([simulator(), startAzurite(), makeKeySet(nodeCryptography())]);
  const proxy = await startStorageProxy({ target: azurite.endpoint });
  const container = await azurite.createContainer();
  const containers = [container];
  const secrets: Secret[] = [
    { name: "agentKey", value: keys.agentKey },
    { name: "ownerKey", value: keys.ownerKey },
    { name: "viewerKey", value: keys.viewerKey },
    { name: "recoveryKey", value: keys.recoveryKey },
    { name: "account key", value: azurite.account.key },
  ];
  const notary = newNotary();

  function remember(name: string, value: string): string {
    if (!secrets.some((secret) => secret.value === value)) secrets.push({ name, value });
    return value;
  }

  function rememberSas(sas: string): string {
    const signature = new URLSearchParams(sas).get("sig") ?? "";
    remember("SAS signature", signature);
    return sas;
  }

  const storage = (of = container): Inputs => ({
    storageConnection: "containerUrl",
    containerUrl: proxy.through(of.url),
    containerSas: rememberSas(of.sas),
  });

  async function run(job: Job, options: Options): Promise<HostedRun> {
    const { task, inputs } = job;
    const token = remember("job token", options.token ?? azure.state.signIn.issue({ kind: "bearer" }));
    if (inputs.accessToken !== undefined && inputs.accessToken.length > 20)
      remember("access token", inputs.accessToken);
    const temporary = await mkdtemp(join(tmpdir(), "agent-temp-"));
    const watch = notary.watchFolder(temporary);
    try {
      const done = await runHostedTask({
        ...job,
        simulator: azure,
        ...options,
        token,
        variables: { "Agent.TempDirectory": temporary, ...options.variables },
      });
      notary.keepRun(task, done);
      return done;
    } finally {
      await watch.stop();
      await rm(temporary, { recursive: true, force: true, maxRetries: 3 });
    }
  }

  const store = (of = container): DeletingStore =>
    azureBlobStore({ containerUrl: of.url, sas: of.sas, md5, clock: systemClock, random: Math.random });

  async function stored(of = container): Promise<ReadonlyMap<string, Buffer>> {
    const client = azurite.service().getContainerClient(of.name);
    const blobs = new Map<string, Buffer>();
    for await (const { name } of client.listBlobsFlat())
      blobs.set(name, await client.getBlobClient(name).downloadToBuffer());
    return blobs;
  }

  async function leaks(): Promise<readonly string[]> {
    const scan = secretScan([...secrets, { name: "token of the simulator", value: azure.token }]);
    for (const [place, content] of notary.seen) scan.look(place, content);
    const sealed = secretScan([{ name: "content", value: contentCanary }]);
    for (const of of containers) {
      for (const [name, bytes] of await stored(of)) {
        scan.look(`object ${name}`, bytes);
        sealed.look(`object ${name}`, bytes);
      }
    }
    for (const [place, content] of notary.seen) if (!place.includes("RestoreItem")) sealed.look(place, content);
    const traffic = process.env.SIMULATOR_TRAFFIC;
    if (traffic !== undefined && existsSync(traffic)) scan.look("recorded traffic", await readFile(traffic));
    return [...scan.leaks, ...sealed.leaks].map(({ secret, form, place }) => `${secret} ${form} in ${place}`);
  }

  return {
    azure,
    azurite,
    proxy,
    keys,
    container,
    async newContainer() {
      const made = await azurite.createContainer();
      containers.push(made);
      return made;
    },
    sas: (of, options) => rememberSas(azurite.containerSas(of.name, options)),
    storage,
    backUp: (project, inputs, options = {}) => {
      const own = { agentKey: keys.agentKey, recoveryRecipients: keys.recoveryRecipient, signer: keys.signer };
      return run({ task: "BackupProject", project, inputs: { ...storage(), ...own, ...inputs } }, options);
    },
    verify: (project, inputs, options = {}) => {
      const own = { viewerKey: keys.viewerKey, signer: keys.signer };
      return run({ task: "VerifyBackup", project, inputs: { ...storage(), ...own, ...inputs } }, options);
    },
    restore: (project, inputs, options = {}) => {
      const own = { recoveryKey: keys.recoveryKey, signer: keys.signer, items: "*" };
      return run({ task: "RestoreItem", project, inputs: { ...storage(), ...own, ...inputs } }, options);
    },
    store,
    healthy: (project, of = container) => healthy({ store: store(of), keys, vault: project.id }),
    stored,
    seen: () => notary.seen.map(([of]) => of),
    leaks,
    async stop() {
      await proxy.stop();
      await azurite.stop();
      await azure.stop();
    },
  };
}

interface Notary {
  readonly seen: readonly (readonly [place: string, content: string | Buffer])[];
  keepRun(task: TaskName, run: HostedRun): void;
  /** Looks into the folder again and again, as someone with an account on the agent could. */
  watchFolder(folder: string): { stop(): Promise<void> };
}

const lookEveryMs = 60;

function newNotary(): Notary {
  const seen: (readonly [string, string | Buffer])[] = [];
  async function lookInto(folder: string, known: Map<string, number>): Promise<void> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const content = await readFile(path).catch(() => Buffer.alloc(0));
      if (content.length === 0 || known.get(path) === content.length) continue;
      known.set(path, content.length);
      seen.push([`temporary file ${path}`, content]);
    }
  }
  return {
    seen,
    keepRun(task, run) {
      const of = `${task} of run ${run.run.id}`;
      seen.push([`output of ${of}`, run.unmasked]);
      for (const { argv, environment } of run.processes) {
        seen.push([`arguments of a process of ${of}`, argv.join("\0")]);
        // git takes the token for its remote from its environment, and from nowhere else (docs/decisions).
        const others = environment.filter((variable) => !/^GIT_CONFIG_VALUE_\d+=Authorization: /.test(variable));
        seen.push([`environment of a process of ${of}`, others.join("\0")]);
      }
      for (const { name, markdown } of run.summaries) seen.push([`summary ${name} of ${of}`, markdown]);
      for (const { name, content } of run.attachments) seen.push([`attachment ${name} of ${of}`, content]);
    },
    watchFolder(folder) {
      let isOver = false;
      const known = new Map<string, number>();
      const looking = (async (): Promise<void> => {
        await mkdir(folder, { recursive: true });
        while (!isOver) {
          await lookInto(folder, known);
          await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
        }
        await lookInto(folder, known);
      })();
      return {
        stop: async () => {
          isOver = true;
          await looking;
        },
      };
    },
  };
}
