import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { AZURE_DEVOPS_SCOPE, STORAGE_SCOPE } from "../../../engine/store/access-token.ts";
import { azureCredential, type AzureEndpoint } from "../../../engine/store/azure-sign-in.ts";
import { startAzurite, type Azurite, type AzuriteContainer } from "../../support/azurite.ts";
import { startEntraStandIn, type EntraStandIn } from "../../support/entra-stand-in.ts";
import type { SignInCase, SignInOutcome } from "../../support/sign-in-driver.ts";

let folder: string;
let driver: string;
let entra: EntraStandIn;
let azurite: Azurite;
let container: AzuriteContainer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sign-in-"));
  driver = join(folder, "driver.mjs");
  entra = await startEntraStandIn();
  azurite = await startAzurite({ tls: entra.tls });
  container = await azurite.createContainer();
  await build({
    entryPoints: ["tests/support/sign-in-driver.ts"],
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    banner: {
      js: 'import { createRequire as requireFor } from "node:module"; const require = requireFor(import.meta.url);',
    },
    outfile: driver,
    logLevel: "error",
  });
});
afterAll(async () => {
  await azurite.stop();
  await entra.stop();
  await rm(folder, { recursive: true, force: true });
});
afterEach(() => {
  entra.faults.refuse = undefined;
  entra.faults.oidcStatus = undefined;
});

