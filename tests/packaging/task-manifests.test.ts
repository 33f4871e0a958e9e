import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { sourceFiles } from "../support/source-files.ts";
import { pngSize, taskManifest, taskNames } from "../support/task-manifests.ts";

const secrets = ["containerSas", "accessToken", "agentKey", "ownerKey", "viewerKey", "recoveryKey"];

/** Where a name of an input is given to the functions that read inputs. */
const reading =
  /(?:agent\.(?:input|secret)\(|(?:lines|flag|oneOf|wholeNumber|requiredInput|requiredSecret)\(\s*agent,\s*)"(\w+)"/g;

describe.each(taskNames)("the manifest of %s", (task) => {
  const folder = join("tasks", task);
  const manifest = taskManifest(folder);
  const inputNames = manifest.inputs.map(({ name }) => name);

  it("is one that Azure Pipelines takes", () => {
    const schema: object = JSON.parse(readFileSync(join("tests", "packaging", "task-schema.json"), "utf8"));
    const ajv = new Ajv({ allErrors: true, strict: true, formats: { uri: /^https:\/\// } });
    const validate = ajv.compile(schema);

    validate(manifest);

    expect(validate.errors ?? []).toEqual([]);
    expect(manifest.name).toBe(task);
    expect(manifest.version.Major).toBe(1);
    expect(manifest.minimumAgentVersion).toBe("3.232.1");
  });

  it("names each input once, in a group that exists", () => {
    const groups = manifest.groups.map(({ name }) => name);

    expect(new Set(inputNames).size).toBe(inputNames.length);
    expect(manifest.inputs.filter(({ groupName }) => !groups.includes(groupName))).toEqual([]);
    expect(groups.filter((group) => !manifest.inputs.some(({ groupName }) => groupName === group))).toEqual([]);
  });

  it("shows inputs by rules about inputs and values that exist", () => {
    const wrong = manifest.inputs.flatMap(({ name, visibleRule = "" }) =>
      visibleRule.split(/ && | \|\| /).flatMap((rule) => {
        const [input, , value] = rule.split(" ");
        if (rule === "") return [];
        const asked = manifest.inputs.find((other) => other.name === input);
        return asked?.options?.[value ?? ""] === undefined ? [`${name}: ${rule}`] : [];
      }),
    );

    expect(wrong).toEqual([]);
  });

  it("offers options exactly where one has to choose, the default among them", () => {
    const wrong = manifest.inputs.filter(({ name, type, options, defaultValue }) => {
      const isBound = manifest.dataSourceBindings.some(({ target }) => target === name);
      const isChoice = (type === "pickList" || type === "radio") && !isBound;
      if (isChoice !== (options !== undefined)) return true;
      return isChoice && defaultValue !== undefined && options?.[defaultValue] === undefined;
    });

    expect(wrong).toEqual([]);
  });

  it("gives secrets no default, and says that they come from secret variables", () => {
    const own = manifest.inputs.filter(({ name }) => secrets.includes(name));

    expect(own.filter(({ defaultValue }) => defaultValue !== undefined)).toEqual([]);
    expect(own.filter(({ helpMarkDown }) => !helpMarkDown.includes("$("))).toEqual([]);
  });

  it("binds the storage account to the chosen service connection", () => {
    expect(manifest.dataSourceBindings).toEqual([
      { target: "storageAccount", endpointId: "$(azureSubscription)", dataSourceName: "AzureStorageAccountRM" },
    ]);
    expect(manifest.inputs.find(({ name }) => name === "azureSubscription")?.type).toBe("connectedService:AzureRM");
  });

  it("declares what the task reads, no more and no less", () => {
    const read = sourcesOf(task).flatMap((text) => [...text.matchAll(reading)].map(([, name]) => name ?? ""));

    expect([...new Set(read)].sort()).toEqual([...inputNames].sort());
  });

  it("declares the output variables that the task sets, and lets it set no others", () => {
    const { allowed } = manifest.restrictions.settableVariables;
    const names = manifest.outputVariables.map(({ name }) => name);
    const prefix = allowed.map((pattern) => pattern.replace("*", ""));
    const text = sourcesOf(task).join("\n");
    const known = new RegExp(`\\b(?:${prefix.join("|")})[A-Z]\\w+(?="?[,:] )`, "g");
    const set = [...text.matchAll(known)]
      .map(([name]) => name)
      .filter((name) => text.includes(`setOutput`) && isSet(text, name));

    expect(allowed).toHaveLength(1);
    expect([...new Set(set)].sort()).toEqual([...names].sort());
  });

  it("is described by its README: every input with its default, every output variable", () => {
    const readme = readFileSync(join(folder, "README.md"), "utf8");
    const [, tables = ""] = /^## Inputs\n(.*?^## Output variables\n.*?)^## /ms.exec(readme) ?? [];
    const rows = [...tables.matchAll(/^\| `(\w+)` \| (.*?) \|/gm)].map(([, name, second]) => [name, second]);
    const described = new Map(rows.map(([name = "", second = ""]) => [name, second]));
    const wrong = manifest.inputs.filter(({ name, required, defaultValue }) => {
      const expected = required ? "required" : defaultValue === undefined ? "" : `\`${defaultValue}\``;
      return described.get(name) !== expected;
    });

    expect(wrong.map(({ name }) => name)).toEqual([]);
    expect([...described.keys()].sort()).toEqual(
      [...inputNames, ...manifest.outputVariables.map(({ name }) => name)].sort(),
    );
  });

  it("has an icon of 32 pixels", () => {
    expect(pngSize(readFileSync(join(folder, "icon.png")))).toEqual({ width: 32, height: 32 });
  });
});

describe("the tasks", () => {
  it("have ids of their own", () => {
    const ids = taskNames.map((task) => taskManifest(join("tasks", task)).id);

    expect(new Set(ids).size).toBe(ids.length);
  });

  it("call the same thing by the same name", () => {
    const labels = new Map<string, Set<string>>();
    for (const task of taskNames) {
      for (const { name, label } of taskManifest(join("tasks", task)).inputs)
        labels.set(name, (labels.get(name) ?? new Set()).add(label));
    }

    expect([...labels].filter(([, own]) => own.size > 1)).toEqual([]);
  });
});

/** Texts of what the task's entry reaches inside tasks/. */
function sourcesOf(task: string): readonly string[] {
  const files = new Map(sourceFiles("tasks").map((file) => [file.path, file]));
  const reached = new Set<string>();
  const visit = (path: string): void => {
    if (reached.has(path) || !files.has(path)) return;
    reached.add(path);
    for (const { to } of files.get(path)?.imports ?? []) visit(to);
  };
  for (const entry of ["index.ts", "cleanup.ts"]) visit(`tasks/${task}/${entry}`);
  const own = readdirSync(join("tasks", task)).filter((name) => name.endsWith(".ts"));
  expect(own.filter((name) => !reached.has(`tasks/${task}/${name}`))).toEqual([]);
  return [...reached].map((path) => readFileSync(path, "utf8"));
}

/** As `setOutput("Name", …)` or as a member of an object that is set name by name. */
function isSet(text: string, name: string): boolean {
  return text.includes(`setOutput("${name}"`) || new RegExp(`\\b${name}: `).test(text);
}
