import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { provePipeline, taskIds } from "../../../extension-ui/model/pipeline-proof.ts";
import { defaultChoice, previewParameters } from "../../../extension-ui/model/restore-request.ts";
import { restorePipeline } from "../../../extension-ui/model/setup-pipelines.ts";
import { parseYaml } from "../../../extension-ui/model/yaml-reader.ts";
import { aPipelineSetup, aProjectId } from "./builders.ts";

const nonce = "0123456789abcdef";
const choice = {
  ...defaultChoice(["work-items/42", "git-repositories/Web: the shop"], "20261122T180544Z-7f3a9c1e"),
  targetProject: "Shop 2",
};
const parameters = previewParameters(choice, nonce);
const project = { id: aProjectId, name: "Shop" };
const request = { task: "RestoreItem", parameters, project } as const;

/** As Azure Pipelines writes it out: parameters replaced, checkout turned into its task, stages around the jobs. */
function finalYaml(inputs: readonly string[] = [], extra: readonly string[] = []): string {
  return [
    "parameters:",
    "- name: items",
    "  type: string",
    "trigger: none",
    "variables:",
    "- group: project-backup restore",
    "stages:",
    "- stage: __default",
    "  jobs:",
    "  - job: restore",
    "    pool:",
    "      vmImage: ubuntu-latest",
    "    steps:",
    "    - task: 6d15af64-176c-496d-b583-fd2ae21d4df4@1",
    "      condition: false",
    "      inputs:",
    "        repository: none",
    ...extra,
    "    - task: RestoreItem@1",
    "      displayName: Restore",
    "      inputs:",
    "        azureSubscription: backup-storage",
    ...inputs.map((line) => `        ${line}`),
  ].join("\n");
}

const goodInputs = [
  "items: |-",
  "  work-items/42",
  "  git-repositories/Web: the shop",
  "snapshot: 20261122T180544Z-7f3a9c1e",
  "destination: azureDevOps",
  "targetProject: 'Shop 2'",
  "createProject: False",
  "conflictPolicy: skip",
  "workItemHistory: attach",
  "previewOnly: True",
  'planHash: " "',
];

