/** Finding one's way in the hub and back, by mouse, keyboard and ear; and keys that have no business there. */
import type { Browser, FrameLocator } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { describeInChromium, startChromium } from "../support/chromium.ts";
import {
  button,
  command,
  openHub,
  panelOf,
  rowsOf,
  tabTo,
  type HubPage,
  type OpenHub,
} from "../support/hub-browser.ts";
import { backUp, startHubWorld, type HubWorld } from "../support/hub-world.ts";

describeInChromium("finding one's way in the hub", () => {
  let browser: Browser;
  let world: HubWorld;
  let opened: HubPage;
  /** With everything; a day's work later; and when areas could not be read. */
  const snapshots: string[] = [];

  beforeAll(async () => {
    [browser, world] = await Promise.all([startChromium(), startHubWorld()]);
    const { shop, azure } = world;
    snapshots.push(await backUp(world));
    shop.change();
    shop.wit.remove(shop.task);
    snapshots.push(await backUp(world));
    azure.faults.add({
      kind: "status",
      status: 403,
      when: ({ path }) => path.toLowerCase().includes("/classificationnodes"),
      times: 1000,
    });
    snapshots.push(await backUp(world));
    azure.faults.clear();
  });

  afterEach(() => opened.close());

  afterAll(async () => {
    await browser.close();
    await world.stop();
  });

  async function visit(options: OpenHub = {}): Promise<FrameLocator> {
    const { keys, readSas: sas, shop, place } = world;
    const entered = { project: shop.project.id, sas, viewerKey: keys.viewerKey };
    opened = await openHub(browser, place.hubUrl, { entered, ...options });
    return opened.hub;
  }

  it("goes back and forward over tab, snapshot, search and item, and stays inside the hub", async () => {
    const hub = await visit();
    const { page } = opened;
    const search = hub.getByRole("textbox", { name: "Search names and ids in this snapshot" });
    await rowsOf(hub, "Snapshots").nth(2).waitFor();
    await hub.getByRole("tab", { name: "Health" }).click();
    await hub.getByText("Last good snapshot").waitFor();
    await hub.getByRole("tab", { name: "Snapshots" }).click();
    await rowsOf(hub, "Snapshots").nth(1).click();
    await hub.getByRole("tab", { name: "Items" }).click();
    await search.pressSequentially("pay by");
    await rowsOf(hub, "Hits").getByText("Pay by card").click();
    await hub.getByText("Restore this state").first().waitFor();

    await page.goBack();
    await rowsOf(hub, "Hits").getByText("Pay by card").waitFor();
    expect(await search.inputValue()).toBe("pay by");
    await page.goBack();
    await hub.getByRole("tree").waitFor();
    expect(await search.inputValue()).toBe("");
    await page.goBack();
    await hub.getByRole("region", { name: "Differences" }).waitFor();
    await page.goBack();
    await rowsOf(hub, "Snapshots").nth(2).waitFor();
    await page.goBack();
    await hub.getByText("Last good snapshot").waitFor();
    for (let step = 0; step < 4; step += 1) await page.goForward();
    await page.goForward();
    await hub.getByText("Restore this state").first().waitFor();
    await page.reload();
    await hub.getByText("Restore this state").first().waitFor();

    expect(opened.seen).toMatchObject({ errors: [], dialogs: [] });
  });

  it("keeps the list's filter while a snapshot is looked at, and over a reload", async () => {
    const hub = await visit();
    const partial = hub.getByRole("button", { name: "Partial", exact: true });
    await partial.click();
    await hub.getByText("1 of 3 shown").waitFor();
    await rowsOf(hub, "Snapshots").first().click();
    await hub.getByRole("region", { name: "Gaps" }).waitFor();
    await button(hub, "Back to all snapshots").click();
    await hub.getByText("1 of 3 shown").waitFor();
    await opened.page.waitForTimeout(400);
    await opened.page.reload();
    await hub.getByText("1 of 3 shown").waitFor();

    expect(await partial.getAttribute("aria-pressed")).toBe("true");
  });

  it("finds ticked items ticked again on the way back; each box is named by its item", async () => {
    const hub = await visit({ query: { snapshot: snapshots[0] ?? "", view: "items", search: "cart" } });
    const box = hub.getByRole("checkbox", { name: new RegExp(`^Select ${world.shop.bug.id} .*Cart is empty`) });
    await box.click();
    await button(hub, "Restore 1 item").waitFor();
    await rowsOf(hub, "Hits").getByText("Cart is empty").click();
    await hub.getByText("Restore this state").first().waitFor();
    await opened.page.goBack();
    await button(hub, "Restore 1 item").waitFor();

    expect(await box.getAttribute("aria-checked")).toBe("true");
    expect(await hub.getByRole("checkbox", { name: "Select row" }).count()).toBe(0);
  });

  it("tells which part of the tree is open, to eyes and to screen readers", async () => {
    const hub = await visit({ query: { snapshot: snapshots[0] ?? "", view: "items" } });
    await hub.getByRole("tree").getByText("Work items", { exact: true }).click();
    await rowsOf(hub, /^Items of Work items/)
      .first()
      .waitFor();
    const chosen = hub.getByRole("treeitem", { selected: true });
    await chosen.waitFor();

    expect((await chosen.innerText()).trim()).toMatch(/^Work items/);
    expect(await chosen.evaluate("(row) => getComputedStyle(row).boxShadow")).not.toBe("none");
  });

  it("opens a snapshot of the picture by the keyboard; each has its own bar and no line is drawn between them", async () => {
    const hub = await visit();
    await rowsOf(hub, "Snapshots").nth(2).waitFor();
    const points = hub.getByRole("toolbar").getByRole("button");
    await hub.locator("body").press("Tab");
    await tabTo(opened, points.last());
    const newest = await points.last().getAttribute("aria-label");
    await opened.page.keyboard.press("Home");
    await opened.page.keyboard.press("Enter");
    await hub.getByText("This is the oldest snapshot that is left").waitFor();

    expect(newest).toMatch(/^Snapshot of .*: .* stored, \d+ streams? changed/);
    expect(await hub.locator("svg polygon, svg polyline").count()).toBe(0);
  });

  it("draws as many bars as there are snapshots", async () => {
    const hub = await visit();
    await rowsOf(hub, "Snapshots").nth(2).waitFor();

    expect(await hub.locator(".hub-figure rect.hub-bytes").count()).toBe(3);
  });

  it("shows old and new values of what has changed, and restores what was deleted", async () => {
    const { shop } = world;
    const hub = await visit({ query: { snapshot: snapshots[1] ?? "", view: "compare", against: snapshots[0] ?? "" } });
    await button(hub, "Items of Work items Work items").click();
    const items = hub.getByRole("list", { name: "Items that differ" });
    await items.getByText(`state: New → Active`).waitFor();
    await items.getByRole("button", { name: new RegExp(`^Restore ${shop.task.id} `) }).click();
    const lines = await panelOf(hub).getByRole("textbox", { name: "Items" }).inputValue();
    const from = await panelOf(hub).getByRole("radio", { checked: true }).first().innerText();
    await button(panelOf(hub), "Cancel").click();
    await items.getByRole("button", { name: new RegExp(`^Restore the older state of ${shop.story.id} `) }).click();

    expect(lines).toBe(`work-items/${shop.task.id}`);
    expect(from).toMatch(/^(An|Azure|Snapshot of|Azure DevOps)/);
    expect(
      await panelOf(hub)
        .getByRole("radio", { name: /^Make it as in the snapshot/ })
        .getAttribute("aria-checked"),
    ).toBe("true");
  });

  it("says so when an item is in no snapshot, and when a stream or a snapshot to compare with is not there", async () => {
    const [snapshot = ""] = snapshots;
    const hub = await visit({ query: { snapshot, view: "items", stream: "work-items", item: "999999" } });
    await hub.getByText("No snapshot that was looked at has 999999").waitFor();
    await button(hub, "Show the items of this snapshot").click();
    await hub.getByRole("tree").waitFor();
    await opened.close();
    const other = await visit({ query: { snapshot, view: "items", stream: "git-repositories/none" } });
    await other.getByText("The snapshot does not have git-repositories/none").waitFor();
    await opened.close();
    const third = await visit({ query: { snapshot, view: "compare", against: "20200101T000000Z-00000000" } });

    await third.getByText("is not there (any more); another one is shown instead").waitFor();
  });

  it("closes panels by Escape wherever the focus is, and gives it back", async () => {
    const hub = await visit();
    await hub.getByText("Log checked").waitFor();
    for (const name of ["Viewer key", "Back up now"]) {
      await command(hub, name);
      await panelOf(hub).getByRole("button", { name: "Cancel" }).waitFor();
      await opened.frame().evaluate("document.activeElement.blur()");
      await hub.locator("body").press("Escape");
      await panelOf(hub).waitFor({ state: "hidden" });
      await expect.poll(() => opened.frame().evaluate("document.activeElement !== document.body")).toBe(true);
    }
  });

  it("takes no recovery key for a viewer key, also not one that was entered earlier", async () => {
    const { keys, shop, readSas: sas } = world;
    const hub = await visit();
    await hub.getByText("Log checked").waitFor();
    await command(hub, "Viewer key");
    const box = panelOf(hub).getByRole("textbox", { name: "Viewer key" });
    const why = panelOf(hub).getByText("This is a recovery key of this vault: it opens everything");
    const use = button(panelOf(hub), "Use the key");
    await box.fill(keys.recoveryKey);
    await why.waitFor();
    const refused = await use.getAttribute("aria-disabled");
    await box.fill(keys.agentKey);
    await panelOf(hub).getByText("This is the agent key").waitFor();
    await box.fill(keys.viewerKey);
    await why.waitFor({ state: "hidden" });
    await use.click();
    await opened.close();
    const again = await visit({ entered: { project: shop.project.id, sas, viewerKey: keys.recoveryKey } });
    await panelOf(again).getByText("This is a recovery key of this vault").waitFor();

    expect(refused).toBe("true");
    const kept: string = await opened.frame().evaluate("JSON.stringify({ ...sessionStorage })");
    expect(kept).not.toContain(keys.recoveryKey);
  });

  it("takes no SAS that may do more than read and list, and shows the command for one that may not", async () => {
    const { container, readSas } = world;
    const hub = await visit();
    await hub.getByText("Log checked").waitFor();
    await command(hub, "Storage access");
    const box = panelOf(hub).getByLabel("Shared access signature");
    await box.fill(container.sas);
    await panelOf(hub).getByText("which this page never needs").waitFor();
    const shown = await panelOf(hub).locator("pre").filter({ hasText: "generate-sas" }).innerText();
    const refused = await button(panelOf(hub), "Connect").getAttribute("aria-disabled");
    await box.fill(readSas);
    await button(panelOf(hub), "Connect").click();
    await panelOf(hub).waitFor({ state: "hidden" });

    expect(shown).toContain("--permissions rl");
    expect(refused).toBe("true");
  });

  it("cuts no text of a gap, no id of a branch, and names the zone beside ids in UTC", async () => {
    const size = { width: 700, height: 800 };
    const hub = await visit({ size, query: { snapshot: snapshots[2] ?? "" } });
    const gaps = hub.getByRole("region", { name: "Gaps" });
    await gaps.getByText("Areas").first().waitFor();
    const head = await hub.locator("body").innerText();
    const cutGaps: readonly string[] = await opened.frame().evaluate(cutTexts("[aria-label=Gaps]"));
    await hub.getByRole("tab", { name: "Streams" }).click();
    await rowsOf(hub, "Streams").getByText("Not read: an earlier state is kept").first().waitFor();
    const cutStates: readonly string[] = await opened.frame().evaluate(cutTexts("table .hub-state"));
    await hub.getByRole("tab", { name: "Items" }).click();
    await hub.getByRole("textbox", { name: "Search names and ids in this snapshot" }).fill("topic/1");
    await rowsOf(hub, "Hits").first().waitFor();
    const cutIds: readonly string[] = await opened.frame().evaluate(cutTexts("table .col-1"));

    expect([cutGaps, cutStates, cutIds]).toEqual([[], [], []]);
    expect(head).toContain("(time in UTC) · times here in UTC");
    expect(head).not.toMatch(/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/);
  });
});

/** In the page: texts that end before they are read, in what the selector finds. */
function cutTexts(selector: string): string {
  return `[...document.querySelectorAll(${JSON.stringify(selector)})]
    .flatMap((place) => [place, ...place.querySelectorAll("*")])
    .filter((one) => one.children.length === 0 && one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX === "hidden")
    .map((one) => one.textContent)`;
}
