/**
 * Signs in with each service connection it reads from standard input and says what came of it, as JSON. A process of
 * its own, because Node reads NODE_EXTRA_CA_CERTS once, at its start.
 */
import { readFileSync } from "node:fs";
import { systemClock } from "../../engine/foundation/clock.ts";
import { BackupError } from "../../engine/foundation/errors.ts";
import { fromUtf8, utf8 } from "../../engine/foundation/bytes.ts";
import { md5 } from "../../engine/native/md5.ts";
import { azureBlobStore } from "../../engine/store/azure-blob-store.ts";
import { azureCredential, type AzureEndpoint } from "../../engine/store/azure-sign-in.ts";
import { fetchBlobReader } from "../../engine/store/fetch-blob-reader.ts";
import { readObject } from "../../engine/store/object-store.ts";

export interface SignInCase {
  readonly endpoint: AzureEndpoint;
  /** Asks for a token of each scope. */
  readonly scopes?: readonly string[];
  /** Writes an object there and reads it back, through the SDK and through fetch. */
  readonly containerUrl?: string;
}

export interface SignInOutcome {
  readonly tokens?: readonly string[];
  readonly read?: readonly string[];
  readonly code?: string;
  readonly message?: string;
}

const cases = JSON.parse(readFileSync(0, "utf8")) as readonly SignInCase[];
const outcomes: SignInOutcome[] = [];
for (const asked of cases) outcomes.push(await outcomeOf(asked));
process.stdout.write(JSON.stringify(outcomes));

async function outcomeOf({ endpoint, scopes = [], containerUrl }: SignInCase): Promise<SignInOutcome> {
  try {
    const credential = azureCredential(endpoint);
    const tokens: string[] = [];
    for (const scope of scopes) tokens.push((await credential.getToken(scope)).token);
    const read = containerUrl === undefined ? [] : await writtenAndRead(endpoint, containerUrl);
    return { tokens, read };
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    return { code: error.code, message: `${error.message}. ${error.hint}` };
  }
}

async function writtenAndRead(endpoint: AzureEndpoint, containerUrl: string): Promise<readonly string[]> {
  const credential = azureCredential(endpoint);
  const common = { containerUrl, clock: systemClock, random: Math.random };
  const store = azureBlobStore({ ...common, credential, md5, retry: { attempts: 2, firstDelayMs: 1, maxDelayMs: 1 } });
  const name = `objects/${endpoint.scheme}-${String(performance.now())}`;
  await store.create(name, utf8(`stored by ${endpoint.scheme}`));
  const token = async (): Promise<string> => (await credential.getToken("https://storage.azure.com/.default")).token;
  const readers = [store, fetchBlobReader({ ...common, token })];
  return Promise.all(readers.map(async (reader) => fromUtf8(await readObject(reader, name, 1000))));
}
