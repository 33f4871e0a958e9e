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

/** Rooms inside a module, by path below it: which of the others each may use. `.` is what lies in the module itself. */
const rooms: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  "engine/vault": {
    format: [],
    objects: ["format"],
    streams: ["format", "objects"],
    log: ["format"],
    journal: ["format"],
    snapshots: ["format", "objects", "streams", "log", "journal"],
    retention: ["format", "objects", "streams", "log", "journal", "snapshots"],
  },
  "engine/azure-devops": {
    ".": ["client", "reading"],
    client: [".", "reading"],
    reading: ["."],
    project: [".", "reading"],
    repos: [".", "reading"],
    boards: [".", "reading"],
    pipelines: [".", "reading"],
  },
  "engine/kinds": {
    ".": ["project", "repos", "boards", "pipelines"],
    documents: [".", "restore"],
    restore: ["."],
    project: [".", "documents", "restore"],
    repos: [".", "documents", "restore"],
    boards: [".", "documents", "restore"],
    pipelines: [".", "documents", "restore"],
  },
  "engine/operations": { ".": [], backup: ["."], restore: ["."], verify: ["."] },
};

/** Rooms of which others may use only some: what uses them, and what it may use there. */
const narrowed: readonly { readonly from: string; readonly into: string; readonly rooms: readonly string[] }[] = [
  { from: "engine/insight", into: "engine/vault", rooms: ["format"] },
  { from: "engine/kinds", into: "engine/vault", rooms: ["format", "streams"] },
];

/** The only file of each folder that may use another room of it. */
const doors: Readonly<Record<string, string>> = {
  "engine/azure-devops/client": "engine/azure-devops/connection.ts",
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

  it("has no circle among files anywhere", () => {
    const files = [...engineFiles, ...taskFiles, ...hubFiles, ...sourceFiles("tests")];

    expect(circlesAmong(files)).toEqual([]);
  });

  it("has no room in a module that these tables do not know", () => {
    const unknown = Object.entries(rooms).flatMap(([module, known]) =>
      engineFiles
        .filter(({ path }) => path.startsWith(`${module}/`) && !(roomOf(module, path) in known))
        .map(({ path }) => path),
    );

    expect(unknown).toEqual([]);
  });

  it("lets each room of a module use only those it is built on", () => {
    const found = Object.entries(rooms).flatMap(([module, known]) =>
      engineFiles
        .filter(({ path }) => path.startsWith(`${module}/`))
        .flatMap((file) =>
          breaches(file, ({ to }) => {
            if (!to.startsWith(`${module}/`)) return undefined;
            const [from, into] = [roomOf(module, file.path), roomOf(module, to)];
            return from === into || known[from]?.includes(into) === true ? undefined : `${from} may not use ${into}`;
          }),
        ),
    );

    expect(found).toEqual([]);
  });

  it("shows kinds the format and the streams of a vault, and insight its format alone", () => {
    const found = narrowed.flatMap(({ from, into, rooms: shown }) =>
      engineFiles
        .filter(({ path }) => path.startsWith(`${from}/`))
        .flatMap((file) =>
          breaches(file, ({ to }) =>
            to.startsWith(`${into}/`) && !shown.includes(roomOf(into, to))
              ? `only ${shown.join(", ")} of it`
              : undefined,
          ),
        ),
    );

    expect(found).toEqual([]);
  });

  it("has one door to the client of Azure DevOps", () => {
    const found = Object.entries(doors).flatMap(([room, door]) =>
      engineFiles
        .filter(({ path }) => !path.startsWith(`${room}/`) && path !== door)
        .flatMap((file) =>
          breaches(file, ({ to, isTypeOnly }) =>
            to.startsWith(`${room}/`) && !isTypeOnly ? `only ${door} may` : undefined,
          ),
        ),
    );

    expect(found).toEqual([]);
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
    const kinds = (registry?.imports ?? [])
      .filter(({ to, isTypeOnly }) => !isTypeOnly && to.startsWith("engine/kinds/"))
      .map(({ to }) => to);
    // A kind of several files owns the folder of its index.
    const territories = kinds.map((path) => path.replace(/\/index\.ts$/, "/"));
    const found = engineFiles
      .filter(({ path }) => path.startsWith("engine/kinds/") && path !== registry?.path)
      .flatMap((file) =>
        breaches(file, ({ to }) => {
          const other = territories.find((kind) => to.startsWith(kind) && !file.path.startsWith(kind));
          return other === undefined ? undefined : "it belongs to a kind";
        }),
      );

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

/** The folder below a module that a file lies in; `.` is the module itself. */
function roomOf(module: string, path: string): string {
  const [room = "", inside] = path.slice(module.length + 1).split("/");
  return inside === undefined ? "." : room;
}

/** Each circle of files once, as a path from its first file back to it; types count too. */
function circlesAmong(files: readonly SourceFile[]): readonly string[] {
  const uses = new Map(files.map(({ path, imports }) => [path, imports.map(({ to }) => to)]));
  const done = new Set<string>();
  const circles: string[] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    const begin = trail.indexOf(path);
    if (begin >= 0) circles.push([...trail.slice(begin), path].join(" → "));
    if (begin >= 0 || done.has(path)) return;
    for (const next of uses.get(path) ?? []) walk(next, [...trail, path]);
    done.add(path);
  };
  for (const path of uses.keys()) walk(path, []);
  return circles;
}

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
