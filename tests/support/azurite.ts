import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import {
  AccountSASPermissions,
  AccountSASResourceTypes,
  AccountSASServices,
  BlobServiceClient,
  ContainerSASPermissions,
  StorageSharedKeyCredential,
  generateAccountSASQueryParameters,
  generateBlobSASQueryParameters,
} from "@azure/storage-blob";

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 5_000;
const DAY_MS = 86_400_000;

export const ALL_RIGHTS = "racwdxltmei";

export interface SasOptions {
  /** Letters such as `rl`; all rights when absent. */
  readonly permissions?: string;
  readonly startsOn?: Date;
  /** Thirty days from now when absent. */
  readonly expiresOn?: Date;
}

export interface AzuriteContainer {
  readonly name: string;
  /** Without a SAS. */
  readonly url: string;
  /** All rights on the container; no leading `?`. */
  readonly sas: string;
}

/** A real Azurite blob service in a process of its own, with an account key made for it, on a free port. */
export interface Azurite {
  /** `http://127.0.0.1:port/devstoreaccount1` */
  readonly endpoint: string;
  readonly account: { readonly name: string; readonly key: string };
  /** Resident memory and such can be read by it. */
  readonly pid: number;
  createContainer(name?: string): Promise<AzuriteContainer>;
  containerSas(name: string, options?: SasOptions): string;
  /** All rights on everything of the account. */
  accountSas(): string;
  /** A client with the account key, to look and tamper behind the product's back. */
  service(): BlobServiceClient;
  /** Ends the process and removes its folder. */
  stop(): Promise<void>;
}

export interface AzuriteOptions {
  /** A fixed port; a free one otherwise. */
  readonly port?: number;
  /** PEM texts: serves https and takes Entra tokens (their signature is not checked). */
  readonly tls?: { readonly certificate: string; readonly privateKey: string };
}

export async function startAzurite(options: AzuriteOptions = {}): Promise<Azurite> {
  const folder = await mkdtemp(join(tmpdir(), "azurite-"));
  const account = { name: "devstoreaccount1", key: randomBytes(64).toString("base64") };
  try {
    const { child, address } = await spawnAzurite(folder, account, options);
    return azuriteAt(`${address}/${account.name}`, { child, folder, account, tls: options.tls });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

interface Running {
  readonly child: ChildProcess;
  readonly folder: string;
  readonly account: { readonly name: string; readonly key: string };
  readonly tls: AzuriteOptions["tls"];
}

function azuriteAt(endpoint: string, { child, folder, account, tls }: Running): Azurite {
  const credential = new StorageSharedKeyCredential(account.name, account.key);
  const trusting = { retryOptions: {}, tlsOptions: tls === undefined ? {} : { ca: tls.certificate } };
  const service = new BlobServiceClient(endpoint, credential, trusting);

  function containerSas(name: string, options: SasOptions = {}): string {
    const expiresOn = options.expiresOn ?? new Date(Date.now() + 30 * DAY_MS);
    const permissions = ContainerSASPermissions.parse(options.permissions ?? ALL_RIGHTS);
    const start = options.startsOn === undefined ? {} : { startsOn: options.startsOn };
    return generateBlobSASQueryParameters(
      { containerName: name, permissions, expiresOn, ...start },
      credential,
    ).toString();
  }

  function accountSas(): string {
    return generateAccountSASQueryParameters(
      {
        services: AccountSASServices.parse("b").toString(),
        resourceTypes: AccountSASResourceTypes.parse("sco").toString(),
        permissions: AccountSASPermissions.parse("rwdxlacutfi"),
        expiresOn: new Date(Date.now() + 30 * DAY_MS),
      },
      credential,
    ).toString();
  }

  return {
    endpoint,
    account,
    pid: child.pid ?? 0,
    createContainer: async (name = `backup-${randomBytes(6).toString("hex")}`) => {
      await service.createContainer(name);
      return { name, url: `${endpoint}/${name}`, sas: containerSas(name) };
    },
    containerSas,
    accountSas,
    service: () => service,
    stop: async () => {
      await end(child);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Azurite takes port 0 itself and says which port it got, so no other process can come between. */
async function spawnAzurite(
  folder: string,
  account: { readonly name: string; readonly key: string },
  options: AzuriteOptions,
): Promise<{ child: ChildProcess; address: string }> {
  const main = createRequire(join(process.cwd(), "package.json")).resolve("azurite/dist/src/blob/main.js");
  const port = String(options.port ?? 0);
  const flags = ["--blobPort", port, "--silent", "--disableTelemetry", "-l", folder, "--skipApiVersionCheck"];
  const child = spawn(process.execPath, [main, ...flags, ...(await tlsFlags(folder, options.tls))], {
    env: { ...process.env, AZURITE_ACCOUNTS: `${account.name}:${account.key}` },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const endWithUs = (): void => void child.kill("SIGKILL");
  process.once("exit", endWithUs);
  child.once("exit", () => process.off("exit", endWithUs));
  return { child, address: await listeningAddress(child) };
}

async function tlsFlags(folder: string, tls: AzuriteOptions["tls"]): Promise<readonly string[]> {
  if (tls === undefined) return [];
  const [certificate, privateKey] = [join(folder, "certificate.pem"), join(folder, "key.pem")];
  await writeFile(certificate, tls.certificate);
  await writeFile(privateKey, tls.privateKey, { mode: 0o600 });
  return ["--oauth", "basic", "--cert", certificate, "--key", privateKey];
}

function listeningAddress(child: ChildProcess): Promise<string> {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error("Azurite was started without pipes");
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    const fail = (why: string): void => {
      child.kill("SIGKILL");
      reject(new Error(`Azurite ${why}: ${said.join(" | ")}`));
    };
    const timer = setTimeout(() => fail("did not start in time"), START_TIMEOUT_MS);
    const read = (line: string): void => {
      const address = /listens on (https?:\/\/\S+)/.exec(line)?.[1];
      if (address === undefined) {
        said.push(line);
        return;
      }
      clearTimeout(timer);
      resolve(address);
    };
    createInterface({ input: stdout }).on("line", read);
    createInterface({ input: stderr }).on("line", (line) => said.push(line));
    child.once("exit", (code) => {
      clearTimeout(timer);
      fail(`ended with code ${String(code)} at the start`);
    });
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const force = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(force);
}
