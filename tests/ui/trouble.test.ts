/** What goes wrong around the hub, and what the hub says to do about it. */
import type { Browser, FrameLocator } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { makeKeySet } from "../../engine/crypto/keys.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import { describeInChromium, startChromium } from "../support/chromium.ts";
import { button, command, openHub, panelOf, rowsOf, type HubPage, type OpenHub } from "../support/hub-browser.ts";
import { letIn } from "../support/hub-place.ts";
import { backUp, changeSettings, startHubWorld, type HubWorld } from "../support/hub-world.ts";
import { ask } from "../support/simulator.ts";
import { runGit } from "../simulator/git/run-git.ts";

describeInChromium("the hub in trouble", () => {
  let browser: Browser;
  let world: HubWorld;
  let opened: HubPage;
  let snapshot: string;
  let undo: (() => unknown) | undefined;

  beforeAll(async () => {
    [browser, world] = await Promise.all([startChromium(), startHubWorld()]);
    snapshot = await backUp(world);
  });

  afterEach(async () => {
    await opened.close();
    await undo?.();
    undo = undefined;
  });

  afterAll(async () => {
    await browser.close();
    await world.stop();
  });

  interface Visit {
    readonly sas?: string;
    readonly viewerKey?: string;
    readonly query?: OpenHub["query"];
  }

  async function visit({
    sas = world.readSas,
    viewerKey = world.keys.viewerKey,
    query = {},
  }: Visit): Promise<FrameLocator> {
    const entered = { project: world.shop.project.id, sas, viewerKey };
    opened = await openHub(browser, world.place.hubUrl, { query, entered });
    return opened.hub;
  }

  describe("with storage", () => {
    it("says that the SAS has expired, and takes another one", async () => {
      const expiresOn = new Date(Date.now() - 60_000);
      const hub = await visit({
        sas: world.azurite.containerSas(world.container.name, { permissions: "rl", expiresOn }),
      });
      const alert = hub.getByRole("alert").filter({ hasText: "The SAS has expired" });
      await alert.getByText("Make a new one for the container with the rights read and list").waitFor();
      await button(hub, "Enter a SAS").click();
      await panelOf(hub).getByLabel("Shared access signature").fill(world.readSas);
      await button(panelOf(hub), "Connect").click();
      await rowsOf(hub, "Snapshots").first().waitFor();

      expect(await alert.count()).toBe(0);
    });

    it("says which CORS rule is missing", async () => {
      await world.azurite.service().setProperties({ cors: [] });
      undo = () => letIn(world.azurite, world.place.hubOrigin);
      const hub = await visit({});
      const alert = hub.getByRole("alert").filter({ hasText: "The browser could not reach the storage account" });
      await alert
        .getByText(`do not allow this page (${world.place.hubOrigin}) yet: add the rule`)
        .waitFor({ timeout: 60_000 });
      await letIn(world.azurite, world.place.hubOrigin);
      await button(hub, "Try again").click();

      await rowsOf(hub, "Snapshots").first().waitFor();
    });

    it("gives the command for an account of Azure", async () => {
      undo = changeSettings(world, { containerUrl: "https://contosobackups.blob.core.windows.net/azure-devops" });
      const hub = await visit({ query: { tab: "restores" } });
      await opened.page.route("https://contosobackups.blob.core.windows.net/**", (route) => route.abort());
      await hub.getByRole("tab", { name: "Snapshots" }).click();
      const shown = hub.locator("pre").filter({ hasText: "az storage cors add" });
      await shown.waitFor({ timeout: 60_000 });

      expect(await shown.textContent()).toContain(`--origins ${world.place.hubOrigin}`);
      expect(await shown.textContent()).toContain("--methods GET HEAD OPTIONS");
    });

    it("says that the container does not exist", async () => {
      const name = `${world.container.name}-gone`;
      undo = changeSettings(world, { containerUrl: `${world.azurite.endpoint}/${name}` });
      const hub = await visit({ sas: world.azurite.containerSas(name, { permissions: "rl" }) });

      await hub.getByRole("alert").getByText("The container does not exist").waitFor();
      await hub.getByText("Correct its address in Set up, or create it.").waitFor();
    });

    it("says that the address in the settings names no container", async () => {
      undo = changeSettings(world, { containerUrl: "https://contosobackups.blob.core.windows.net/" });
      const hub = await visit({});

      await hub.getByRole("alert").getByText("Add the container: https://contosobackups").waitFor();
      expect(opened.seen.errors).toEqual([]);
    });

    it("asks for a SAS where the host lets nobody sign in to storage", async () => {
      const id = "0b1c2d3e-0000-4000-8000-000000000001";
      undo = changeSettings(world, { entraClientId: id, entraTenantId: id });
      const hub = await visit({ sas: "", query: { signIn: "absent" } });
      const alert = hub.getByRole("alert").filter({ hasText: "Signing in to storage is not possible" });

      await alert.getByText("Enter a SAS for the container with the rights read and list instead").waitFor();
      expect(await button(hub, "Enter a SAS").count()).toBe(1);
    });
  });

  it("says that a viewer key does not open the names, and takes another one", async () => {
    const other = await makeKeySet(nodeCryptography());
    const hub = await visit({ viewerKey: other.viewerKey, query: { snapshot, view: "items" } });
    await hub.getByRole("alert").waitFor();
    await button(hub, "Enter another viewer key").click();
    await panelOf(hub).getByRole("textbox", { name: "Viewer key" }).fill(world.keys.viewerKey);
    await button(panelOf(hub), "Use the key").click();

    await hub.getByRole("tree").getByText("Work items").waitFor();
  });

  describe("with the restore pipeline", () => {
    it("refuses one that does not run our task, and starts nothing", async () => {
      const { azure, shop } = world;
      shop.web.work.commit({
        "other.yml": "parameters:\n  - { name: items, type: string }\nsteps:\n  - script: echo no\n",
      });
      shop.web.work.push("main");
      const place = { yamlFilename: "/other.yml", repositoryId: shop.web.record.id };
      const other = azure.state.builds.addDefinition(shop.project, { name: "Other", ...place });
      undo = changeSettings(world, { restorePipelineId: other.id });
      const hub = await visit({});
      await askForPlan(hub, 1);

      await panelOf(hub)
        .getByText(/Unexpected parameter/)
        .first()
        .waitFor();
      expect(await runsOf(other.id)).toBe(0);
    });

    it("names the remedy when the parameters fit and the task is another one", async () => {
      const { azure, shop } = world;
      const { pipelines } = world.place;
      const yaml = restoreYaml().replace("RestoreItem@1", "CopyFiles@2");
      shop.web.work.commit({ "copied.yml": yaml });
      shop.web.work.push("main");
      const place = { yamlFilename: "/copied.yml", repositoryId: shop.web.record.id };
      const other = azure.state.builds.addDefinition(shop.project, { name: "Copied", ...place });
      undo = changeSettings(world, { restorePipelineId: other.id });
      const hub = await visit({});
      await askForPlan(hub, 1);

      await panelOf(hub).getByText("This pipeline contains no RestoreItem task.").waitFor();
      await panelOf(hub)
        .getByText("Choose another pipeline in Set up, or copy the YAML of the restore pipeline")
        .waitFor();
      expect([await runsOf(other.id), await runsOf(pipelines?.restore ?? 0)]).toEqual([0, 0]);
    });

    it("starts one run for two quick clicks", async () => {
      const hub = await visit({});
      await askForPlan(hub, 2);
      await panelOf(hub).getByText("Plan of the restore").waitFor({ timeout: 30_000 });

      expect(await runsOf(world.place.pipelines?.restore ?? 0)).toBe(1);
    });
  });

  function restoreYaml(): string {
    const { pipelines } = world.place;
    if (pipelines === undefined) throw new Error("there are no pipelines");
    const folder = world.azure.state.repositories.folderOf(pipelines.repository);
    return runGit(["-C", folder, "show", "main:.project-backup/restore.yml"]);
  }

  async function askForPlan(hub: FrameLocator, clicks: number): Promise<void> {
    await rowsOf(hub, "Snapshots").first().waitFor();
    await command(hub, "Restore");
    await panelOf(hub).getByRole("textbox", { name: "Items" }).fill("git-repositories/Api");
    await button(panelOf(hub), "Show the plan").click({ clickCount: clicks });
  }

  async function runsOf(pipeline: number): Promise<number> {
    return (await ask(world.azure, `Shop/_apis/build/builds?definitions=${pipeline}`)).list.length;
  }
});
