import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { pngSize, taskManifest, taskNames } from "../support/task-manifests.ts";

interface Manifest {
  readonly manifestVersion: number;
  readonly id: string;
  readonly publisher: string;
  readonly name: string;
  readonly description: string;
  readonly public: boolean;
  readonly targets: readonly { readonly id: string }[];
  readonly categories: readonly string[];
  readonly scopes: readonly string[];
  readonly icons: { readonly default: string };
  readonly content: Readonly<Record<string, { readonly path: string }>>;
  readonly files: readonly { readonly path: string; readonly addressable?: boolean }[];
  readonly contributions: readonly {
    readonly id: string;
    readonly type: string;
    readonly targets: readonly string[];
    readonly properties: {
      readonly name: string;
      readonly uri?: string;
      readonly supportsTasks?: readonly string[];
    };
  }[];
}

const manifest: Manifest = JSON.parse(readFileSync("vss-extension.json", "utf8"));
const release: { readonly version: string } = JSON.parse(readFileSync("package.json", "utf8"));

describe("the extension's manifest", () => {
  it("says what the Marketplace wants to know", () => {
    expect(manifest).toMatchObject({
      manifestVersion: 1,
      id: "project-backup",
      name: "Project Backup for Azure DevOps",
      public: false,
      targets: [{ id: "Microsoft.VisualStudio.Services" }],
      categories: ["Azure Pipelines"],
    });
    expect(manifest.publisher).toMatch(/^[A-Za-z0-9-]+$/);
    expect(manifest.description.length).toBeLessThanOrEqual(200);
  });

  it("takes its version from package.json, three numbers", () => {
    expect(manifest).not.toHaveProperty("version");
    expect(release.version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it("asks for no more rights than its pages need: more rights later ask every customer again", () => {
    // Starting runs and reading them; saving the settings of a project.
    expect(manifest.scopes).toEqual(["vso.build_execute", "vso.extension.data_write"]);
  });

  it("contributes each task once, from a folder it ships", () => {
    const tasks = manifest.contributions.filter(({ type }) => type === "ms.vss-distributed-task.task");
    const shipped = manifest.files.map(({ path }) => path);

    expect(tasks.map(({ properties }) => properties.name)).toEqual([...taskNames]);
    for (const { targets, properties } of tasks) {
      expect(targets).toEqual(["ms.vss-distributed-task.tasks"]);
      expect(shipped).toContain(properties.name);
    }
  });

  it("names contributions in one way, each once", () => {
    const ids = manifest.contributions.map(({ id }) => id);

    expect(ids.filter((id) => !/^[a-z][a-z-]*[a-z]$/.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("shows the hub among the pipelines, and the report at runs of our tasks", () => {
    const [hub, report, ...others] = manifest.contributions.filter(({ properties }) => properties.uri !== undefined);

    expect(others).toEqual([]);
    expect(hub).toMatchObject({
      type: "ms.vss-web.hub",
      targets: ["ms.vss-build-web.build-release-hub-group"],
      properties: { name: "Backups", uri: "hub/hub.html" },
    });
    expect(report).toMatchObject({
      type: "ms.vss-build-web.build-results-tab",
      targets: ["ms.vss-build-web.build-results-view"],
      properties: { uri: "hub/report-tab.html" },
    });
    expect(report?.properties.supportsTasks).toEqual(taskNames.map((task) => taskManifest(join("tasks", task)).id));
  });

  it("names pages that exist, each with a policy that lets in no foreign script", () => {
    const pages = manifest.contributions.flatMap(({ properties }) => properties.uri ?? []);

    expect(pages).toHaveLength(2);
    for (const uri of pages) {
      const page = readFileSync(join("extension-ui", basename(uri)), "utf8");
      const [, policy = ""] = /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(page) ?? [];

      expect(policy).toContain("default-src 'none'; script-src 'self';");
      expect(policy).not.toMatch(/script-src[^;]*unsafe/);
      expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|\son\w+=|javascript:/i);
    }
  });

  it("lets its pages talk to Azure DevOps, Azure's blob hosts and this machine, and to nobody else", () => {
    const azureDevOps = [
      "'self'",
      "https://dev.azure.com",
      "https://*.dev.azure.com",
      "https://*.visualstudio.com",
      "https://*.vsblob.vsassets.io",
    ];
    const blobHosts = [
      "https://*.blob.core.windows.net",
      "https://*.blob.core.chinacloudapi.cn",
      "https://*.blob.core.usgovcloudapi.net",
      "https://*.blob.storage.azure.net",
    ];
    for (const page of ["hub.html", "report-tab.html"]) {
      const text = readFileSync(join("extension-ui", page), "utf8");
      const [, allowed = ""] = /connect-src ([^;"]+)/.exec(text) ?? [];

      expect(allowed.split(" ")).toEqual([...azureDevOps, ...blobHosts, "http://127.0.0.1:*", "http://localhost:*"]);
    }
  });

  it("lets the web see pages and pictures only", () => {
    const visible = manifest.files.filter(({ addressable }) => addressable === true).map(({ path }) => path);

    expect(visible.filter((path) => !path.startsWith("images/"))).toEqual(["hub"]);
  });

  it("has a large icon and the pages it names", () => {
    expect(pngSize(readFileSync(manifest.icons.default))).toEqual({ width: 128, height: 128 });
    for (const { path } of Object.values(manifest.content))
      expect(readFileSync(path, "utf8").length).toBeGreaterThan(500);
  });

  it("shows only pictures in its page that the Marketplace shows", () => {
    const page = readFileSync("overview.md", "utf8");
    const pictures = [...page.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map(([, address]) => address);

    expect(pictures.filter((address) => address?.endsWith(".svg"))).toEqual([]);
    expect(page).not.toMatch(/<img|<script/i);
  });
});