describe("the proof of a pipeline", () => {
  it("names what the pipeline uses when its RestoreItem gets what was asked for", () => {
    expect(provePipeline(finalYaml(goodInputs), request)).toEqual({
      isProven: true,
      serviceConnections: ["backup-storage"],
      variableGroups: ["project-backup restore"],
      environments: [],
      otherTasks: [],
    });
  });

  it("accepts the YAML of the Set up page once its parameters are filled in", () => {
    const setup = aPipelineSetup();
    const yaml = restorePipeline(setup).yaml.replace(/\$\{\{ parameters\.(\w+) \}\}/g, (_, name: string) =>
      JSON.stringify(parameters[name] ?? " "),
    );

    expect(provePipeline(yaml, request)).toMatchObject({ isProven: true, serviceConnections: ["backup-storage"] });
  });

  it("knows the task by its id and by its full name, and takes no other major version", () => {
    const named = (task: string): string => finalYaml(goodInputs).replace("RestoreItem@1", task);

    expect(provePipeline(named(`${taskIds.RestoreItem}@1`), request).isProven).toBe(true);
    expect(provePipeline(named("contoso.project-backup.RestoreItem@1"), request).isProven).toBe(true);
    expect(provePipeline(named("RestoreItem@2"), request).isProven).toBe(false);
    expect(provePipeline(named("NotRestoreItem@1"), request).isProven).toBe(false);
  });

  it("has the ids that the tasks have", () => {
    for (const [name, id] of Object.entries(taskIds)) {
      const task: { id: string; name: string } = JSON.parse(readFileSync(`tasks/${name}/task.json`, "utf8"));
      expect(task).toMatchObject({ id, name });
    }
  });

  it("is not fooled by a task that only stands in a script or a comment", () => {
    const yaml = [
      "steps:",
      "- script: |",
      "    - task: RestoreItem@1",
      "      inputs:",
      "        items: x",
      "# - task: RestoreItem@1",
    ].join("\n");

    expect(provePipeline(yaml, request)).toMatchObject({
      isProven: false,
      found: "This pipeline contains no RestoreItem task.",
    });
  });

  it("refuses a pipeline whose parameter does not reach the input", () => {
    const without = goodInputs.filter((line) => !line.startsWith("previewOnly"));
    const other = goodInputs.map((line) => (line.startsWith("conflictPolicy") ? "conflictPolicy: overwrite" : line));

    expect(provePipeline(finalYaml(without), request)).toMatchObject({
      found: "The parameter previewOnly does not reach the task's input previewOnly in this pipeline.",
    });
    expect(provePipeline(finalYaml(other), request)).toMatchObject({
      found: `The task's input conflictPolicy is "overwrite" and not what was asked for in this pipeline.`,
    });
  });

  it("refuses a pipeline that restores another project's backups", () => {
    const given = (input: string): string => finalYaml([...goodInputs, `sourceProject: ${input}`]);

    expect(provePipeline(given("Bank"), request)).toMatchObject({
      found: `The task's input sourceProject names "bank" and not this project in this pipeline.`,
    });
    expect(provePipeline(given("SHOP"), request).isProven).toBe(true);
    expect(provePipeline(given(aProjectId), request).isProven).toBe(true);
    expect(provePipeline(given("$(System.TeamProject)"), request).isProven).toBe(true);
  });

  it("refuses two tasks, one that is switched off, and YAML that it cannot read", () => {
    const twice = finalYaml(goodInputs, ["    - task: RestoreItem@1"]);
    const off = finalYaml(goodInputs).replace("displayName: Restore", "enabled: false");

    expect(provePipeline(twice, request)).toMatchObject({ found: "This pipeline contains 2 RestoreItem tasks." });
    expect(provePipeline(off, request)).toMatchObject({
      found: "The RestoreItem task of this pipeline is switched off.",
    });
    expect(provePipeline("steps: *all", request).isProven).toBe(false);
    expect(provePipeline("", request).isProven).toBe(false);
  });

  it("tells of scripts and tasks beside ours", () => {
    const extra = [
      "    - task: CmdLine@2",
      "      inputs:",
      "        script: echo",
      "    - bash: |",
      "        curl example",
    ];

    expect(provePipeline(finalYaml(goodInputs, extra), request)).toMatchObject({
      isProven: true,
      otherTasks: ["CmdLine@2", "bash"],
    });
  });
});

describe("the reader of YAML", () => {
  it("reads what pipelines hold", () => {
    const yaml = `
# a comment
schedules:
  - cron: "0 1 * * *" # UTC
    branches: { include: [main, 'release/*'], none: {} }
    always: true
list:
- one
- "two: \\"x\\"\\n"
-
  deep:
    - - nested
folded: >-
  one
  two
empty:
text: |
  first
    second

  last
plain: one
  goes on
url: https://example.com/a:b#c
`;

    expect(parseYaml(yaml)).toEqual({
      schedules: [{ cron: "0 1 * * *", branches: { include: ["main", "release/*"], none: {} }, always: "true" }],
      list: ["one", 'two: "x"\n', { deep: [["nested"]] }],
      folded: "one two",
      empty: "",
      text: "first\n  second\n\nlast\n",
      plain: "one goes on",
      url: "https://example.com/a:b#c",
    });
  });

  it("reads long and hostile text quickly or refuses it", () => {
    const deep = "- ".repeat(5_000);
    const brackets = `a: ${"[".repeat(5_000)}`;

    expect(() => parseYaml(deep)).toThrow(RangeError);
    expect(() => parseYaml(brackets)).toThrow(RangeError);
    expect(() => parseYaml("a: 1\na: 2")).toThrow("twice");
    expect(parseYaml(`a: ${"x ".repeat(100_000)}`)).toEqual({ a: "x ".repeat(100_000).trim() });
  });
});
