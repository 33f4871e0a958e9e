/** The page that plays Azure DevOps, driven by a small extension page that uses the real SDK in a real browser. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { chromium, type Browser, type Frame, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startHubHost, type HubHost } from "../hub-host/server.ts";
import { simulator, type TestSimulator } from "../support/simulator.ts";
import { toolPath } from "../unit/crypto/support.ts";

/** Everything an extension does with its host, as functions that tests call in its frame. */
const extensionScript = `
import * as SDK from "azure-devops-extension-sdk";
await SDK.init({ loaded: false, applyTheme: true });
const settled = (promise) => promise.then((value) => ({ value }), (error) => ({ error: { name: error?.name, status: error?.status, message: error?.message } }));
const service = (id) => SDK.getService(id);
globalThis.sdk = SDK;
globalThis.call = async (id, method, ...args) => settled((await service(id))[method](...args));
globalThis.data = async (method, ...args) => {
  const manager = await (await service("ms.vss-features.extension-data-service")).getExtensionDataManager(SDK.getExtensionContext().id, await SDK.getAccessToken());
  return settled(manager[method](...args));
};
globalThis.rest = async (path, init = {}) => {
  const base = await (await service("ms.vss-features.location-service")).getServiceLocation();
  const headers = { accept: "application/json", "x-tfs-fedauthredirect": "Suppress", authorization: "Bearer " + (await SDK.getAccessToken()), ...(init.body ? { "content-type": "application/json" } : {}) };
  const answer = await fetch(base + path, { ...init, headers });
  return { status: answer.status, json: await answer.json() };
};
globalThis.signIn = async () => settled((async () => {
  await SDK.enableNestedAppAuth();
  const { createNestablePublicClientApplication } = await import("@azure/msal-browser");
  const client = await createNestablePublicClientApplication({ auth: { clientId: "0b1c2d3e-0000-4000-8000-000000000001", authority: "https://login.microsoftonline.com/common" } });
  const request = { scopes: ["https://storage.azure.com/user_impersonation"] };
  return (await client.acquireTokenSilent(request).catch(() => client.acquireTokenPopup(request))).accessToken;
})());
globalThis.ready = true;
SDK.notifyLoadSucceeded();
`;

const chromiumPath = toolPath("chromium") ?? "";

let folder: string;
let azure: TestSimulator;
let host: HubHost;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hub-host-"));
  const hubFolder = join(folder, "hub");
  await mkdir(hubFolder);
  const script = { contents: extensionScript, resolveDir: process.cwd(), loader: "js" } as const;
  await build({ stdin: script, outfile: join(hubFolder, "hub.js"), bundle: true, format: "esm", logLevel: "error" });
  await writeFile(
    join(hubFolder, "hub.html"),
    '<!doctype html><p id="text">hub</p><script type="module" src="hub.js"></script>',
  );
  await writeFile(join(hubFolder, "report-tab.html"), '<!doctype html><script type="module" src="hub.js"></script>');
  azure = await simulator();
  azure.state.addProject("Contoso Shop");
  host = await startHubHost({ simulator: azure, hubFolder });
  browser = await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox"] });
});

afterAll(async () => {
  await browser.close();
  await host.stop();
  await azure.stop();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  page = await browser.newPage();
});

afterEach(async () => {
  await page.close();
});

async function open(address: string): Promise<Frame> {
  await page.goto(address);
  await page.waitForFunction("window.__loaded === true");
  const frame = page.frames().find((one) => one.url().startsWith(host.hubOrigin));
  if (frame === undefined) throw new Error("the extension's frame is missing");
  return frame;
}

function log(): Promise<{ service: string; method: string; args: unknown[] }[]> {
  return page.evaluate("window.__log");
}

const projectOf = "call('ms.vss-tfs-web.tfs-page-data-service', 'getProject')";
const navigation = "ms.vss-features.host-navigation-service";

