/** What the owner has said in the log, as the hub shows it: which alarms are acknowledged, and what is announced. */
import type { Browser, FrameLocator } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { systemClock } from "../../engine/foundation/clock.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import { appendEntry } from "../../engine/vault/log/append.ts";
import { readLog } from "../../engine/vault/log/log.ts";
import type { EntryBody } from "../../engine/vault/format/log-codec.ts";
import type { Signing } from "../../engine/vault/format/signed-text.ts";
import { newestSnapshot } from "../../engine/vault/snapshots/snapshots.ts";
import { describeInChromium, startChromium } from "../support/chromium.ts";
import { command, openHub, rowsOf, type HubPage } from "../support/hub-browser.ts";
import { testKeysOf, vaultOf } from "../support/hub-vault.ts";
import { backUp, startHubWorld, storeOf, type HubWorld } from "../support/hub-world.ts";

const cryptography = nodeCryptography();
/** Later than an announcement may hold: 72 hours. */
const dayMs = 86_400_000;

describeInChromium("an alarm, and what the owner says of it", () => {
  let browser: Browser;
  let world: HubWorld;
  let opened: HubPage;
  let agent: Signing;
  let owner: Signing;
  /** Log entry of the snapshot that shows the alarm. */
  let alarming: number;

  beforeAll(async () => {
    [browser, world] = await Promise.all([startChromium(), startHubWorld()]);
    ({ agent, owner } = await testKeysOf(world));
    await backUp(world);
    const { snapshot } = newestSnapshot(await logNow())?.entry ?? {};
    if (snapshot === undefined) throw new Error("no snapshot");
    const anomaly = [
      { code: "mass-delete", n: 7 },
      { code: "mass-change", n: 30 },
    ];
    alarming = await append(agent, { kind: "snapshot", snapshot: { ...snapshot, anomaly } });
  });

  afterEach(() => opened.close());

  afterAll(async () => {
    await browser.close();
    await world.stop();
  });

  const placeOf = (): Parameters<typeof readLog>[0] => ({ store: storeOf(world), cryptography, vault: vaultOf(world) });
  const logNow = (): ReturnType<typeof readLog> => readLog(placeOf());

  /** Number of the new entry. */
  async function append(signing: Signing, body: EntryBody): Promise<number> {
    const by = { tool: "0.0.0", build: "test", run: "20261122T180544Z-0000beef" };
    const facts = { ...placeOf(), store: storeOf(world), clock: systemClock, signing, by };
    const { entry } = await appendEntry(facts, await logNow(), async () => body);
    return entry?.entry.seq ?? 0;
  }

  async function visit(): Promise<FrameLocator> {
    const entered = { project: world.shop.project.id, sas: world.readSas, viewerKey: world.keys.viewerKey };
    opened = await openHub(browser, world.place.hubUrl, { entered });
    await opened.hub.getByText("Log checked").waitFor();
    return opened.hub;
  }

  async function openTab(hub: FrameLocator, name: string): Promise<void> {
    await hub.getByRole("tab", { name }).click();
  }

  it("is open in Health and on the snapshot's page, with the command that acknowledges it", async () => {
    const hub = await visit();
    await openTab(hub, "Health");
    const open = hub.getByRole("region", { name: "Open alarms" });
    await open.waitFor();
    const inHealth = await open.innerText();
    await openTab(hub, "Snapshots");
    await rowsOf(hub, "Snapshots").first().click();
    const onPage = await hub.getByRole("region", { name: "Alarms" }).innerText();

    for (const text of [inHealth, onPage]) {
      expect(text).toContain("2 alarms are open (mass-delete, mass-change)");
      expect(text).toContain(`npm run vault -- acknowledge ${alarming}`);
      expect(text).not.toContain("acknowledged with the owner key");
    }
  });

  it("is acknowledged by the owner's entry only, for the codes that it names, on the page that is open too", async () => {
    const hub = await visit();
    await openTab(hub, "Health");
    const open = hub.getByRole("region", { name: "Open alarms" });
    await open.waitFor();
    const said = { seq: alarming, codes: ["mass-delete"], streams: [] };
    const entry = await append(owner, { kind: "acknowledge", acknowledge: said });
    await command(hub, "Refresh");
    await open.getByText("1 alarm is open (mass-change)").waitFor();
    await openTab(hub, "Snapshots");
    await rowsOf(hub, "Snapshots").first().click();
    const alarms = hub.getByRole("region", { name: "Alarms" });
    await alarms.getByText(`mass-delete: acknowledged with the owner key in log entry ${entry}`).waitFor();

    expect(await alarms.innerText()).toContain("1 alarm is open (mass-change)");
    const byAgent = append(agent, { kind: "acknowledge", acknowledge: { ...said, codes: ["mass-change"] } });
    await expect(byAgent).rejects.toMatchObject({ code: "SIGNER_NOT_ALLOWED" });
  });

  it("that was announced is named in Health, until when and by which entry", async () => {
    const until = new Date(Date.now() + dayMs).toISOString();
    const entry = await append(owner, { kind: "expect", expect: { codes: ["policies-changed"], until } });
    await append(owner, { kind: "acknowledge", acknowledge: { seq: alarming, codes: ["mass-change"], streams: [] } });
    const hub = await visit();
    await openTab(hub, "Health");
    await hub.getByText(/^The owner has announced policies-changed until .*: backups take it for a note\.$/).waitFor();

    expect(await hub.getByText(`(log entry ${entry})`).count()).toBe(1);
    expect(await hub.getByRole("region", { name: "Open alarms" }).count()).toBe(0);
    expect(opened.seen).toMatchObject({ errors: [], dialogs: [] });
  });
});
