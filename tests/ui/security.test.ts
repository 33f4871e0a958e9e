/** What the hub may not do: talk to others, write to storage, keep secrets; and what a hostile vault cannot make it do. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, FrameLocator, Locator } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../engine/foundation/clock.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import { makeKeySet, parseAgentKey } from "../../engine/crypto/keys.ts";
import { writeIndex } from "../../engine/vault/objects/index-file.ts";
import { writeItems } from "../../engine/vault/streams/items-catalogue.ts";
import { appendEntry } from "../../engine/vault/log/append.ts";
import { logName } from "../../engine/vault/format/layout.ts";
import type { Head } from "../../engine/vault/format/log-entry.ts";
import { readLog } from "../../engine/vault/log/log.ts";
import { logType } from "../../engine/vault/format/log-codec.ts";
import { signText } from "../../engine/vault/format/signed-text.ts";
import { describeInChromium, startChromium } from "../support/chromium.ts";
import { button, openHub, panelOf, rowsOf, tabTo, type HubPage, type OpenHub } from "../support/hub-browser.ts";
import { runNumber, sealedWriterOf, snapshotBody, testKeysOf, vaultOf } from "../support/hub-vault.ts";
import {
  backUp,
  changeSettings,
  savedSettings,
  seenHead,
  startHubWorld,
  storeOf,
  type HubWorld,
} from "../support/hub-world.ts";
import { each } from "../support/sealed-vault.ts";
import { aRef } from "../unit/vault/log/log-vault.ts";

const cryptography = nodeCryptography();
const script = `<img src=x onerror="alert(1)"><script>alert(2)</script>`;

describeInChromium("the hub's limits", () => {
  let browser: Browser;
  let world: HubWorld;
  let opened: HubPage;
  let snapshot: string;

  beforeAll(async () => {
    [browser, world] = await Promise.all([startChromium(), startHubWorld()]);
    world.shop.wit.create(world.shop.project, { type: "Bug", title: script });
    snapshot = await backUp(world);
  });

  afterEach(() => opened.close());

  afterAll(async () => {
    await browser.close();
    await world.stop();
  });

  async function visit(query: OpenHub["query"] = {}, sas = world.readSas): Promise<FrameLocator> {
    const entered = { project: world.shop.project.id, sas, viewerKey: world.keys.viewerKey };
    opened = await openHub(browser, world.place.hubUrl, { query, entered });
    return opened.hub;
  }

  it("asks this machine only, writes nothing to storage, and keeps its secrets to itself", async () => {
    const hub = await visit({ snapshot, view: "items", stream: "work-items" });
    await rowsOf(hub, /^Items of Work items/)
      .getByText("Cart is empty")
      .waitFor();
    const { requests } = opened.seen;
    const toStorage = requests.filter((request) => request.includes(world.azurite.endpoint));
    const elsewhere = requests.filter((request) => !/^[A-Z]+ (?:http:\/\/127\.0\.0\.1:|data:)/.test(request));
    const kept: string = await opened.page.frames()[1]!.evaluate("JSON.stringify({ ...localStorage })");
    const place = [opened.page.url(), ...opened.page.frames().map((frame) => frame.url())].join(" ");

    expect(elsewhere).toEqual([]);
    expect(toStorage.length).toBeGreaterThan(3);
    expect(toStorage.filter((request) => !/^(?:GET|HEAD|OPTIONS) /.test(request))).toEqual([]);
    expect(requests.join(" ")).not.toContain(world.keys.viewerKey);
    expect(requests.filter((request) => request.includes("sig=") && !toStorage.includes(request))).toEqual([]);
    for (const secret of ["sig=", world.keys.viewerKey])
      expect([kept, place, JSON.stringify(savedSettings(world))].join(" ")).not.toContain(secret);
    expect(requests.filter(isOfMsal)).toEqual([]);
  });

  it("signs in to storage as the person, by the host, and only then loads what signing in needs", async () => {
    const id = "0b1c2d3e-0000-4000-8000-000000000001";
    const undo = changeSettings(world, { entraClientId: id, entraTenantId: id });
    const hub = await visit({ tab: "restores" }, "");
    const tokens: string[] = [];
    opened.page.on("request", (request) => {
      const { authorization } = request.headers();
      if (request.url().startsWith(world.azurite.endpoint) && authorization !== undefined) tokens.push(authorization);
    });
    await hub.getByRole("tab", { name: "Snapshots" }).click();
    await hub.getByRole("menuitem", { name: "More actions" }).click();
    await hub.getByRole("menuitem", { name: "Refresh" }).click();
    await expect.poll(() => tokens.length, { timeout: 10_000 }).toBeGreaterThan(0);
    undo();
    const [, claims = ""] = (tokens[0] ?? "").split(".");

    expect(tokens[0]).toMatch(/^Bearer /);
    expect(JSON.parse(Buffer.from(claims, "base64url").toString())).toMatchObject({ aud: "https://storage.azure.com" });
    expect(opened.seen.requests.filter(isOfMsal)).toHaveLength(1);
  });

  describe("a hostile vault", () => {
    let rolledBack: { readonly lost: Head; readonly left: Head };

    it("shows script in names as text", async () => {
      const hub = await visit({ snapshot, view: "items", stream: "work-items" });
      await rowsOf(hub, /^Items of Work items/)
        .getByText(script)
        .waitFor();

      await expectInert();
    });

    it("cuts a name of 10 MB and shows it as text", async () => {
      const run = runNumber(900);
      const sealed = await sealedWriterOf(world, run);
      const access = { store: storeOf(world), cryptography, vault: vaultOf(world), identities: [world.keys.viewerKey] };
      const item = { id: "1", name: `${script}${"x".repeat(10_000_000)}`, type: "Bug" };
      const items = await writeItems(sealed, access, { previous: [], lines: each(item), complete: true });
      const line = { s: "work-items", name: script, st: "ok", state: aRef(), items, count: 1 } as const;
      const index = await writeIndex(sealed, each(line));
      await append(run, index);
      const hub = await visit({ snapshot: run, view: "items", stream: "work-items" });
      const cell = rowsOf(hub, /^Items of/)
        .getByText(/<img src=x/)
        .first();
      await cell.waitFor({ timeout: 20_000 });

      expect(((await cell.textContent()) ?? "").length).toBeLessThan(1000);
      await expectInert();
    });

    it("flags a forged entry of the log", async () => {
      const facts = { store: storeOf(world), cryptography, vault: vaultOf(world) };
      const { head } = await readLog(facts);
      const seq = (head?.seq ?? 0) + 1;
      const forger = await parseAgentKey((await makeKeySet(cryptography)).agentKey, cryptography);
      const at = new Date().toISOString();
      const by = { tool: "1.0.0", build: script, run: runNumber(901) };
      const prev = `sha256:${head?.sha256 ?? ""}`;
      const entry = {
        type: logType,
        vault: facts.vault,
        seq,
        prev,
        void: [],
        at,
        srv: at,
        by,
        ...snapshotBody(seq, aRef()),
      };
      await facts.store.create(logName(facts.vault, seq), await signText(cryptography, forger.signingSeed, entry));
      const hub = await visit();
      await hub
        .getByRole("alert")
        .getByText(/The log has \d+ problem/)
        .waitFor();
      await world.azurite.service().getContainerClient(world.container.name).deleteBlob(logName(facts.vault, seq));

      await expectInert();
    });

    it("raises the alarm when the log was rolled back since the last visit", async () => {
      rolledBack = await rollBackAfterVisit();
      const hub = await visit();
      await alarmOf(hub).waitFor();

      await expectInert();
    });

    it("goes on raising it until the person has seen both heads and accepted the history that is there", async () => {
      const hub = await visit({ tab: "health" });
      await alarmOf(hub).waitFor();
      await button(hub, "Accept this history…").first().click();
      const panel = panelOf(hub);
      const accept = button(panel, "Accept this history");
      for (const head of [rolledBack.lost, rolledBack.left]) await panel.getByText(head.sha256).waitFor();
      const isOffered = await accept.isEnabled();
      await opened.page.keyboard.press("Escape");
      await panel.waitFor({ state: "hidden" });
      await opened.close();

      const again = await visit();
      await alarmOf(again).waitFor();
      await button(again, "Accept this history…").focus();
      const { keyboard } = opened.page;
      await keyboard.press("Enter");
      await tabTo(opened, panelOf(again).getByRole("checkbox", { name: "I know why the history is another one" }));
      await keyboard.press("Space");
      await tabTo(opened, button(panelOf(again), "Accept this history"));
      await keyboard.press("Enter");
      await again.getByText("Log checked: signed by the pinned keys, nothing was taken back").waitFor();
      const alarms = await alarmOf(again).count();
      await opened.close();
      const later = await visit();
      await later.getByText("Log checked: signed by the pinned keys, nothing was taken back").waitFor();

      expect(isOffered).toBe(false);
      expect(alarms).toBe(0);
      await expectInert();
    });

    /** What a person has seen at its end is gone: the head they know, and the one that is left. */
    async function rollBackAfterVisit(): Promise<typeof rolledBack> {
      await append(runNumber(910), aRef());
      const facts = { store: storeOf(world), cryptography, vault: vaultOf(world) };
      const { head: lost } = await readLog(facts);
      const hub = await visit();
      await hub.getByText("Log checked").waitFor();
      await expect.poll(() => seenHead(world)).toBe(`${lost?.seq}:${lost?.sha256}`);
      await opened.close();
      const newest = logName(facts.vault, lost?.seq ?? 0);
      await world.azurite.service().getContainerClient(world.container.name).deleteBlob(newest);
      const { head: left } = await readLog(facts);
      if (lost === undefined || left === undefined) throw new Error("the log is empty");
      return { lost, left };
    }

    function alarmOf(hub: FrameLocator): Locator {
      return hub.getByRole("alert").getByText(/The log has \d+ problem/);
    }

    async function append(run: string, index: Parameters<typeof snapshotBody>[1]): Promise<void> {
      const { agent } = await testKeysOf(world);
      const facts = { store: storeOf(world), cryptography, vault: vaultOf(world), clock: systemClock };
      const by = { tool: "1.0.0", build: "Backup_900", run };
      const log = await readLog(facts);
      await appendEntry({ ...facts, signing: agent, by }, log, async () => snapshotBody(log.entries.length, index));
    }

    /** Nothing that the vault says became part of the page, and the page's own policy had nothing to refuse. */
    async function expectInert(): Promise<void> {
      const injected: number = await opened.page
        .frames()[1]!
        .evaluate("document.querySelectorAll('img, #root script').length");
      expect(injected).toBe(0);
      expect(opened.seen).toMatchObject({ errors: [], dialogs: [] });
    }
  });
});

/** Whether it loads a chunk with MSAL's code in it. */
function isOfMsal(request: string): boolean {
  const chunks = join("dist", "hub", "chunks");
  return readdirSync(chunks).some(
    (name) => request.endsWith(`/${name}`) && readFileSync(join(chunks, name), "utf8").includes("GetTokenPopup"),
  );
}
