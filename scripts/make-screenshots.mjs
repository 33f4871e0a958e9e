// @ts-check
/**
 * Takes the pictures of the hub that overview.md shows, images/hub-*.png, light and dark: the sample project with
 * three weeks of backups in the real hub, in the page that plays Azure DevOps. Run it by hand after a change of the
 * pages and commit what it makes; needs `npm run build` and Chromium (CHROMIUM_PATH or /usr/bin/chromium).
 */
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { loadEngine } from "./lib/load-engine.mjs";

const images = fileURLToPath(new URL("../images/", import.meta.url));
const days = 21;

const { startHistoricWorld, openHub, button, panelOf, rowsOf, Wit } = await loadEngine(
  "tests/support/hub-history.ts",
  "tests/support/hub-browser.ts",
  "tests/simulator/boards/builder.ts",
);

const world = await startHistoricWorld(days);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--font-render-hinting=none"],
});
try {
  loseThings();
  for (const theme of ["light", "dark"]) await takeAll(theme);
} finally {
  await browser.close();
  await world.stop();
}

/** What the pictured restore is for. */
function loseThings() {
  const { bug, feature } = world.sample.workItems;
  const wit = new Wit(world.azure.state);
  wit.edit(feature, { "System.Title": "Pay by invce", "System.State": "Removed" });
  wit.remove(bug);
}

/** @param {string} theme */
async function takeAll(theme) {
  const sas = world.azurite.containerSas(world.container.name, { permissions: "rl" });
  const entered = { project: world.sample.project.id.toLowerCase(), sas, viewerKey: world.keys.viewerKey };
  const opened = await openHub(browser, world.place.hubUrl, { query: { theme }, entered });
  const { hub, page } = opened;
  // The host's own switch is no part of Azure DevOps.
  await page.addStyleTag({ content: "#theme { visibility: hidden }" });
  const take = async (/** @type {string} */ name) => {
    await page.mouse.move(700, 20);
    await page.waitForTimeout(400);
    await page.screenshot({ path: path.join(images, `hub-${name}-${theme}.png`) });
  };
  await hub.getByText("Log checked").waitFor();
  await take("snapshots");
  await rowsOf(hub, "Snapshots").nth(1).click();
  await hub.getByRole("tab", { name: "Items" }).click();
  await hub.getByRole("textbox", { name: "Search names and ids in this snapshot" }).fill("invoice");
  await rowsOf(hub, "Hits").first().waitFor();
  for (const title of ["Rounding: 3", "Pay by invoice"])
    await rowsOf(hub, "Hits").filter({ hasText: title }).getByRole("checkbox").click();
  await take("search");
  await button(hub, "Restore 2 items").click();
  await hub.getByRole("radio", { name: /Make it as in the snapshot/ }).click();
  await button(panelOf(hub), "Show the plan").click();
  await panelOf(hub).getByText("Plan of the restore").waitFor({ timeout: 60_000 });
  await hub.getByText("The pipeline runs our RestoreItem task").waitFor();
  await take("plan");
  await button(panelOf(hub), "Close").last().click();
  await button(hub, "Back to all snapshots").click();
  await hub.getByRole("tab", { name: "Health" }).click();
  await hub
    .getByText("Last good")
    .first()
    .waitFor({ timeout: 5_000 })
    .catch(() => undefined);
  await take("health");
  await hub.getByRole("tab", { name: "Set up" }).click();
  await hub.getByRole("textbox", { name: "Azure subscription" }).fill("Backups");
  await hub.getByRole("textbox", { name: "Storage account" }).fill("contosobackups");
  await hub
    .getByRole("heading", { name: "The whole script" })
    .evaluate((/** @type {{ scrollIntoView(how: object): void }} */ heading) =>
      heading.scrollIntoView({ block: "center" }),
    );
  await take("setup");
  await opened.close();
}
