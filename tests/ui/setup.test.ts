/** Set up as a person meets it: a checklist from nothing to the first backup, and keys that are not lost by a click. */
import { readFile } from "node:fs/promises";
import type { Browser, FrameLocator, Locator } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { PipelineFile } from "../../extension-ui/model/setup-pipelines.ts";
import { describeInChromium, startChromium } from "../support/chromium.ts";
import { button, command, enterSas, openHub, panelOf, rowsOf, type HubPage } from "../support/hub-browser.ts";
import { savedSettings, startHubWorld, type HubWorld } from "../support/hub-world.ts";
import { addPipelineFiles } from "../support/project-pipelines.ts";

const mostDecisions = 12;
/** Pages of others that the checklist leads to. */
const elsewhere: Readonly<Record<string, string>> = { "Azure Cloud Shell": "https://shell.azure.com/" };

describeInChromium("a person who sets up from nothing", () => {
  let browser: Browser;
  let world: HubWorld;
  let opened: HubPage;
  let hub: FrameLocator;
  let decisions = 0;
  let keyFile = "";
  let yaml: readonly string[] = [];

  beforeAll(async () => {
    [browser, world] = await Promise.all([startChromium(), startHubWorld({ isSetUp: false })]);
    opened = await openHub(browser, world.place.hubUrl);
    ({ hub } = opened);
  });

  afterAll(async () => {
    await browser.close();
    await world.stop();
  });

  /** Something that the person has to enter, choose or press in the hub. */
  async function decide(action: Promise<void>): Promise<void> {
    decisions += 1;
    await action;
  }

  function stepOf(title: string): Locator {
    return hub.getByRole("list", { name: "Steps of Set up" }).getByRole("listitem", { name: title });
  }

  async function fill(name: string, text: string): Promise<void> {
    await decide(hub.getByRole("textbox", { name, exact: true }).fill(text));
  }

  it("is led by links to pages that exist", async () => {
    const links = await hub.getByRole("list", { name: "Steps of Set up" }).getByRole("link").all();
    const found = await Promise.all(
      links.map(async (link) => ({ text: await link.innerText(), url: (await link.getAttribute("href")) ?? "" })),
    );
    const { origin } = new URL(world.place.hubUrl);
    for (const { text, url } of found) {
      if (elsewhere[text] !== undefined) expect(new URL(url).href).toBe(elsewhere[text]);
      else {
        const answer = await fetch(url.replace(new URL(world.azure.organizationUrl).origin, origin));
        expect([text, answer.status, /<title>(.*)<\/title>/.exec(await answer.text())?.[1]]).toEqual([text, 200, text]);
      }
    }

    expect(found.map(({ text }) => text)).toEqual(
      expect.arrayContaining(["Service connections", "Library", "New pipeline", "Pipeline settings"]),
    );
    expect((await fetch(`${origin}/${world.azure.state.organization.name}/Shop/_settings/nothing`)).status).toBe(404);
  });

  it("makes keys and saves all of them, and a second recovery key, in one file", async () => {
    await decide(button(hub, "Make the keys").click());
    await hub.getByText("Save these keys before you do anything else").waitFor();
    const downloading = opened.page.waitForEvent("download");
    await decide(button(hub, "Save all keys as one file").click());
    keyFile = await readFile(await (await downloading).path(), "utf8");

    expect(keyFile.match(/^AGE-SECRET-KEY-1/gm)).toHaveLength(2);
    expect(await hub.getByRole("textbox", { name: "Recovery recipients" }).count()).toBe(0);
    expect((await textOf("Recovery recipient")).split("\n")).toHaveLength(2);
  });

  it("is given one script for the storage, in the shell they have", async () => {
    await fill("Azure subscription", "Backups");
    await fill("Storage account", "contosobackups");
    const bash = await textOf("Script for bash");
    await hub.getByRole("radio", { name: "PowerShell" }).click();
    const powershell = await textOf("Script for PowerShell");

    expect(bash).toContain("az account set --subscription Backups\n");
    expect(bash).toContain("--enable-vlw true");
    expect(powershell).toContain("az account set --subscription Backups; if ($LASTEXITCODE -ne 0)");
    expect(await hub.getByRole("radio", { name: /For each version of each blob/ }).isChecked()).toBe(true);
    expect(await hub.getByRole("radio", { name: "Every night at 1:00 UTC" }).isChecked()).toBe(true);
  });

  it("carries files and secrets to where the page says, and the page finds the pipelines by their files", async () => {
    await decide(hub.getByRole("radio", { name: /and a SAS in a secret variable/ }).click());
    await fill("Container address", world.container.url);
    const files = await filesShown();
    yaml = files.map((file) => file.yaml);
    for (const file of files) {
      const used = [...file.yaml.matchAll(/\$\((\w+)\)/g)].map(([, variable]) => variable);
      expect(used.filter((variable) => !file.secrets.some((secret) => secret.variable === variable))).toEqual([]);
    }
    addPipelineFiles({ simulator: world.azure, project: world.shop.project }, files, secretValues());
    await decide(button(hub, "Read the list of pipelines again").click());
    await expect
      .poll(() => hub.getByRole("combobox", { name: "Restore pipeline" }).inputValue(), { timeout: 20_000 })
      .not.toBe("");
    await decide(button(hub, "Save the settings").click());
    await hub.getByRole("tab", { name: "Snapshots" }).waitFor();

    expect(savedSettings(world)).toMatchObject({
      containerUrl: world.container.url,
      signers: [expect.stringMatching(/^agent=ed25519:/), expect.stringMatching(/^owner=ed25519:/)],
      recoveryRecipients: [expect.stringMatching(/^age1/), expect.stringMatching(/^age1/)],
    });
    expect(await stepOf("Make the three pipelines").getByText("Make the three pipelines").count()).toBe(1);
  });

  it("has a first backup after at most twelve decisions, and the checklist knows", async () => {
    await decide(command(hub, "Back up now"));
    await button(panelOf(hub), "Back up").click();
    await panelOf(hub)
      .getByText(/ new, .* in all/)
      .waitFor({ timeout: 60_000 });
    await button(panelOf(hub), "Close").last().click();
    await decide(enterSas(hub, world.readSas));
    await hub.getByRole("tab", { name: "Snapshots" }).click();
    await rowsOf(hub, "Snapshots").first().waitFor();
    await hub.getByRole("tab", { name: "Set up" }).click();
    const done = await hub.getByText(/^\d+ of \d+ done$/).innerText();

    expect(decisions).toBeLessThanOrEqual(mostDecisions);
    expect(Number(done.split(" ")[0])).toBeGreaterThanOrEqual(5);
    expect(opened.seen).toMatchObject({ errors: [], dialogs: [] });
  });

  it("finds the same files again after a reload, and in another person's visit once they have confirmed", async () => {
    await opened.page.reload();
    await hub.getByRole("tab", { name: "Set up" }).click();
    await hub.locator('pre[aria-label="YAML of the backup pipeline"]').waitFor();
    const again = (await filesShown()).map((file) => file.yaml);

    expect(again.map(withoutHead)).toEqual(yaml.map(withoutHead));
  });

  it("is asked for the project's name before new keys, which are not saved for the old container or alone", async () => {
    const make = button(hub, "Make new keys");
    const before = await make.isEnabled();
    await hub.getByRole("textbox", { name: "Name of the project, to make new keys" }).fill(world.shop.project.name);
    await make.click();
    await hub.getByRole("textbox", { name: "Container address" }).fill(world.container.url);
    await hub.getByText("give the new one a container of its own").waitFor();

    expect(before).toBe(false);
    expect(await button(hub, "Save the settings").isEnabled()).toBe(false);
  });

  it("is warned before keys that are not saved are left, by the hub and by the browser", async () => {
    const shown = await textOf("Recovery key");
    await hub.getByRole("tab", { name: "Snapshots" }).click();
    await panelOf(hub).getByText("Your new keys are not saved").waitFor();
    await button(panelOf(hub), "Stay with the keys").click();
    await opened.page.reload({ timeout: 4000 }).catch(() => undefined);
    const warned = opened.seen.dialogs.length;
    const stayed = await textOf("Recovery key");
    await hub.getByRole("tab", { name: "Snapshots" }).click();
    await button(panelOf(hub), "Leave without saving").click();
    await rowsOf(hub, "Snapshots").first().waitFor();
    await hub.getByRole("tab", { name: "Set up" }).click();
    const back = await textOf("Recovery key");
    const downloading = opened.page.waitForEvent("download");
    await button(hub, "Save all keys as one file").click();
    await downloading;
    await hub.getByRole("tab", { name: "Snapshots" }).click();
    await rowsOf(hub, "Snapshots").first().waitFor();

    expect(warned).toBe(1);
    expect([stayed, back]).toEqual([shown, shown]);
  });

  async function textOf(name: string): Promise<string> {
    return (await hub.locator(`pre[aria-label="${name}"]`).textContent()) ?? "";
  }

  /** The files with their places and secrets, from nothing but what the page shows. */
  async function filesShown(): Promise<readonly PipelineFile[]> {
    const purposes = ["backup", "verify", "restore"] as const;
    return Promise.all(
      purposes.map(async (purpose) => {
        const title = `${purpose.slice(0, 1).toUpperCase()}${purpose.slice(1)} pipeline`;
        const part = hub.getByRole("region", { name: title, exact: true });
        const [, path = ""] = /: (\/\S+)/.exec(await part.getByRole("heading").first().innerText()) ?? [];
        const lines = await part
          .getByRole("region", { name: "Secret variables" })
          .getByRole("listitem")
          .allInnerTexts();
        const secrets = lines.map((line) => {
          const [, variable = "", group = "", holds = ""] = /^(\w+) in (.+): (.+)$/.exec(line) ?? [];
          return { variable, group, holds };
        });
        return { purpose, path, yaml: await textOf(`YAML of the ${purpose} pipeline`), secrets };
      }),
    );
  }

  /** As the person finds them: in the file of keys, and what the script has printed last. */
  function secretValues(): Readonly<Record<string, string>> {
    const commented = (variable: string): string =>
      new RegExp(`secret variable ${variable}\\)[^\\n]*\\n#\\s+(\\S+)`).exec(keyFile)?.[1] ?? "";
    const [recovery = ""] = /^AGE-SECRET-KEY-1\S+/m.exec(keyFile) ?? [];
    return { AgentKey: commented("AgentKey"), RecoveryKey: recovery, ContainerSas: world.container.sas };
  }
});

/** The head of the log stands in the files once there is one. */
function withoutHead(text: string): string {
  return text.replace(/ +vaultHead: \|\n.*\n/, "");
}