describe("the host page", () => {
  it("is another origin, shakes hands and says where the page is", async () => {
    const frame = await open(host.hubUrl);
    const context = await frame.evaluate(
      "({ host: sdk.getHost(), user: sdk.getUser(), extension: sdk.getExtensionContext() })",
    );
    const project = azure.state.projects()[0]!;

    expect(new URL(host.hubUrl).origin).not.toBe(host.hubOrigin);
    expect(context).toMatchObject({
      host: { name: "contoso", isHosted: true },
      user: { displayName: azure.state.owner.displayName },
      extension: { id: "project-backup.project-backup" },
    });
    expect(await frame.evaluate(projectOf)).toEqual({ value: { id: project.id, name: "Contoso Shop" } });
    expect((await log())[0]).toMatchObject({ service: "host", method: "initialHandshake", args: [{ loaded: false }] });
    expect(await page.isVisible("#spinner")).toBe(false);
  });

  it("lets the page call Azure DevOps with its own rights and no more", async () => {
    const frame = await open(host.hubUrl);
    const list = await frame.evaluate("rest('Contoso%20Shop/_apis/pipelines?api-version=7.1')");
    const code = await frame.evaluate("rest('_apis/git/repositories?api-version=7.1')");

    expect(list).toEqual({ status: 200, json: { count: 0, value: [] } });
    expect(code).toMatchObject({ status: 403 });
  });

  it("keeps documents with their versions, and says when somebody else was faster", async () => {
    const frame = await open(host.hubUrl);
    const none = await frame.evaluate("data('getDocument', 'settings', 'shop')");
    const made = await frame.evaluate("data('createDocument', 'settings', { id: 'shop', hours: 26 })");
    const changed = await frame.evaluate("data('updateDocument', 'settings', { id: 'shop', hours: 2, __etag: 1 })");
    const late = await frame.evaluate("data('updateDocument', 'settings', { id: 'shop', hours: 9, __etag: 1 })");
    const own = await frame.evaluate("data('setValue', 'head', '3:aa', { scopeType: 'User' })");
    const read = await frame.evaluate("data('getValue', 'head', { scopeType: 'User' })");

    expect(none).toMatchObject({ error: { status: 404, name: "DocumentCollectionDoesNotExistException" } });
    expect(made).toEqual({ value: { id: "shop", hours: 26, __etag: 1 } });
    expect(changed).toEqual({ value: { id: "shop", hours: 2, __etag: 2 } });
    expect(late).toMatchObject({ error: { status: 400, name: "InvalidDocumentVersionException" } });
    expect([own, read]).toEqual([{ value: "3:aa" }, { value: "3:aa" }]);
  });

  it("has an address, a title and messages", async () => {
    const frame = await open(`${host.hubUrl}?view=items#one`);
    const query = await frame.evaluate(`call('${navigation}', 'getQueryParams')`);
    const hash = await frame.evaluate(`call('${navigation}', 'getHash')`);
    await frame.evaluate(`call('${navigation}', 'setQueryParams', { view: '', snapshot: 'a b' })`);
    await frame.evaluate(`call('${navigation}', 'setDocumentTitle', 'Backups of the shop')`);
    await frame.evaluate(`call('${navigation}', 'onHashChanged', (hash) => { globalThis.seenHash = hash; })`);
    await page.evaluate("location.hash = 'two'");
    await frame.evaluate(
      "call('ms.vss-tfs-web.tfs-global-messages-service', 'addToast', { message: 'Restored', duration: 5000 })",
    );

    expect([query, hash]).toEqual([{ value: { view: "items" } }, { value: "one" }]);
    expect(new URL(page.url()).search).toBe("?snapshot=a+b");
    expect(await page.title()).toBe("Backups of the shop");
    await frame.waitForFunction("globalThis.seenHash === 'two'");
    expect(await page.textContent('[role="status"]')).toBe("Restored");
  });

  it("is light or dark, and changes while the page is open", async () => {
    const frame = await open(`${host.hubUrl}?theme=dark`);
    const background = "getComputedStyle(document.documentElement).getPropertyValue('--background-color').trim()";
    const dark = await frame.evaluate(background);
    await page.evaluate("window.__setTheme('light')");
    await frame.waitForFunction(`${background} === 'rgba(255, 255, 255, 1)'`);

    expect(dark).toBe("rgba(30, 30, 30, 1)");
    expect(await page.evaluate("document.documentElement.className")).toBe("light");
    await page.click("#theme");
    await frame.waitForFunction(`${background} === 'rgba(30, 30, 30, 1)'`);
  });

  it("tells a tab of a run's results which run it shows", async () => {
    const project = encodeURIComponent("Contoso Shop");
    const frame = await open(`${new URL(host.hubUrl).origin}/contoso/${project}/_build/results?buildId=17`);
    await frame.evaluate("sdk.getConfiguration().onBuildChanged((build) => { globalThis.build = build; })");

    await frame.waitForFunction("globalThis.build?.id === 17");
  });
});

describe("nested sign-in", () => {
  const claimsOf = (token: string): Record<string, unknown> =>
    JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8")) as Record<string, unknown>;

  it.each(["accepted", "interaction"])("gives a token for storage (%s)", async (mode) => {
    const frame = await open(`${host.hubUrl}?signIn=${mode}`);
    const answer: { value?: string } = await frame.evaluate("signIn()");

    expect(claimsOf(answer.value ?? "")).toMatchObject({ aud: "https://storage.azure.com" });
  });

  it("gives one that storage refuses, refuses itself, or is not there", async () => {
    // A page of its own each: MSAL remembers tokens for the life of a tab.
    const signedIn = async (mode: string): Promise<{ readonly value?: string }> => {
      await page.close();
      page = await browser.newPage();
      return (await open(`${host.hubUrl}?signIn=${mode}`)).evaluate("signIn()");
    };
    const [refused, denied, absent] = [await signedIn("refused"), await signedIn("denied"), await signedIn("absent")];

    expect(claimsOf(refused.value ?? "").aud).not.toBe("https://storage.azure.com");
    expect(denied).toHaveProperty("error");
    expect(absent).toMatchObject({ error: { message: expect.stringContaining("not available") } });
  });
});

it("serves the extension's files and nothing beside them", async () => {
  const frame = await open(host.hubUrl);
  const base: string = await frame.evaluate("sdk.getExtensionContext().baseUri");
  const script = await fetch(`${base}hub.js`);
  const outside = await fetch(`${base}..%2f..%2f..%2fetc%2fpasswd`);
  const nowhere = await fetch(`${new URL(host.hubUrl).origin}/contoso/Nowhere/_apps/hub/x`);

  expect([script.status, script.headers.get("x-content-type-options")]).toEqual([200, "nosniff"]);
  expect([outside.status, nowhere.status]).toEqual([404, 404]);
});