async function signIn(...cases: readonly SignInCase[]): Promise<readonly SignInOutcome[]> {
  const child = spawn(process.execPath, [driver], {
    env: {
      ...process.env,
      NODE_EXTRA_CA_CERTS: entra.certificateFile,
      AZURE_POD_IDENTITY_AUTHORITY_HOST: entra.managedIdentityHost,
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const said: Buffer[] = [];
  child.stdout.on("data", (part: Buffer) => said.push(part));
  child.stdin.end(JSON.stringify(cases));
  await once(child, "close");
  return JSON.parse(Buffer.concat(said).toString("utf8")) as readonly SignInOutcome[];
}

function connection(changes: Partial<AzureEndpoint> = {}): AzureEndpoint {
  return {
    scheme: "ServicePrincipal",
    serviceConnectionId: entra.serviceConnectionId,
    tenantId: entra.tenantId,
    clientId: entra.clientId,
    authorityHost: `${entra.authorityHost}/`,
    systemAccessToken: entra.systemAccessToken,
    oidcRequestUri: entra.oidcRequestUri,
    ...changes,
  };
}

const federated = (changes: Partial<AzureEndpoint> = {}): AzureEndpoint =>
  connection({ scheme: "WorkloadIdentityFederation", ...changes });
const withSecret = (changes: Partial<AzureEndpoint> = {}): AzureEndpoint =>
  connection({ secret: entra.clientSecret, ...changes });

describe("signing in with a service connection", () => {
  it("reads and writes storage by federation, secret, certificate and managed identity", async () => {
    const endpoints = [
      federated(),
      withSecret(),
      connection({ certificate: entra.clientCertificate }),
      connection({ scheme: "ManagedServiceIdentity", tenantId: undefined, clientId: undefined }),
      connection({ scheme: "ManagedServiceIdentity", msiClientId: entra.clientId }),
    ];

    const outcomes = await signIn(...endpoints.map((endpoint) => ({ endpoint, containerUrl: container.url })));

    expect(outcomes).toEqual(
      endpoints.map(({ scheme }) => ({ tokens: [], read: [`stored by ${scheme}`, `stored by ${scheme}`] })),
    );
  });

  it("signs in to Azure DevOps with the same connection, and only once for each scope", async () => {
    const before = entra.issued.length;
    const asked = entra.oidcRequests.length;

    const [outcome] = await signIn({
      endpoint: federated(),
      scopes: [AZURE_DEVOPS_SCOPE, STORAGE_SCOPE, AZURE_DEVOPS_SCOPE, STORAGE_SCOPE],
    });

    expect(outcome?.tokens).toHaveLength(4);
    expect(new Set(outcome?.tokens).size).toBe(2);
    expect(entra.issued.slice(before).map((scope) => scope.split(" ")[0])).toEqual([AZURE_DEVOPS_SCOPE, STORAGE_SCOPE]);
    expect(entra.oidcRequests.length - asked).toBe(4); // the library asks twice at each login
    expect(entra.oidcRequests.at(-1)).toBe(`?api-version=7.1&serviceConnectionId=${entra.serviceConnectionId}`);
  });

  it("tries again when the federated token does not come at once", async () => {
    entra.faults.oidcStatus = { status: 503, times: 2 };

    const [outcome] = await signIn({ endpoint: federated(), scopes: [STORAGE_SCOPE] });

    expect(outcome?.tokens).toHaveLength(1);
  });

  it("says in one line what is wrong and what to do, without a secret", async () => {
    const [secret, unknownApp, tenant, job, id, untrusted] = await signIn(
      { endpoint: withSecret({ secret: "wrong-secret-value" }), scopes: [STORAGE_SCOPE] },
      { endpoint: withSecret({ clientId: "5c2b1e2e-0000-4000-8000-000000000000" }), scopes: [STORAGE_SCOPE] },
      { endpoint: withSecret({ tenantId: "5c2b1e2e-0000-4000-8000-000000000001" }), scopes: [STORAGE_SCOPE] },
      { endpoint: federated({ systemAccessToken: "wrong-job-token" }), scopes: [STORAGE_SCOPE] },
      { endpoint: federated({ serviceConnectionId: "5c2b1e2e-0000-4000-8000-000000000002" }), scopes: [STORAGE_SCOPE] },
      { endpoint: connection({ certificate: entra.tls.privateKey + entra.tls.certificate }), scopes: [STORAGE_SCOPE] },
    );

    expect(secret).toMatchObject({ code: "SIGN_IN_REFUSED" });
    expect(secret?.message).toMatch(/AADSTS7000215\): its secret is not accepted\. Make a new client secret/);
    expect(unknownApp?.message).toMatch(/the app does not exist in the tenant/);
    expect(tenant).toMatchObject({ code: "SIGN_IN_UNREACHABLE" });
    expect(tenant?.message).toContain("gave no answer for the tenant 5c2b1e2e-0000-4000-8000-000000000001");
    expect(job).toMatchObject({ code: "SIGN_IN_OIDC" });
    expect(job?.message).toMatch(/\(answer 401\)\. Authorise this pipeline/);
    expect(id?.message).toMatch(/0002 \(answer 404\)/);
    expect(untrusted?.message).toMatch(/AADSTS700027\): its certificate is not registered/);
    expect(JSON.stringify([secret, job])).not.toMatch(/wrong-secret-value|wrong-job-token/);
    for (const outcome of [secret, unknownApp, tenant, job, id]) expect(outcome?.message).not.toMatch(/[\r\n]/);
  });

  it("explains a federated credential that does not match, and refusals it does not know", async () => {
    entra.faults.refuse = { code: "700213", text: "No matching federated identity record found." };
    const [mismatch] = await signIn({ endpoint: federated(), scopes: [STORAGE_SCOPE] });
    entra.faults.refuse = { code: "9999999", text: "Something new.\r\n##vso[task.complete result=Succeeded;]" };
    const [unknown] = await signIn({ endpoint: withSecret(), scopes: [STORAGE_SCOPE] });

    expect(mismatch?.message).toMatch(/federated credential does not match\. Open the service connection/);
    expect(unknown?.message).toMatch(/\(AADSTS9999999\): Something new\. Verify the service connection/);
  });

  it("says when Entra cannot be reached or trusted", async () => {
    await expect(azureCredential(withSecret()).getToken(STORAGE_SCOPE)).rejects.toMatchObject({
      code: "SIGN_IN_UNREACHABLE",
      message: expect.stringContaining(entra.authorityHost) as string,
    });
  });

  it.each<[string, Partial<AzureEndpoint>, RegExp]>([
    ["an unknown scheme", { scheme: "Token" }, /has the scheme "Token"/],
    ["no tenant", { tenantId: undefined, secret: "s" }, /came without its tenant id/],
    ["no client", { clientId: "", secret: "s" }, /came without its service principal/],
    ["neither secret nor certificate", {}, /came without its secret or certificate/],
    ["no job token", { scheme: "WorkloadIdentityFederation", systemAccessToken: undefined }, /System\.AccessToken/],
    ["no OIDC address", { scheme: "WorkloadIdentityFederation", oidcRequestUri: undefined }, /System\.OidcRequestUri/],
    ["an authority over http", { secret: "s", authorityHost: "http://login.example.com" }, /not https/],
    ["a tenant that is an address", { secret: "s", tenantId: "https://x/" }, /neither a GUID nor a domain/],
  ])("refuses a connection with %s before anything is sent", (_, changes, message) => {
    expect(() => azureCredential(connection(changes))).toThrow(message);
  });
});
