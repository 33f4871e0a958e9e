/** Every page of the hub in both themes: colours of the theme, no serious barrier, all of it reached by the keyboard. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, Frame, FrameLocator } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import { logName } from "../../engine/vault/format/layout.ts";
import { readLog } from "../../engine/vault/log/log.ts";
import { defaultChoice, previewParameters } from "../../extension-ui/model/restore-request.ts";
import { describeInChromium, startChromium } from "../support/chromium.ts";
import {
  button,
  command,
  focused,
  openHub,
  panelOf,
  rowsOf,
  tabTo,
  type HubPage,
  type OpenHub,
} from "../support/hub-browser.ts";
import { vaultOf } from "../support/hub-vault.ts";
import { backUp, seenHead, startHubWorld, storeOf, type HubWorld } from "../support/hub-world.ts";
import { ask } from "../support/simulator.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

describeInChromium("the hub's looks", () => {
  let browser: Browser;
  let world: HubWorld;
  let opened: HubPage;
  let snapshot: string;

  beforeAll(async () => {
    [browser, world] = await Promise.all([startChromium(), startHubWorld()]);
    await backUp(world);
    world.shop.change();
    snapshot = await backUp(world);
  });

  afterEach(() => opened.close());

  afterAll(async () => {
    await browser.close();
    await world.stop();
  });

  async function open(query: OpenHub["query"] = {}): Promise<FrameLocator> {
    const { readSas: sas, keys, shop, place } = world;
    const entered = { project: shop.project.id, sas, viewerKey: keys.viewerKey };
    opened = await openHub(browser, place.hubUrl, { query, entered });
    return opened.hub;
  }

  const pages: readonly (readonly [name: string, query: () => Record<string, string>, ready: RegExp])[] = [
    ["Snapshots", () => ({}), /Log checked/],
    ["Restores", () => ({ tab: "restores" }), /No restore yet/],
    ["Health", () => ({ tab: "health" }), /Verifications/],
    ["Set up", () => ({ tab: "setup" }), /5. Check/],
    ["What changed", () => ({ snapshot }), /streams? changed/],
    ["Items", () => ({ snapshot, view: "items", stream: "work-items" }), /Cart is empty/],
    ["Streams", () => ({ snapshot, view: "streams" }), /Web/],
    ["Compare", () => ({ snapshot, view: "compare" }), /the same/],
    ["History", () => ({ snapshot, view: "items", stream: "work-items", item: "1" }), /in the newest 2 snapshots/],
  ];

  describe("in both themes", () => {
    it.each(pages)(
      "%s: no serious barrier, nothing wider than the page, the theme's colours",
      async (name, query, ready) => {
        const hub = await open(query());
        await hub.getByText(ready).first().waitFor();
        if (name === "Set up") await hub.getByRole("textbox", { name: "Storage account" }).fill("contosobackups");

        await looksRight("light");
        await looksRight("dark");
      },
    );

    it.each(["Back up now", "Restore", "Storage access", "Viewer key"])("%s, over the page", async (name) => {
      const hub = await open();
      await hub.getByText("Log checked").waitFor();
      await command(hub, name);
      await panelOf(hub).waitFor();

      await looksRight("light");
      await looksRight("dark");
    });
  });

  describe("the tab of a run's results", () => {
    async function openTab(pipeline: "backup" | "verify" | "restore", parameters: object): Promise<FrameLocator> {
      const run = await runOf(world, pipeline, parameters);
      const { origin } = new URL(world.place.hubUrl);
      const { name } = world.azure.state.organization;
      opened = await openHub(browser, `${origin}/${name}/${world.shop.project.name}/_build/results?buildId=${run}`);
      return opened.hub;
    }

    it("shows what a backup has reported", async () => {
      const tab = await openTab("backup", {});
      await tab.getByRole("heading", { name: /^Backup of/ }).waitFor();

      await looksRight("light");
      await looksRight("dark");
    });

    it("shows what a verification has found", async () => {
      const tab = await openTab("verify", { snapshot: "latest", level: "catalogue" });
      await tab.getByText("Intact").waitFor();

      await looksRight("light");
      await looksRight("dark");
    });

    it("shows a restore's plan, with fields named as on a work item's form", async () => {
      world.shop.wit.edit(world.shop.bug, { "System.Title": "Changed since" });
      const choice = defaultChoice([`work-items/${world.shop.bug.id}`], snapshot);
      const parameters = previewParameters({ ...choice, conflictPolicy: "overwrite" }, "0123456789abcdef");
      const tab = await openTab("restore", parameters);
      await tab.getByText(/^Title: Changed since → /).waitFor();

      await looksRight("light");
      await looksRight("dark");
    });
  });

  it("keeps the history's bars, marks and axes within its figure", async () => {
    const hub = await open();
    await hub.getByText("Log checked").waitFor();
    const outside: readonly string[] = await opened.frame().evaluate(outsideFigure);

    expect(await hub.locator(".hub-figure rect").count()).toBeGreaterThan(1);
    expect(outside).toEqual([]);
  });

  async function looksRight(theme: "light" | "dark"): Promise<void> {
    const frame = opened.frame();
    await opened.page.evaluate(`window.__setTheme("${theme}")`);
    await expect.poll(async () => brightness(await frame.evaluate(color)) > 128).toBe(theme === "dark");
    const paper: string = await opened.page.evaluate(background);
    await frame.evaluate(hasCalmedDown);

    expect(paper).toBe(theme === "dark" ? "rgb(30, 30, 30)" : "rgb(255, 255, 255)");
    expect(await barriers(frame, paper)).toEqual([]);
    expect(await frame.evaluate(tooWide)).toEqual([]);
    if (theme === "dark") expect(await frame.evaluate(brightAreas)).toEqual([]);
  }

  describe("with the keyboard alone", () => {
    it("reaches tabs, rows, search and the restore panel; Escape closes it and the focus is back where it was", async () => {
      const hub = await open();
      await hub.getByText("Log checked").waitFor();
      const { keyboard } = opened.page;
      await hub.locator("body").press("Tab");
      await tabTo(opened, hub.getByRole("tab", { name: "Snapshots" }).first());
      await tabTo(opened, hub.getByRole("row", { name: /Complete/ }).first());
      await keyboard.press("Enter");
      await hub.getByText("What changed").waitFor();
      await tabTo(opened, hub.getByRole("tab", { name: "What changed" }).first());
      await keyboard.press("ArrowRight");
      await keyboard.press("Enter");
      await tabTo(opened, hub.getByRole("textbox", { name: "Search names and ids in this snapshot" }).first());
      await keyboard.type("cart");
      await rowsOf(hub, "Hits").first().waitFor();
      await tabTo(opened, hub.getByRole("checkbox", { name: "Select all rows" }).first());
      await keyboard.press("ArrowDown");
      await keyboard.press("Space");
      await tabTo(opened, hub.getByRole("button", { name: "Restore 1 item" }).first(), "Shift+Tab");
      await keyboard.press("Enter");
      await panelOf(hub).getByRole("textbox", { name: "Items" }).waitFor();
      const isInside = await panelOf(hub).evaluate(holdsFocus);
      await keyboard.press("Escape");
      await panelOf(hub).waitFor({ state: "hidden" });

      expect(isInside).toBe(true);
      await expect.poll(() => focused(hub)).toContain("Restore 1 item");
    });
  });

  it("asks about another history in both themes", async () => {
    await open();
    await opened.hub.getByText("Log checked").waitFor();
    await expect.poll(() => seenHead(world)).toMatch(/^\d+:/);
    await opened.close();
    await removeNewestEntry(world);
    const hub = await open({ tab: "health" });
    await button(hub, "Accept this history…").first().click();
    await panelOf(hub).getByText("Found in storage now").waitFor();

    await looksRight("light");
    await looksRight("dark");
  });
});

/** In the page: once colours, panels and overlays have taken on their final looks; what turns without end may go on. */
const hasCalmedDown = `Promise.allSettled(
  document.getAnimations()
    .filter(({ effect }) => Number.isFinite(effect?.getComputedTiming().endTime))
    .map(({ finished }) => finished),
).then(() => undefined)`;

