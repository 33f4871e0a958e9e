import { execFileSync, spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import {
  corsCommand,
  placeOf,
  readSasCommand,
  roleCommand,
  shellQuoted,
} from "../../../extension-ui/model/azure-cli.ts";
import {
  browsingSteps,
  containerUrlOf,
  storageProblems,
  storageScript,
  storageSteps,
  type StorageSetup,
} from "../../../extension-ui/model/setup-storage.ts";

const setup: StorageSetup = {
  subscription: "Backups (prod)",
  pipelinesBy: "serviceConnection",
  sasExpires: "2027-11-22",
  protection: "versions",
  resourceGroup: "backups(prod)",
  location: "westeurope",
  account: "contosobackups",
  container: "azure-devops",
  origin: "https://contoso.gallerycdn.vsassets.io",
  writer: "0d5f7a1e-9c2b-4f7e-8f0a-52b3b6d1c001",
  readers: ["ada@contoso.com"],
  keepDays: 30,
};

/** The arguments that a shell hands to `az`, call by call; calls inside of others answer with their first words. */
function azCalls(script: string): readonly (readonly string[])[] {
  const az = `az() { printf '%s\\n' "$@" >&3; echo >&3; echo "<$1 $2 $3>"; }`;
  const printed = execFileSync("bash", ["-c", `exec 3>&1 1>/dev/null\n${az}\n${script}`], { encoding: "utf8" });
  return printed
    .split("\n\n")
    .filter((call) => call !== "")
    .map((call) => call.split("\n"));
}

describe("the storage steps", () => {
  const steps = storageSteps(setup);

  it("are commands that a shell understands, in an order that works", () => {
    const calls = steps.flatMap(({ command }) => azCalls(command));
    const words = calls.map((call) =>
      call
        .slice(
          0,
          call.findIndex((word) => word.startsWith("--")),
        )
        .join(" "),
    );

    expect(words).toEqual([
      "group create",
      "storage account create",
      "storage account blob-service-properties update",
      "storage container-rm create",
      "storage container immutability-policy create",
      "storage container immutability-policy show",
      "storage container immutability-policy lock",
      "storage account show",
      "role assignment create",
      "storage account show",
      "role assignment create",
      "storage cors add",
    ]);
    expect(calls[0]).toContain("backups(prod)");
    expect(calls.at(-2)).toEqual(
      expect.arrayContaining([
        "Storage Blob Data Reader",
        "<storage account show>/blobServices/default/containers/azure-devops",
      ]),
    );
  });

  it("let nothing but the lock be optional", () => {
    expect(steps.filter(({ isOptional }) => isOptional).map(({ title }) => title)).toEqual(["Lock it"]);
  });

  it("give pages of this origin the right to read, and none to write", () => {
    const [cors = []] = azCalls(corsCommand(setup.account, setup.origin));

    expect(cors.slice(cors.indexOf("--methods"), cors.indexOf("--max-age"))).toEqual([
      "--methods",
      "GET",
      "HEAD",
      "OPTIONS",
      "--origins",
      setup.origin,
      "--allowed-headers",
      "x-ms-*,authorization,if-match,if-none-match,range",
      "--exposed-headers",
      "x-ms-*,etag,content-length,content-range,date",
    ]);
  });

  it("make an identity for the pipelines where there is no service connection yet", () => {
    const { calls } = { calls: storageSteps({ ...setup, writer: "" }).flatMap(({ command }) => azCalls(command)) };
    const role = calls.find((call) => call.includes("--assignee-object-id"));

    expect(calls.some((call) => call.slice(0, 2).join(" ") === "identity create")).toBe(true);
    expect(role).toEqual(expect.arrayContaining(["<identity show --name>", "Storage Blob Data Contributor"]));
  });

  it("make a SAS that cannot delete, and can be taken back, where pipelines use one", () => {
    const steps = storageSteps({ ...setup, pipelinesBy: "containerUrl" });
    const [policy, sas] = azCalls(steps.find(({ title }) => title === "Make a SAS for the pipelines")?.command ?? "");

    expect(policy).toEqual(expect.arrayContaining(["--permissions", "racwl", "--expiry", "2027-11-22"]));
    expect(sas).toEqual(expect.arrayContaining(["--policy-name", "--https-only"]));
    expect(steps.map(({ title }) => title)).not.toContain("Make an identity for the pipelines");
  });

  it.each([
    ["versions", true, true],
    ["container", false, true],
    ["none", false, false],
  ] as const)("protect by %s: versions of the container %s, a policy %s", (protection, byVersion, policy) => {
    const calls = storageSteps({ ...setup, protection }).flatMap(({ command }) => azCalls(command));

    expect(calls.some((call) => call.includes("--enable-vlw"))).toBe(byVersion);
    expect(calls.some((call) => call.includes("immutability-policy"))).toBe(policy);
  });

  it("for a container that exists are only what browsing needs", () => {
    const steps = browsingSteps(containerUrlOf(setup), setup.origin, ["ada@contoso.com", "$(rm -rf /)"]) ?? [];

    expect(steps.map(({ title }) => title)).toEqual(["Let ada@contoso.com browse", "Let this page read"]);
    expect(browsingSteps("http://127.0.0.1:10000/devstoreaccount1/backups", setup.origin, [])).toBeUndefined();
  });

  it.each([
    ["resourceGroup", "ends with."],
    ["resourceGroup", "x'; rm -rf / #"],
    ["subscription", ""],
    ["subscription", "two\nlines"],
    ["location", "West Europe"],
    ["account", "Contoso-Backups"],
    ["container", "a--b"],
    ["writer", "ada"],
    ["readers", ["ada@contoso.com`id`"]],
    ["keepDays", 0],
    ["keepDays", 1.5],
  ] as const)("are not shown for a wrong %s: %s", (field, value) => {
    const wrong = { ...setup, [field]: value };

    expect(storageProblems(wrong).map((problem) => problem.field)).toEqual([field]);
    expect(() => storageSteps(wrong)).toThrow(field);
  });
});

describe("the script", () => {
  const nasty = { ...setup, subscription: `it's "$(id)" & more` };

  it("chooses the subscription, then does every step that is not optional, for bash", () => {
    const calls = azCalls(storageScript(nasty, "bash"));

    expect(calls[0]).toEqual(["account", "set", "--subscription", nasty.subscription]);
    expect(calls.slice(1)).toEqual(
      storageSteps(nasty).flatMap((step) => (step.isOptional ? [] : azCalls(step.command))),
    );
  });

  it("stops at the first step that fails, and leaves the person's shell open", () => {
    const az = `az() { echo "$*" >&2; [ "$1 $2" != "group create" ]; }`;
    const run = spawnSync("bash", ["-c", `${az}\n${storageScript(setup, "bash")}\necho still here`], {
      encoding: "utf8",
    });

    expect(run.stderr.trim().split("\n")).toHaveLength(2);
    expect(run.stdout).toBe("still here\n");
  });

  it("is the same for PowerShell, quoted as it wants it, and stops likewise", () => {
    const script = storageScript(nasty, "powershell");
    const lines = script.split("\n").filter((line) => line.startsWith("az "));

    expect(script).toContain(`az account set --subscription 'it''s "$(id)" & more'; if ($LASTEXITCODE -ne 0)`);
    expect(lines.every((line) => line.endsWith("{ throw 'The step above failed' }"))).toBe(true);
    expect(lines).toHaveLength(
      storageScript(nasty, "bash")
        .split("\n")
        .filter((line) => line.startsWith("az ")).length,
    );
    expect(script).not.toContain("\\\n");
  });
});

describe("the command line", () => {
  it("gets values as they are, whatever is in them", () => {
    const nasty = `it's "$(id)" \\ \`x\` ; & | > *`;

    expect(azCalls(`az ${shellQuoted(nasty)}`)).toEqual([[nasty]]);
    expect(azCalls(roleCommand("Reader", "<your sign-in name>", setup))[1]).toContain("<your sign-in name>");
  });

  it("makes a SAS that reads and lists, signed by the person", () => {
    const [sas = []] = azCalls(readSasCommand(setup, "2026-11-23T00:00:00Z"));

    expect(sas).toEqual(expect.arrayContaining(["--permissions", "rl", "--https-only", "--as-user"]));
  });

  it("knows account and container of an address of any cloud", () => {
    expect(placeOf("https://contosobackups.blob.core.usgovcloudapi.net/azure-devops/")).toEqual({
      account: "contosobackups",
      container: "azure-devops",
    });
    const others = [
      "x",
      "http://a.blob.core.windows.net/c",
      "https://contoso.blob.core.windows.net/c/d",
      "https://evil.example/c",
    ];
    expect(others.map(placeOf)).toEqual([undefined, undefined, undefined, undefined]);
  });
});
