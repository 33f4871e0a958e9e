/** Health compares what runs have reported with storage: only with a storage that was read after them, and twice. */
import type { Browser, FrameLocator, Locator } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { logName } from "../../engine/vault/format/layout.ts";
import { readLog } from "../../engine/vault/log/log.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import { describeInChromium, startChromium } from "../support/chromium.ts";
import { button, command, openHub, panelOf, rowsOf, type HubPage } from "../support/hub-browser.ts";
import { vaultOf } from "../support/hub-vault.ts";
import { startHubWorld, storeOf, type HubWorld } from "../support/hub-world.ts";
import { ask } from "../support/simulator.ts";

const notInStorage = "Snapshots that runs have reported are not in storage";

describeInChromium("what Health makes of runs and storage", () => {
  let browser: Browser;
  let world: HubWorld;
  let opened: HubPage;

  beforeAll(async () => {
    [browser, world] = await Promise.all([startChromium(), startHubWorld()]);
  });

  afterEach(() => opened.close());

  afterAll(async () => {
    await browser.close();
    await world.stop();
  });

  async function visit(): Promise<FrameLocator> {
    const entered = { project: world.shop.project.id, sas: world.readSas, viewerKey: world.keys.viewerKey };
    opened = await openHub(browser, world.place.hubUrl, { entered });
    await opened.hub.getByText("Log checked").waitFor();
    return opened.hub;
  }

  it("raises no alarm when a backup was started, its panel closed, and Health opened nine seconds later", async () => {
    const hub = await visit();
    await backUpAndClose(hub);
    await opened.page.waitForTimeout(9000);
    await hub.getByRole("tab", { name: "Health" }).click();
    const seen = await seenUntilSettled(hub);
    await hub.getByRole("tab", { name: "Snapshots" }).click();
    await rowsOf(hub, "Snapshots").first().waitFor();

    expect(seen).toEqual([]);
  });

  it("raises none on a page that was left open while backups went on", async () => {
    const hub = await visit();
    await rowsOf(hub, "Snapshots").first().waitFor();
    // As after a night: the clock goes on, the page's own work does not.
    await opened.frame().evaluate(`{
      const Real = Date;
      globalThis.Date = class extends Real {
        constructor(...parts) { parts.length === 0 ? super(Real.now() + 20 * 3_600_000) : super(...parts); }
      };
    }`);
    world.shop.change();
    await runOf(world, world.place.pipelines!.backup);
    await hub.getByRole("tab", { name: "Health" }).click();
    const seen = await seenUntilSettled(hub);

    expect(seen).toEqual([]);
  });

  it("raises the alarm when two readings of the storage lack what a run has reported", async () => {
    const hub = await visit();
    const facts = { store: storeOf(world), cryptography: nodeCryptography(), vault: vaultOf(world) };
    const { head } = await readLog(facts);
    const newest = logName(facts.vault, head?.seq ?? 0);
    await world.azurite.service().getContainerClient(world.container.name).deleteBlob(newest);
    await command(hub, "Refresh");
    await hub.getByText(/The log has \d+ problem/).waitFor();
    const before = listings();
    await hub.getByRole("tab", { name: "Health" }).click();
    await hub.getByText(notInStorage).waitFor();

    expect(listings() - before).toBeGreaterThanOrEqual(2);
  });

  async function backUpAndClose(hub: FrameLocator): Promise<void> {
    await command(hub, "Back up now");
    await button(panelOf(hub), "Back up").click();
    await hub.getByRole("progressbar", { name: "Progress of the run" }).waitFor();
    await button(panelOf(hub), "Close").last().click();
    await panelOf(hub).waitFor({ state: "hidden" });
    const backup = world.place.pipelines!.backup;
    const states = async (): Promise<readonly unknown[]> =>
      (await ask(world.azure, `Shop/_apis/build/builds?definitions=${backup}`)).list.map(
        (run) => (run as { readonly status?: unknown }).status,
      );
    await expect.poll(states, { timeout: 60_000 }).toEqual(["completed"]);
  }

  /** Alarms that are seen at any moment until Health has made up its mind. */
  async function seenUntilSettled(hub: FrameLocator): Promise<readonly string[]> {
    const state = tile(hub, "State");
    await state.waitFor();
    const seen = new Set<string>();
    for (let step = 0; step < 60; step += 1) {
      for (const text of [notInStorage, "The last good backup is too old", "There is no backup yet"])
        if ((await hub.getByText(text).count()) > 0) seen.add(text);
      await opened.page.waitForTimeout(100);
      if (step > 20 && !(await state.innerText()).includes("Being checked")) break;
    }
    return [...seen];
  }

  function tile(hub: FrameLocator, title: string): Locator {
    return hub.locator(".hub-tiles > *").filter({ hasText: title }).first();
  }

  function listings(): number {
    return opened.seen.requests.filter((request) => /^GET .*comp=list.*%2Flog%2F/.test(request)).length;
  }
});

async function runOf({ azure, shop }: HubWorld, pipeline: number): Promise<void> {
  const runs = `${shop.project.id}/_apis/pipelines/${pipeline}/runs`;
  const started = await ask(azure, `${runs}?api-version=7.1`, { method: "POST", body: {} });
  const { id } = started.json as { readonly id: number };
  const result = async (): Promise<unknown> =>
    ((await ask(azure, `${runs}/${id}?api-version=7.1`)).json as { readonly result?: string }).result;
  await expect.poll(result, { timeout: 60_000, interval: 500 }).toBe("succeeded");
}