/** Starts a run of a pipeline as a person would, and waits for its end; gives its id. */
async function runOf(
  { azure, shop, place }: HubWorld,
  pipeline: "backup" | "verify" | "restore",
  templateParameters: object,
): Promise<number> {
  const path = `${shop.project.id}/_apis/pipelines/${place.pipelines?.[pipeline]}/runs`;
  const { json, text } = await ask(azure, path, { method: "POST", body: { templateParameters } });
  await place.agent.idle();
  if (typeof json.id !== "number") throw new Error(`the run did not start: ${text}`);
  return json.id;
}

async function removeNewestEntry(world: HubWorld): Promise<void> {
  const { head } = await readLog({ store: storeOf(world), cryptography: nodeCryptography(), vault: vaultOf(world) });
  await storeOf(world).delete(logName(vaultOf(world), head?.seq ?? 0));
}

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** What axe-core finds that keeps people out. The hub lets the host's background through: axe is told which it is. */
async function barriers(frame: Frame, paper: string): Promise<readonly string[]> {
  await frame.evaluate(axe);
  await frame.evaluate(`document.documentElement.style.backgroundColor = ${JSON.stringify(paper)}`);
  const found: { readonly passes: number; readonly violations: readonly Violation[] } = await frame.evaluate(
    "axe.run(document).then(({ passes, violations }) => ({ passes: passes.length, violations }))",
  );
  expect(found.passes).toBeGreaterThan(10);
  return found.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
}

