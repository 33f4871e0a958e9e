/** From nothing to restored items, as one person does it in the hub; every run really carries out the bundled tasks. */
import { readFile } from "node:fs/promises";
import type { Browser, FrameLocator } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { KeySet } from "../../engine/crypto/keys.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import { describeInChromium, startChromium } from "../support/chromium.ts";
import { button, command, enterSas, openHub, panelOf, rowsOf, type HubPage } from "../support/hub-browser.ts";
import { startHubWorld, type HubWorld } from "../support/hub-world.ts";
import { ask } from "../support/simulator.ts";
import { runGit } from "../simulator/git/run-git.ts";
import { addProjectPipelines, type ProjectPipelines } from "../support/project-pipelines.ts";

describeInChromium("a person who sets up, backs up, looks and restores", () => {
  let browser: Browser;
  let world: HubWorld;
  let opened: HubPage;
  let hub: FrameLocator;
  let keys: KeySet;
  let pipelines: ProjectPipelines;

  beforeAll(async () => {
    [browser, world] = await Promise.all([startChromium(), startHubWorld({ isSetUp: false, isImmutable: true })]);
    opened = await openHub(browser, world.place.hubUrl);
    ({ hub } = opened);
  });

  afterAll(async () => {
    await browser.close();
    await world.stop();
  });

  it("makes keys in the browser and is shown the files of the pipelines, filled in", async () => {
    await button(hub, "Make the keys").click();
    keys = await shownKeys(hub);
    const downloading = opened.page.waitForEvent("download");
    await button(hub, "Save all keys as one file").click();
    const file = await readFile(await (await downloading).path(), "utf8");
    await hub.getByRole("radio", { name: /and a SAS in a secret variable/ }).click();
    await hub.getByRole("textbox", { name: "Container address" }).fill(world.container.url);
    await hub.getByRole("textbox", { name: "Variable group for backups" }).fill("Backup");
    await hub.getByRole("textbox", { name: "Variable group for restores" }).fill("Restore");
    const recipients = (await textOf(hub, "Recovery recipient")).split("\n");
    pipelines = addProjectPipelines({
      simulator: world.azure,
      project: world.shop.project,
      ...world,
      keys,
      recipients,
    });

    expect(file).toContain(`\n${keys.recoveryKey}\n`);
    for (const name of ["backup", "verify", "restore"])
      expect(await textOf(hub, `YAML of the ${name} pipeline`)).toBe(committed(`.project-backup/${name}.yml`));
  });

  it("chooses the pipelines, saves settings without a secret, and checks what the page can reach", async () => {
    await button(hub, "Read the list of pipelines again").click();
    for (const [label, id] of [
      ["Backup pipeline", pipelines.backup],
      ["Verify pipeline", pipelines.verify],
      ["Restore pipeline", pipelines.restore],
    ] as const)
      await hub.getByRole("combobox", { name: label }).selectOption(String(id));
    await hub.getByRole("textbox", { name: "Retention" }).fill("last=1 daily=30");
    await button(hub, "Save the settings").click();
    await hub.getByRole("tab", { name: "Snapshots" }).waitFor();
    const saved = settings();
    await button(hub, "Use the viewer key in this visit").click();
    await enterSas(hub, world.readSas);
    await button(hub, "Check what this page can reach").click();
    const check = hub.getByRole("region", { name: "5. Check" });
    await check.getByText("It runs our RestoreItem task.").waitFor();

    expect(JSON.parse(saved)).toMatchObject({
      containerUrl: world.container.url,
      signers: keys.signer.split(","),
      restorePipelineId: pipelines.restore,
      retention: "last=1 daily=30",
    });
    for (const secret of [keys.recoveryKey, keys.agentKey, keys.ownerKey, keys.viewerKey, "sig="])
      expect(saved).not.toContain(secret);
    expect(await check.getByRole("listitem").allInnerTexts()).toEqual([
      expect.stringContaining("Storage"),
      expect.stringContaining("It runs our BackupProject task."),
      expect.stringContaining("It runs our VerifyBackup task."),
      expect.stringContaining("It runs our RestoreItem task."),
    ]);
  });

  it("backs up now, twice, and sees both snapshots, checked and newest first", async () => {
    await hub.getByRole("tab", { name: "Snapshots" }).click();
    await backUp();
    world.shop.change();
    await backUp();
    await rowsOf(hub, "Snapshots").nth(1).waitFor();
    await hub.getByText("Log checked: signed by the pinned keys").waitFor();
    const texts = await rowsOf(hub, "Snapshots").allInnerTexts();

    expect(texts).toEqual([expect.stringContaining("Complete"), expect.stringContaining("Complete")]);
    expect(texts[0]).toMatch(/\d streams changed/);
  });

  it("sees what keeps each snapshot, and that nobody has asked yet until when it cannot be deleted", async () => {
    const texts = await rowsOf(hub, "Snapshots").allInnerTexts();

    expect(texts).toEqual([
      expect.stringMatching(/Not checked\s+Daily for 30 days, last 1 day/),
      expect.stringMatching(/Not checked\s+Daily for 30 days, last 1 day/),
    ]);
  });

  it("sees until when the snapshots cannot be deleted, once a verification has asked, and is warned where they can", async () => {
    const { protection } = world;
    const rows = rowsOf(hub, "Snapshots");
    protection!.policy = { mode: "locked", days: 30 };
    await verify();
    await command(hub, "Refresh");
    await rows.first().getByText("Stored", { exact: true }).waitFor();
    const locked = await rows.allInnerTexts();

    protection!.policy = { mode: "locked", days: 30, only: (name) => !name.endsWith(".bundle.age") };
    await verify();
    await command(hub, "Refresh");
    await rows.first().getByText("Not protected").waitFor();
    const open = await rows.allInnerTexts();
    await hub.getByRole("tab", { name: "Health" }).click();
    const finding = hub.getByText("Backups can be deleted");
    await finding.waitFor();
    await button(hub, "Storage commands in Set up").click();
    await hub.getByRole("region", { name: "2. Storage" }).waitFor();
    await hub.getByRole("tab", { name: "Snapshots" }).click();

    const day = new Intl.DateTimeFormat("en-US", { dateStyle: "medium", timeZone: "UTC" });
    const last = day.format(Date.now() + 30 * 86_400_000);
    expect(locked.every((text) => text.includes(last))).toBe(true);
    expect(open.every((text) => /Not protected\s+\d+ of \d+ objects/.test(text))).toBe(true);
  });

  it("opens the newest snapshot and sees what is in it, by kind and by item", async () => {
    await rowsOf(hub, "Snapshots").first().click();
    await hub
      .getByText(/streams? changed/)
      .first()
      .waitFor();
    await hub.getByRole("tab", { name: "Items" }).click();
    await hub.getByRole("tree").getByText("Work items", { exact: true }).click();
    await rowsOf(hub, /^Items of Work items/)
      .getByText("Cart is empty")
      .waitFor();

    expect(
      await rowsOf(hub, /^Items of Work items/)
        .getByText("Pay by card")
        .count(),
    ).toBe(1);
  });

  it("finds a branch by its name and a work item by a word", async () => {
    const search = hub.getByRole("textbox", { name: "Search names and ids in this snapshot" });
    await search.fill("topic/1");
    await rowsOf(hub, "Hits").getByText("topic/1").first().waitFor();
    await search.fill("cart");
    await rowsOf(hub, "Hits").getByText("Cart is empty").waitFor();

    expect(await rowsOf(hub, "Hits").count()).toBe(1);
  });

  it("compares the snapshots and follows one item through them", async () => {
    await hub.getByRole("tab", { name: "Compare" }).click();
    await button(hub, "Items of Work items Work items").click();
    const differences = hub.getByRole("region", { name: "Differences" });
    await differences.getByText("Extra 1").waitFor();
    await hub.getByRole("tab", { name: "Items" }).click();
    await hub.getByRole("textbox", { name: "Search names and ids in this snapshot" }).fill("pay by card");
    await rowsOf(hub, "Hits").getByText("Pay by card").click();
    const states = hub.getByRole("list", { name: "States of the item, newest first" });
    await states.getByText(/Active/).waitFor();

    expect(await states.getByRole("listitem").allInnerTexts()).toEqual([
      expect.stringMatching(/Changed[\s\S]*Active/),
      expect.stringMatching(/Oldest state looked at[\s\S]*New/),
    ]);
    await button(hub, "Back to the snapshot").click();
  });

  it("restores a deleted work item under its own id: plan, confirmation, progress, result with a link", async () => {
    const { shop } = world;
    shop.wit.remove(shop.bug);
    await hub.getByRole("textbox", { name: "Search names and ids in this snapshot" }).fill("cart");
    await chooseHit("Cart is empty");
    await button(hub, "Restore 1 item").click();
    const items = await panelOf(hub).getByRole("textbox", { name: "Items" }).inputValue();
    await planAndRestore();
    const link = panelOf(hub).getByRole("link", { name: /Open/ }).first();
    const address = await link.getAttribute("href");

    expect(items).toContain(String(shop.bug.id));
    expect((await ask(world.azure, `_apis/wit/workitems/${shop.bug.id}`)).json).toMatchObject({
      fields: { "System.Title": "Cart is empty" },
    });
    expect(address).toBe(`${world.azure.organizationUrl}/${shop.project.id}/_workitems/edit/${shop.bug.id}`);
    await closePanel();
  });

  it("restores a repository whose project page has lost it", async () => {
    const { shop, azure } = world;
    const tip = shop.api.work.git("rev-parse", "main").trim();
    azure.state.repositories.delete(shop.api.record);
    azure.state.repositories.purge(shop.api.record);
    await hub.getByRole("textbox", { name: "Search names and ids in this snapshot" }).fill("Api");
    await chooseHit("Api");
    await button(hub, "Restore 1 item").click();
    await planAndRestore();
    await closePanel();
    const restored = azure.state.repositories.find("Api", shop.project.id)!;

    expect(runGit(["-C", azure.state.repositories.folderOf(restored), "rev-parse", "refs/heads/main"]).trim()).toBe(
      tip,
    );
  });

  it("sees all of it under Restores", async () => {
    await button(hub, "Back to all snapshots").click();
    await hub.getByRole("tab", { name: "Restores" }).click();
    await rowsOf(hub, "Restores").nth(3).waitFor();
    const texts = await rowsOf(hub, "Restores").allInnerTexts();

    expect(texts.map((text) => /Plan only|Restore/.exec(text)?.[0])).toEqual([
      "Restore",
      "Plan only",
      "Restore",
      "Plan only",
    ]);
    expect(texts[0]).toMatch(/Succeeded[\s\S]*created/);
    expect(opened.seen).toMatchObject({ errors: [], dialogs: [] });
  });

  async function chooseHit(name: string): Promise<void> {
    const row = rowsOf(hub, "Hits")
      .filter({ has: hub.getByText(name, { exact: true }) })
      .first();
    await row.getByRole("checkbox").click();
  }

  async function planAndRestore(): Promise<void> {
    await button(panelOf(hub), "Show the plan").click();
    await panelOf(hub).getByText("Plan of the restore").waitFor();
    await button(panelOf(hub), "Restore").click();
    await hub.getByRole("progressbar", { name: "Progress of the run" }).waitFor();
    await panelOf(hub).getByText("Result of the restore").waitFor();
  }

  async function closePanel(): Promise<void> {
    await button(panelOf(hub), "Close").last().click();
    await panelOf(hub).waitFor({ state: "hidden" });
  }

  async function backUp(): Promise<void> {
    await command(hub, "Back up now");
    await button(panelOf(hub), "Back up").click();
    await hub.getByRole("progressbar", { name: "Progress of the run" }).waitFor();
    await panelOf(hub)
      .getByText(/ new, .* in all/)
      .waitFor();
    await closePanel();
  }

  /** The verify pipeline, to its end. */
  async function verify(): Promise<void> {
    const { azure, shop } = world;
    const runs = `${shop.project.id}/_apis/pipelines/${pipelines.verify}/runs`;
    const started = await ask(azure, `${runs}?api-version=7.1`, { method: "POST", body: {} });
    const { id } = started.json as { readonly id: number };
    const result = async (): Promise<unknown> =>
      ((await ask(azure, `${runs}/${id}?api-version=7.1`)).json as { readonly result?: string }).result;
    await expect.poll(result, { timeout: 60_000, interval: 500 }).toBe("succeeded");
  }

  /** What the settings' document holds. */
  function settings(): string {
    const documents = world.azure.state.extensionData.list("project-backup.project-backup/default/project-settings");
    return JSON.stringify(documents[0]);
  }

  function committed(path: string): string {
    const folder = world.azure.state.repositories.folderOf(pipelines.repository);
    return runGit(["-C", folder, "show", `main:${path}`]);
  }
});

async function textOf(hub: FrameLocator, name: string): Promise<string> {
  return (await hub.locator(`pre[aria-label="${name}"]`).textContent()) ?? "";
}

async function shownKeys(hub: FrameLocator): Promise<KeySet> {
  const recoveryKey = await textOf(hub, "Recovery key");
  const signers = await hub.getByRole("textbox", { name: "Signers" }).inputValue();
  return {
    recoveryKey,
    recoveryRecipient: await nodeCryptography().recipientOf(recoveryKey),
    agentKey: await textOf(hub, "Agent key"),
    ownerKey: await textOf(hub, "Owner key"),
    viewerKey: await textOf(hub, "Viewer key"),
    signer: signers.split("\n").join(","),
  };
}
