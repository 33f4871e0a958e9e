/** Where the benchmarks run: simulated Azure DevOps, storage, keys, and the bundled tasks run as an agent runs them. */
import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeKeySet, type KeySet } from "../../engine/crypto/keys.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import { startAzurite, type Azurite, type AzuriteContainer } from "../support/azurite.ts";
import type { AzureDevOpsFunctions, NamedThing } from "./azure-devops-process.ts";
import { startChild, type Child } from "./child.ts";
import { measureNode, type Measured } from "./measured.ts";
import type { Row } from "./results.ts";

/** What `npm run bench` was asked for. */
export interface BenchOptions {
  readonly seed: string;
  /** Share of the full amounts. */
  readonly scale: number;
  /** Kept between runs. */
  readonly cache: string;
  /** Script that runs a role of the bench as a child. */
  readonly childScript: string;
  /** Writes CPU profiles of the measured tasks here. */
  readonly profiles: string | undefined;
  say(line: string): void;
}

export interface Benchmark {
  readonly name: string;
  readonly about: string;
  run(options: BenchOptions): Promise<readonly Row[]>;
}

export interface TaskRun extends Measured {
  /** Output variables. */
  readonly outputs: ReadonlyMap<string, string>;
  readonly result: string;
}

export interface Workplace extends AsyncDisposable {
  readonly azureDevOps: Child<AzureDevOpsFunctions>["call"];
  readonly organizationUrl: string;
  readonly token: string;
  readonly azurite: Azurite;
  readonly keys: KeySet;
  /** Removed at the end. */
  readonly folder: string;
  newContainer(): Promise<AzuriteContainer>;
  /** Runs dist/tasks/<task>; throws unless it succeeds. */
  task(name: TaskName, inputs: TaskInputs): Promise<TaskRun>;
}

export type TaskName = "BackupProject" | "RestoreItem" | "VerifyBackup";

export interface TaskInputs {
  readonly project: NamedThing;
  /** Where the container is addressed may differ from where it is, for a meter between. */
  readonly container: Pick<AzuriteContainer, "url" | "sas">;
  readonly more: Readonly<Record<string, string>>;
}

export async function workplace(options: BenchOptions): Promise<Workplace> {
  const folder = await mkdtemp(join(tmpdir(), "bench-"));
  const removeAtExit = (): void => rmSync(folder, { recursive: true, force: true });
  process.once("exit", removeAtExit);
  const [azurite, azureDevOps] = await Promise.all([
    startAzurite(),
    startChild<AzureDevOpsFunctions>(options.childScript, "azure-devops"),
  ]);
  const keys = await makeKeySet(nodeCryptography());
  const service = await azureDevOps.call.describe(undefined);
  let runs = 0;
  return {
    ...service,
    azureDevOps: azureDevOps.call,
    azurite,
    keys,
    folder,
    newContainer: () => azurite.createContainer(),
    async task(name, inputs) {
      runs += 1;
      const profile = options.profiles === undefined ? [] : profileFlags(options.profiles, `${name}-${runs}`);
      const run = await measureNode({
        args: [...profile, join("dist", "tasks", name, "index.js")],
        environment: { ...agentEnvironment(folder), ...inputsOf(inputs, { ...service, keys }) },
      });
      return succeeded(name, run);
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled([azurite.stop(), azureDevOps.stop()]);
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
      process.off("exit", removeAtExit);
    },
  };
}

function profileFlags(folder: string, name: string): readonly string[] {
  return ["--cpu-prof", `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${name}.cpuprofile`];
}

function agentEnvironment(folder: string): Record<string, string> {
  return { AGENT_TEMPDIRECTORY: folder, AGENT_WORKFOLDER: folder };
}

function inputsOf(
  { project, container, more }: TaskInputs,
  { organizationUrl, token, keys }: { readonly organizationUrl: string; readonly token: string; readonly keys: KeySet },
): Record<string, string> {
  const inputs: Readonly<Record<string, string>> = {
    storageConnection: "containerUrl",
    containerUrl: container.url,
    containerSas: container.sas,
    organizationUrl,
    azureDevOpsAuthentication: "accessToken",
    accessToken: token,
    signer: keys.signer,
    projects: project.name,
    sourceProject: project.name,
    agentKey: keys.agentKey,
    recoveryRecipients: keys.recoveryRecipient,
    ...more,
  };
  return Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]));
}

function succeeded(name: TaskName, run: Measured): TaskRun {
  const result = /##vso\[task\.complete result=(\w+)/.exec(run.output)?.[1] ?? "none";
  if (result !== "Succeeded") throw new Error(`${name} ended with ${result}:\n${run.output.slice(-4000)}`);
  const set = run.output.matchAll(/##vso\[task\.setvariable variable=(\w+)[^\]]*\](.*)/g);
  return { ...run, result, outputs: new Map([...set].map(([, variable = "", value = ""]) => [variable, value])) };
}
