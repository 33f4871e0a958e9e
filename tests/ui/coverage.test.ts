/** What a backup lacks, as the hub shows it: in the first result of a run, on the snapshot's page, in Health, in a plan. */
import type { Browser, FrameLocator } from "playwright-core";
import { registry } from "../../engine/kinds/registry.ts";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeInChromium, startChromium } from "../support/chromium.ts";
import { button, command, openHub, panelOf, rowsOf, type HubPage } from "../support/hub-browser.ts";
import { startHubWorld, type HubWorld } from "../support/hub-world.ts";

/** Kinds that have one stream each, and three repositories that are not disabled. */
const stored = registry.length - 1 + 3;

describeInChromium("a person who backs up a project with a disabled repository", () => {
  let browser: Browser;
  let world: HubWorld;
  let opened: HubPage;
  let hub: FrameLocator;

  beforeAll(async () => {
    [browser, world] = await Promise.all([startChromium(), startHubWorld()]);
    world.shop.api.record.isDisabled = true;
    const entered = { project: world.shop.project.id, sas: world.readSas, viewerKey: world.keys.viewerKey };
    opened = await openHub(browser, world.place.hubUrl, { entered });
    ({ hub } = opened);
  });

  afterAll(async () => {
    await browser.close();
    await world.stop();
  });

  it("sees in the first result what is not covered, and what to do", async () => {
    await command(hub, "Back up now");
    await button(panelOf(hub), "Back up").click();
    const result = hub.getByRole("region", { name: `Backup of ${world.shop.project.name}` });
    await result.waitFor({ timeout: 120_000 });
    const text = await result.innerText();

    expect(text).toContain(`${stored} of ${stored + 1} streams stored: 1 disabled and never stored.`);
    expect(text).toContain("leave it out on purpose with the input exclude");
    expect(text).toMatch(
      new RegExp(
        `Coverage\\s+Not whole\\s+In the project: ${stored + 1} · Stored: ${stored} · Disabled, never stored: 1`,
      ),
    );
  }, 180_000);

  it("sees in Health that the newest backup does not cover everything", async () => {
    await button(panelOf(hub), /^Close$/)
      .last()
      .click();
    await hub.getByRole("tab", { name: "Health" }).click();
    await hub.getByText("The newest backup does not cover the whole project").waitFor();

    expect(await hub.getByText("Not whole").count()).toBe(1);
  });

  it("sees on the snapshot's page that the repository was never stored, and nowhere that it was read", async () => {
    await hub.getByRole("tab", { name: "Snapshots" }).click();
    await rowsOf(hub, "Snapshots").first().click();
    await hub.getByText("Never stored: the repository is disabled").first().waitFor();
    await hub.getByRole("tab", { name: "Streams" }).click();
    const row = rowsOf(hub, "Streams").filter({ hasText: "Api" });

    expect(await row.innerText()).toContain("Never stored: the repository is disabled");
  });
});
