/** Who may import whom. A change of these tables is a change of the architecture: docs/architecture.md shows it. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { sourceFiles, type Import, type SourceFile } from "./support/source-files.ts";

interface Module {
  /** Modules it may use. */
  readonly uses: readonly string[];
  /** Modules of which it may use types only. */
  readonly usesTypesOf?: readonly string[];
  /** npm packages that live here, and `node:*`. */
  readonly packages?: readonly string[];
}

const engine: Readonly<Record<string, Module>> = {
  foundation: { uses: [] },
  store: { uses: ["foundation"], packages: ["@azure/storage-blob", "@azure/identity"] },
  crypto: {
    uses: ["foundation"],
    packages: ["@noble/curves", "@noble/hashes", "@scure/base", "age-encryption"],
  },
  native: { uses: ["foundation", "store", "crypto"], packages: ["node:*"] },
  vault: { uses: ["foundation", "store", "crypto"] },
  insight: { uses: ["foundation", "vault"] },
  "azure-devops": { uses: ["foundation"], packages: ["azure-devops-node-api", "node:*"] },
  git: { uses: ["foundation"], usesTypesOf: ["vault"], packages: ["simple-git", "node:*"] },
  kinds: { uses: ["foundation", "azure-devops", "git", "vault", "native", "insight"], packages: ["node:*"] },
  operations: {
    uses: ["foundation", "store", "crypto", "native", "vault", "insight", "azure-devops", "kinds"],
    usesTypesOf: ["git"],
  },
  reports: { uses: ["foundation", "vault", "insight"], usesTypesOf: ["kinds", "operations"] },
};

/** Folders of extension-ui. All of them may use what of the engine runs in browsers. */
const hub: Readonly<Record<string, Module>> = {
  model: { uses: [] },
  vault: { uses: ["model"] },
  services: { uses: ["model"], packages: ["azure-devops-extension-sdk", "@azure/msal-browser"] },
  components: { uses: ["model"], packages: ["react", "azure-devops-ui"] },
  pages: { uses: ["model", "vault", "components"], packages: ["react", "azure-devops-ui"] },
};

/** What lies in extension-ui itself puts the rest together. */
const hubEntryPackages = ["react", "react-dom", "azure-devops-ui"];

/** Names of browsers that the model does without: it is values in, values out. */
const browserNames = ["window", "document", "navigator", "sessionStorage", "localStorage", "fetch"];

const taskPackages = ["node:*", "azure-pipelines-task-lib", "archiver"];

/** Run in browsers too. */
const isomorphic = ["foundation", "store", "crypto", "vault", "insight"];
const nodeOnlyNames = ["Buffer", "process", "require", "__dirname", "__filename", "setImmediate"];

/** Packages with one file as their home, because they need taming. */
const homes: Readonly<Record<string, string>> = {
  archiver: "tasks/shared/zip-archive.ts",
  "azure-pipelines-task-lib": "tasks/shared/agent.ts",
  "azure-devops-node-api": "engine/azure-devops/client/transport.ts",
  "simple-git": "engine/git/git-process.ts",
  "azure-devops-extension-sdk": "extension-ui/services/host.ts",
  "@azure/msal-browser": "extension-ui/services/storage-sign-in.ts",
};

const engineFiles = sourceFiles("engine");
const taskFiles = sourceFiles("tasks");
const hubFiles = sourceFiles("extension-ui").filter(({ path }) => !path.endsWith(".d.ts"));

function moduleOf(path: string): string {
  return path.split("/")[1] ?? "";
}

function breaches(file: SourceFile, of: (one: Import) => string | undefined): readonly string[] {
  return file.imports.flatMap((one) => {
    const why = of(one);
    return why === undefined ? [] : [`${file.path} imports ${one.to}: ${why}`];
  });
}

