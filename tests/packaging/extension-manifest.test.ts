import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { pngSize, taskNames } from "../support/task-manifests.ts";

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
    readonly properties: { readonly name: string };
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

  it("asks for no rights: tasks need none, and more rights later ask every customer again", () => {
    expect(manifest.scopes).toEqual([]);
  });

  it("contributes each task once, from a folder it ships", () => {
    const shipped = manifest.files.map(({ path }) => path);

    expect(manifest.contributions.map(({ properties }) => properties.name)).toEqual([...taskNames]);
    for (const { id, type, targets, properties } of manifest.contributions) {
      expect(id).toMatch(/^[a-z][a-z-]*[a-z]$/);
      expect(type).toBe("ms.vss-distributed-task.task");
      expect(targets).toEqual(["ms.vss-distributed-task.tasks"]);
      expect(shipped).toContain(properties.name);
    }
    expect(new Set(manifest.contributions.map(({ id }) => id)).size).toBe(manifest.contributions.length);
  });

  it("lets the web see pictures only", () => {
    const visible = manifest.files.filter(({ addressable }) => addressable === true).map(({ path }) => path);

    expect(visible).toEqual(["images/icon-128.png"]);
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
