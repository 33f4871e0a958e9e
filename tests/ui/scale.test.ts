/** A vault of 1,000 snapshots with 5,000 streams each, in the browser: how soon people can work with it. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeInChromium, startChromium } from "../support/chromium.ts";
import { openHub, rowsOf, type HubPage } from "../support/hub-browser.ts";
import { writeLog, writeStreams } from "../support/hub-vault.ts";
import { startHubWorld, type HubWorld } from "../support/hub-world.ts";

/** The bar on a quiet machine is 1,000 ms (docs/benchmarks.md); tests share theirs with others. */
const generousMs = 8000;

/**
 * In the hub's frame: when a person saw the table with so many rows (few of them drawn), in milliseconds since 1970.
 * The frame itself looks, since whoever looks from outside asks it for more than it has to do by itself.
 */
const seenAt = (rows: number): string => `new Promise((resolve) => {
  const look = () => {
    const table = document.querySelector('table[aria-label="Snapshots"]');
    const isThere = Number(table?.getAttribute("aria-rowcount")) > ${rows} && table.querySelector("tr.bolt-list-row") !== null;
    requestAnimationFrame(isThere ? () => setTimeout(() => resolve(performance.timeOrigin + performance.now())) : look);
  };
  look();
})`;

describeInChromium("1,000 snapshots of 5,000 streams", () => {
  let browser: Browser;
  let world: HubWorld;
  let opened: HubPage;

  beforeAll(async () => {
    [browser, world] = await Promise.all([startChromium(), startHubWorld()]);
    await writeLog(world, 1000, await writeStreams(world, 5000));
  });

  afterAll(async () => {
    await browser.close();
    await world.stop();
  });

  it("shows the newest hundred soon after the page has loaded, and checks the rest meanwhile", async () => {
    const entered = { project: world.shop.project.id, sas: world.readSas, viewerKey: world.keys.viewerKey };
    opened = await openHub(browser, world.place.hubUrl, { entered });
    const hundredAt: number = await opened.frame().evaluate(seenAt(100));
    const loadedAt: number = await opened.page.evaluate("window.__loadedAt");
    const usableMs = hundredAt - loadedAt;
    const isStillChecking = await opened.hub.getByText(/^Checking the log/).isVisible();
    const drawn = await rowsOf(opened.hub, "Snapshots").count();
    await opened.hub.getByText("Log checked: signed by the pinned keys").waitFor({ timeout: 60_000 });
    const checkedMs = performance.timeOrigin + performance.now() - loadedAt;
    console.log(`newest hundred ${usableMs.toFixed(0)} ms after load, all checked after ${checkedMs.toFixed(0)} ms`);

    expect(usableMs).toBeLessThan(generousMs);
    expect(isStillChecking).toBe(true);
    expect(drawn).toBeLessThan(150);
    const table = opened.hub.getByRole("table", { name: "Snapshots" });
    expect(await table.getAttribute("aria-rowcount")).toBe("1001");
  });

  it("opens a snapshot and finds one of its streams at once", async () => {
    const { hub } = opened;
    await rowsOf(hub, "Snapshots").first().click();
    const begun = performance.now();
    await hub.getByRole("tab", { name: "Streams" }).click();
    await rowsOf(hub, "Streams").first().waitFor();
    const openedMs = performance.now() - begun;
    await hub.getByRole("tab", { name: "Items" }).click();
    await hub.getByRole("textbox", { name: "Search names and ids in this snapshot" }).fill("Service 4999");
    const asked = performance.now();
    await rowsOf(hub, "Hits").getByText("Service 4999").waitFor();
    console.log(
      `snapshot opened in ${openedMs.toFixed(0)} ms, stream found in ${(performance.now() - asked).toFixed(0)} ms`,
    );

    expect(openedMs).toBeLessThan(generousMs);
    expect(opened.seen.errors).toEqual([]);
  });
});