function brightness(color: string): number {
  const [red = 0, green = 0, blue = 0] = (color.match(/[\d.]+/g) ?? []).map(Number);
  return (red + green + blue) / 3;
}

interface Place {
  readonly ownerDocument: { readonly activeElement: unknown };
  contains(other: unknown): boolean;
}

function holdsFocus(element: unknown): boolean {
  return (element as Place).contains((element as Place).ownerDocument.activeElement);
}

const background = "getComputedStyle(document.body).backgroundColor";
const color = "getComputedStyle(document.body).color";

/** Elements that reach beyond the frame. */
const tooWide = `[...document.querySelectorAll("body *")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && one.checkVisibility() && !one.closest(".hub-code"))
  .slice(0, 5).map((one) => one.outerHTML.slice(0, 120) + one.getBoundingClientRect().right)`;

/** What of the figure's drawing reaches beyond its axes, or beyond the figure. */
const outsideFigure = `[...document.querySelectorAll(".hub-figure rect, .hub-figure .hub-mark, .hub-figure .hub-axis")]
  .filter((one) => {
    const [own, axis, figure] = [one, document.querySelector(".hub-axis"), document.querySelector(".hub-figure")]
      .map((element) => element.getBoundingClientRect());
    return own.left < Math.max(axis.left, figure.left) - 0.5 || own.right > Math.min(axis.right, figure.right) + 0.5;
  })
  .map((one) => one.outerHTML.slice(0, 120))`;

/** Large bright areas in the dark theme. */
const brightAreas = `[...document.querySelectorAll("body *")]
  .filter((one) => {
    const [red, green, blue, alpha = 1] = (getComputedStyle(one).backgroundColor.match(/[\\d.]+/g) ?? []).map(Number);
    const { width, height } = one.getBoundingClientRect();
    return alpha > 0.5 && red + green + blue > 600 && width * height > 900;
  })
  .map((one) => one.outerHTML.slice(0, 120))`;