describe("the architecture", () => {
  it("has no module in engine/ that these tables do not know", () => {
    const unknown = new Set(engineFiles.map(({ path }) => moduleOf(path)).filter((name) => !(name in engine)));

    expect([...unknown]).toEqual([]);
  });

  it("lets each module of the engine use only those below it", () => {
    const found = engineFiles.flatMap((file) => breaches(file, (one) => forbiddenUse(file, one)));

    expect(found).toEqual([]);
  });

  it("has no circle among its modules", () => {
    const reach = (name: string, path: readonly string[]): readonly string[] =>
      (engine[name]?.uses ?? []).flatMap((used) =>
        path.includes(used) ? [[...path, used].join(" → ")] : reach(used, [...path, used]),
      );

    expect(Object.keys(engine).flatMap((name) => reach(name, [name]))).toEqual([]);
  });

  it("keeps each package at home", () => {
    const found = engineFiles.flatMap((file) =>
      breaches(file, ({ packageName }) => {
        const allowed = engine[moduleOf(file.path)]?.packages ?? [];
        return packageName === undefined || allowed.includes(packageName) ? undefined : "not its home";
      }),
    );
    const foundInTasks = taskFiles.flatMap((file) =>
      breaches(file, ({ packageName }) =>
        packageName === undefined || taskPackages.includes(packageName) ? undefined : "not its home",
      ),
    );
    const strays = [...engineFiles, ...taskFiles, ...hubFiles].flatMap((file) =>
      breaches(file, ({ packageName = "" }) => {
        const home = homes[packageName];
        return home === undefined || home === file.path ? undefined : `only ${home} may`;
      }),
    );

    expect([...found, ...foundInTasks, ...strays]).toEqual([]);
  });

  it("uses every runtime dependency and no other", () => {
    const manifest: { dependencies: Record<string, string> } = JSON.parse(
      readFileSync(resolve("package.json"), "utf8"),
    );
    const used = [...engineFiles, ...taskFiles, ...hubFiles].flatMap((file) =>
      file.imports.flatMap((one) => one.packageName ?? []),
    );
    const names = new Set(used.filter((name) => name !== "node:*"));

    expect([...names].sort()).toEqual(Object.keys(manifest.dependencies).sort());
  });

  it("keeps what also runs in browsers free of Node", () => {
    const found = [...engineFiles, ...hubFiles]
      .filter(({ path }) => isHub(path) || isomorphic.includes(moduleOf(path)))
      .flatMap((file) => nodeOnlyNames.filter((name) => file.names.has(name)).map((name) => `${file.path}: ${name}`));

    expect(found).toEqual([]);
  });

  it("lets the hub use its own code and what of the engine runs in browsers", () => {
    const found = hubFiles.flatMap((file) => breaches(file, (one) => forbiddenInHub(file, one)));

    expect(hubFiles.length).toBeGreaterThan(0);
    expect(found).toEqual([]);
  });

  it("keeps the hub's model free of pages and of the browser", () => {
    const found = hubFiles
      .filter(({ path }) => path.startsWith("extension-ui/model/"))
      .flatMap(({ path, names }) => browserNames.filter((name) => names.has(name)).map((name) => `${path}: ${name}`));

    expect(found).toEqual([]);
  });

  it("lets nobody else know of the hub", () => {
    const found = [...engineFiles, ...taskFiles].flatMap((file) =>
      breaches(file, ({ to }) => (isHub(to) ? "it belongs to the hub" : undefined)),
    );

    expect(found).toEqual([]);
  });

  it("lets no kind know another kind", () => {
    const registry = engineFiles.find(({ path }) => path === "engine/kinds/registry.ts");
    const kinds = (registry?.imports ?? []).filter(({ isTypeOnly }) => !isTypeOnly).map(({ to }) => to);
    const found = engineFiles
      .filter(({ path }) => path.startsWith("engine/kinds/") && path !== registry?.path)
      .flatMap((file) => breaches(file, ({ to }) => (kinds.includes(to) ? "it is a kind" : undefined)));

    expect(kinds.length).toBeGreaterThan(0);
    expect(found).toEqual([]);
  });

  it("lets tasks share only what is in tasks/shared, and nothing of the engine know of tasks", () => {
    const found = [...engineFiles, ...taskFiles].flatMap((file) =>
      breaches(file, ({ to }) => {
        if (!to.startsWith("tasks/")) return undefined;
        const [, own] = file.path.split("/");
        const isAllowed = file.path.startsWith("tasks/") && [own, "shared"].includes(moduleOf(to));
        return isAllowed ? undefined : "it belongs to another task";
      }),
    );

    expect(found).toEqual([]);
  });
});

function forbiddenUse(file: SourceFile, { to, packageName, isTypeOnly }: Import): string | undefined {
  if (packageName !== undefined) return undefined;
  const from = moduleOf(file.path);
  const into = moduleOf(to);
  const { uses = [], usesTypesOf = [] } = engine[from] ?? {};
  if (!to.startsWith("engine/")) return "it is outside the engine";
  if (from === into || uses.includes(into)) return undefined;
  if (!usesTypesOf.includes(into)) return `${from} may not use ${into}`;
  return isTypeOnly ? undefined : `${from} may use only types of ${into}`;
}

function isHub(path: string): boolean {
  return path.startsWith("extension-ui/");
}

function isHubEntry(path: string): boolean {
  return isHub(path) && path.split("/").length === 2;
}

function forbiddenInHub(file: SourceFile, one: Import): string | undefined {
  if (one.packageName !== undefined) return foreignToHub(file, one.packageName);
  const { to } = one;
  if (to.startsWith("engine/")) return isomorphic.includes(moduleOf(to)) ? undefined : "it does not run in browsers";
  if (isHubEntry(file.path)) return isHub(to) ? undefined : "it is outside";
  if (!isHub(to) || isHubEntry(to)) return "it is outside";
  const [from, into] = [moduleOf(file.path), moduleOf(to)];
  return from === into || hub[from]?.uses.includes(into) === true ? undefined : `${from} may not use ${into}`;
}

function foreignToHub({ path }: SourceFile, name: string): string | undefined {
  const allowed = isHubEntry(path) ? hubEntryPackages : (hub[moduleOf(path)]?.packages ?? []);
  return allowed.includes(name) ? undefined : "not its home";
}
