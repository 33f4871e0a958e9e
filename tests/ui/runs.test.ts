/** Runs in the hub: what came of them is said first, lists follow them, plans say what they leave alone. */
import type { Browser, FrameLocator, Locator } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { describeInChromium, startChromium } from "../support/chromium.ts";
import { button, command, openHub, panelOf, rowsOf, type HubPage, type OpenHub } from "../support/hub-browser.ts";
import { backUp, seenHead, startHubWorld, storeOf, type HubWorld } from "../support/hub-world.ts";
import { ask } from "../support/simulator.ts";
import { vaultOf } from "../support/hub-vault.ts";

const runMs = 60_000;
/** A run that takes this long is seen while it runs: the hub reads runs again every ten seconds. */
const longerThanBetweenReadingsMs = 15_000;

describeInChromium("runs, as the hub tells of them", () => {
  let browser: Browser;
  let world: HubWorld;
  let snapshot: string;
  const opened: HubPage[] = [];

  beforeAll(async () => {
    [browser, world] = await Promise.all([startChromium(), startHubWorld()]);
    snapshot = await backUp(world);
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((page) => page.close()));
  });

  afterAll(async () => {
    await browser.close();
    await world.stop();
  });

  async function visit(query: OpenHub["query"] = {}): Promise<FrameLocator> {
    const { keys, readSas: sas, shop, place } = world;
    const entered = { project: shop.project.id, sas, viewerKey: keys.viewerKey };
    const page = await openHub(browser, place.hubUrl, { query, entered });
    opened.push(page);
    return page.hub;
  }

  async function planFor(hub: FrameLocator, items: string): Promise<Locator> {
    await hub.getByText("Log checked").waitFor();
    await command(hub, "Restore");
    await panelOf(hub).getByRole("textbox", { name: "Items" }).fill(items);
    await button(panelOf(hub), "Show the plan").click();
    return planIn(hub);
  }

  async function planIn(hub: FrameLocator): Promise<Locator> {
    const panel = panelOf(hub);
    await panel.getByText("Plan of the restore").waitFor({ timeout: runMs });
    return panel;
  }

  describe("a plan that two tabs agree to", () => {
    it("is carried out once; the other tab hears that it came too late, and is offered a new plan", async () => {
      const { shop } = world;
      shop.wit.remove(shop.bug);
      const items = `work-items/${shop.bug.id}`;
      const [one, other] = [await visit(), await visit()];
      const first = await planFor(one, items);
      const second = await planFor(other, items);
      await first.getByText("Take out of the recycle bin").waitFor();
      await button(first, "Restore").click();
      await first.getByText("Result of the restore").waitFor({ timeout: runMs });
      const result = (await first.innerText()).replaceAll("\n", " ");
      await button(second, "Restore").click();
      await second.getByText("The restore failed").waitFor({ timeout: runMs });
      const ending = second.getByRole("region", { name: "How the run ended" });
      const told = await second.innerText();

      expect(result).toContain("1 undeleted in ");
      expect(result).not.toMatch(/\d created/);
      expect(await ending.innerText()).toMatch(/^The run failed\n[\s\S]*The plan made now has the hash/);
      expect(told).toContain("The plan that was agreed to is not what would be done now");
      expect(told).not.toContain("Everything is there already");
      expect(await button(second, "Restore").count()).toBe(0);

      await button(second, "Make a new plan").click();
      await second.getByText("Everything is there already").waitFor({ timeout: runMs });
    });

    it("stands under Restores and in the run's own tab with its failure first", async () => {
      const hub = await visit({ tab: "restores" });
      const failed = rowsOf(hub, "Restores").filter({ hasText: "Failed" });
      await failed.getByText(/The plan made now has the hash/).waitFor();
      const run = /Run (\d+)/.exec(await failed.innerText())?.[1] ?? "";
      const done = rowsOf(hub, "Restores").filter({ hasText: "1 undeleted" });
      await done.waitFor();
      const { origin } = new URL(world.place.hubUrl);
      const { name } = world.azure.state.organization;
      const page = await openHub(browser, `${origin}/${name}/${world.shop.project.name}/_build/results?buildId=${run}`);
      opened.push(page);
      await page.hub.getByText("The run failed").waitFor();
      const told = await page.hub.locator("body").innerText();

      expect(await done.innerText()).not.toMatch(/\d created/);
      expect(told.trimStart()).toMatch(/^The run failed/);
      expect(told).toContain("The plan made now has the hash");
      expect(told).not.toContain("Everything is there already");
    });
  });

  it("restores the state that somebody chose in an item's history: it overwrites the present one", async () => {
    const { shop, azure } = world;
    shop.wit.edit(shop.story, { "System.Title": "Spoiled" });
    const hub = await visit({ snapshot, view: "items", stream: "work-items", item: String(shop.story.id) });
    await hub
      .getByRole("button", { name: /^Restore this state/ })
      .first()
      .click();
    const panel = panelOf(hub);
    const policy = panel.getByRole("radio", { name: /^Make it as in the snapshot/ });
    const isOverwriting = await policy.getAttribute("aria-checked");
    await button(panel, "Show the plan").click();
    await planIn(hub);
    await panel.getByRole("region", { name: "Change: 1" }).waitFor();
    await button(panel, "Restore").click();
    await panel.getByText("Result of the restore").waitFor({ timeout: runMs });

    expect(isOverwriting).toBe("true");
    expect(await panel.innerText()).toContain("1 changed in ");
    expect((await ask(azure, `_apis/wit/workitems/${shop.story.id}`)).json).toMatchObject({
      fields: { "System.Title": "Pay by card" },
    });
  });

  it("says that a plan would do nothing although things differ, offers what would, and lets people change it", async () => {
    const { shop } = world;
    shop.wit.edit(shop.story, { "System.Title": "Spoiled again" });
    const hub = await visit();
    const panel = await planFor(hub, `work-items/${shop.story.id}`);
    const told = await panel.innerText();
    const canRestore = await button(panel, "Restore").count();
    await button(panel, "Change the plan").click();
    const items = await panel.getByRole("textbox", { name: "Items" }).inputValue();
    await button(panel, "Cancel").click();
    await planIn(hub);
    await button(panel, "Plan to overwrite them").click();
    await panel.getByRole("region", { name: "Change: 1" }).waitFor({ timeout: runMs });

    expect(told).toContain(
      "Nothing would be restored: 1 item that differs from the snapshot would stay as it is now, because what exists is to be left as it is.",
    );
    expect(told).not.toContain("Everything is there already");
    expect(canRestore).toBe(0);
    expect(items).toBe(`work-items/${shop.story.id}`);
    expect(await button(panel, "Restore").count()).toBe(1);
  });

  it("leads from the result of an archive to its artifact", async () => {
    const hub = await visit();
    await hub.getByText("Log checked").waitFor();
    await command(hub, "Restore");
    const panel = panelOf(hub);
    await panel.getByRole("textbox", { name: "Items" }).fill("git-repositories/Api");
    await panel.getByRole("radio", { name: /^An archive to download/ }).click();
    await button(panel, "Make the archive").click();
    const link = panel.getByRole("link", { name: "Download the archive" });
    await link.waitFor({ timeout: runMs });
    const href = (await link.getAttribute("href")) ?? "";
    const page = await panel.getByRole("link", { name: "Open the run's artifacts" }).getAttribute("href");
    // The zip by the same address, as published descriptions have it: by its type.
    const zip = await bytesOf(href.replace("&%24format=zip", ""), { accept: "application/zip" });

    expect(href.startsWith(`${world.azure.organizationUrl}/${world.shop.project.id}/_apis/build/builds/`)).toBe(true);
    expect(new URL(href).searchParams.get("$format")).toBe("zip");
    expect(new TextDecoder().decode(zip.subarray(0, 2))).toBe("PK");
    expect(page).toMatch(/_build\/results\?buildId=\d+&view=artifacts/);
  });

  describe("lists that are open", () => {
    it("show a run that fails, in its panel and in Health with its reason", async () => {
      const hub = await visit();
      await rowsOf(hub, "Snapshots").first().waitFor();
      const undo = breakAgentKey();
      const run = await start();
      const row = rowsOf(hub, "Snapshots").filter({ hasText: `Run ${run}` });
      await row.getByText("Failed").waitFor({ timeout: runMs });
      undo();
      await row.click();
      const panel = panelOf(hub);
      await panel
        .getByText(/agentKey/)
        .first()
        .waitFor();
      const told = await panel.innerText();
      await button(panel, "Close").last().click();
      await hub.getByRole("tab", { name: "Health" }).click();
      await hub.getByText("The last backup run failed").waitFor();
      await hub.getByText(/agentKey/).waitFor();
      const health = await hub.locator("body").innerText();

      expect(told).toContain("Failed");
      expect(health).not.toMatch(/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/);
    });

    it("show a run that somebody else has started, and then its snapshot", async () => {
      const hub = await visit();
      await rowsOf(hub, "Snapshots").first().waitFor();
      const before = await rowsOf(hub, "Snapshots").filter({ hasText: "Complete" }).count();
      world.azure.faults.add({
        kind: "delay",
        delayMs: longerThanBetweenReadingsMs,
        when: ({ path }) => path.endsWith("/_apis/git/repositories"),
      });
      await start();
      await rowsOf(hub, "Snapshots").filter({ hasText: "Running" }).waitFor({ timeout: runMs });
      const complete = rowsOf(hub, "Snapshots").filter({ hasText: "Complete" });
      await expect.poll(() => complete.count(), { timeout: runMs }).toBe(before + 1);

      expect(await rowsOf(hub, "Snapshots").filter({ hasText: "Running" }).count()).toBe(0);
    });
  });

  it("raise the alarm over a storage that was emptied, and do not propose to back up into it", async () => {
    await empty();
    const hub = await visit();
    const alert = hub.getByRole("alert");
    await alert.getByText("The storage holds no snapshot any more").waitFor();
    const told = await hub.locator("body").innerText();

    expect(told).toContain("the backups were deleted: stop the pipelines");
    expect(await button(hub, "Back up now").count()).toBe(0);
  });

  async function bytesOf(url: string, headers: Readonly<Record<string, string>>): Promise<Uint8Array> {
    const authorization = `Basic ${btoa(`:${world.azure.token}`)}`;
    return new Uint8Array(await (await fetch(url, { headers: { ...headers, authorization } })).arrayBuffer());
  }

  /** Starts the backup pipeline as somebody else would; gives the run's id. */
  async function start(): Promise<number> {
    const path = `${world.shop.project.id}/_apis/pipelines/${world.place.pipelines?.backup}/runs`;
    const { json } = await ask(world.azure, path, { method: "POST", body: {} });
    return (json as { readonly id: number }).id;
  }

  /** As when somebody has pasted the wrong secret; gives a function that takes it back. */
  function breakAgentKey(): () => void {
    const { builds } = world.azure.state;
    const { id } = world.shop.project;
    const before = builds.changeVariables(id, "Backup", { AgentKey: { value: "pbak1wrong", isSecret: true } });
    return () => void builds.changeVariables(id, "Backup", before);
  }

  /** Everything goes, also what this person's earlier visits have seen: only the runs remember. */
  async function empty(): Promise<void> {
    const store = storeOf(world);
    for await (const { name } of store.list("")) await store.delete(name);
    await expect.poll(() => seenHead(world)).toMatch(/^\d+:/);
    const { extensionData, owner } = world.azure.state;
    extensionData.delete(`project-backup.project-backup/${owner.id}/vault-heads`, vaultOf(world));
  }
});
