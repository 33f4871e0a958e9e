import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { restoreParameters } from "../../../extension-ui/model/pipeline-parameters.ts";
import { pipelineFiles, type PipelineFile } from "../../../extension-ui/model/setup-pipelines.ts";
import { pipelineSetupProblems } from "../../../extension-ui/model/setup-problems.ts";
import { parseYaml, type YamlMapping, type YamlValue } from "../../../extension-ui/model/yaml-reader.ts";
import { yamlComment, yamlScalar } from "../../../extension-ui/model/yaml-scalar.ts";
import { aPipelineSetup, aProjectId } from "./builders.ts";

interface TaskJson {
  readonly name: string;
  readonly inputs: readonly {
    readonly name: string;
    readonly required: boolean;
    readonly options?: Readonly<Record<string, string>>;
    readonly visibleRule?: string;
  }[];
}

const tasks = { backup: "BackupProject", verify: "VerifyBackup", restore: "RestoreItem" } as const;

function taskJson(purpose: PipelineFile["purpose"]): TaskJson {
  return JSON.parse(readFileSync(`tasks/${tasks[purpose]}/task.json`, "utf8")) as TaskJson;
}

function mapping(value: YamlValue | undefined): YamlMapping {
  return typeof value === "object" && !Array.isArray(value) ? (value as YamlMapping) : {};
}

function members(value: YamlValue | undefined): readonly YamlMapping[] {
  return Array.isArray(value) ? value.map(mapping) : [];
}

function stepOf({ yaml }: PipelineFile): YamlMapping {
  const [job] = members(mapping(parseYaml(yaml)).jobs);
  const step = members(job?.steps).find(({ task }) => task !== undefined);
  return step ?? {};
}

const byAddress = {
  by: "containerUrl",
  containerUrl: "https://contosobackups.blob.core.windows.net/azure-devops",
} as const;
const setups = [
  aPipelineSetup(),
  aPipelineSetup({
    storage: byAddress,
    backupSignIn: "accessToken",
    restoreSignIn: "jobToken",
    pool: { name: "Own: pool" },
    head: `7:${"a".repeat(64)}`,
    retention: "last=7 daily=30",
  }),
];

describe.each(setups.flatMap(pipelineFiles).map((file) => [file.path, file] as const))("the YAML of %s", (_, file) => {
  const inputs = mapping(stepOf(file).inputs);
  const task = taskJson(file.purpose);

  it("gives its task only inputs that it has, and choices that it knows", () => {
    for (const [name, value] of Object.entries(inputs)) {
      const known = task.inputs.find((input) => input.name === name);
      expect(known?.name).toBe(name);
      if (known?.options !== undefined && typeof value === "string" && !value.startsWith("${{"))
        expect(Object.keys(known.options)).toContain(value);
    }
  });

  it("gives it every input that is required", () => {
    const storage = typeof inputs.storageConnection === "string" ? inputs.storageConnection : "serviceConnection";
    const needed = task.inputs.filter(
      ({ required, visibleRule }) =>
        required && (visibleRule === undefined || visibleRule === `storageConnection = ${storage}`),
    );

    expect(Object.keys(inputs)).toEqual(expect.arrayContaining(needed.map(({ name }) => name)));
  });

  it("takes secrets from variables that the page tells people to set", () => {
    const used = [...file.yaml.matchAll(/\$\((\w+)\)/g)].map(([, name]) => name);

    expect(file.secrets.map(({ variable }) => variable).toSorted()).toEqual([...new Set(used)].toSorted());
  });

  it("uses parameters as whole inputs only, and all of them", () => {
    const declared = members(mapping(parseYaml(file.yaml)).parameters).map(({ name }) => name);
    const used = Object.values(inputs).flatMap((value) =>
      typeof value === "string" && value.includes("${{") ? [value] : [],
    );

    expect(used.every((value) => /^\$\{\{ parameters\.\w+ \}\}$/.test(value))).toBe(true);
    const names = used.map((value) => value.slice("${{ parameters.".length, -" }}".length));
    expect([...names, "requestId"].toSorted()).toEqual([...declared].toSorted());
    expect(file.yaml.match(/\$\{\{/g) ?? []).toHaveLength(used.length);
  });
});

describe("the restore pipeline", () => {
  const restore = pipelineFiles(aPipelineSetup())[2];
  const parameters = members(mapping(parseYaml(restore?.yaml ?? "")).parameters);

  it("has the parameters that the hub sends, with the choices of the task", () => {
    expect(parameters.map(({ name }) => name)).toEqual([...restoreParameters]);
    for (const { name, values } of parameters) {
      const options = taskJson("restore").inputs.find((input) => input.name === name)?.options;
      if (options !== undefined) expect(values).toEqual(Object.keys(options));
    }
  });

  it("only shows the plan when nobody says otherwise", () => {
    expect(parameters.find(({ name }) => name === "previewOnly")).toMatchObject({ type: "boolean", default: "true" });
    expect(parameters.find(({ name }) => name === "conflictPolicy")).toMatchObject({ default: "skip" });
  });

  it("fixes whose backups are restored and where tokens are sent", () => {
    expect(mapping(stepOf(restore ?? pipelineFiles(aPipelineSetup())[0]!).inputs)).toMatchObject({
      sourceProject: aProjectId,
    });
    expect(restoreParameters).not.toContain("targetOrganizationUrl");
    expect(restore?.secrets.every(({ group }) => group === "project-backup restore")).toBe(true);
  });
});

describe("foreign text in the YAML", () => {
  it("stays a comment or a value", () => {
    const setup = aPipelineSetup({
      project: { id: aProjectId, name: "Shop\ntrigger: all\u2028x" },
      branch: "feature/#1: [x]",
      backupGroup: 'it\'s "ours"',
    });
    const [backup] = pipelineFiles(setup);
    const content = mapping(parseYaml(backup?.yaml ?? ""));

    expect(content.trigger).toBe("none");
    expect(members(content.schedules)[0]?.branches).toEqual({ include: ["feature/#1: [x]"] });
    expect(members(content.variables)).toEqual([{ group: 'it\'s "ours"' }]);
  });

  it("is quoted when it would be read as something else", () => {
    expect(
      ["plain text", "a/b.c", "true", "12", "1e3", "a: b", "- x", "", " ", "a #b", "~", "null"].map(yamlScalar),
    ).toEqual([
      "plain text",
      "a/b.c",
      '"true"',
      '"12"',
      '"1e3"',
      '"a: b"',
      '"- x"',
      '""',
      '" "',
      '"a #b"',
      '"~"',
      '"null"',
    ]);
    expect(yamlComment("a\r\nb")).toBe("a  b");
  });
});

describe("the choices for the pipelines", () => {
  it("have no problems when they are right", () => {
    const recipients = ["age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"];
    const problems = pipelineSetupProblems(aPipelineSetup({ recoveryRecipients: recipients, signers: [] }));

    expect(problems.map(({ field }) => field)).toEqual(["recoveryRecipients", "signers"]);
  });

  it.each([
    [
      "a SAS in the address",
      { storage: { ...byAddress, containerUrl: `${byAddress.containerUrl}?sv=1&sig=x` } },
      "containerUrl",
    ],
    [
      "plain http",
      { storage: { ...byAddress, containerUrl: "http://contosobackups.blob.core.windows.net/x" } },
      "containerUrl",
    ],
    ["a macro in a name", { branch: "$(Build.SourceBranch)" }, "branch"],
    ["an expression in a name", { backupGroup: "${{ variables.x }}" }, "backupGroup"],
    ["one group for both", { restoreGroup: "project-backup" }, "restoreGroup"],
    ["no pool", { pool: { name: " " } }, "pool"],
    ["no hours", { rpoHours: 0 }, "rpoHours"],
    ["a head that is none", { head: "7" }, "head"],
    ["a retention that is none", { retention: "forever" }, "retention"],
    [
      "an account that cannot exist",
      {
        storage: {
          by: "serviceConnection",
          serviceConnection: "x",
          storageAccount: "My_Account",
          containerName: "backups",
        },
      },
      "storageAccount",
    ],
  ] as const)("name the field of %s", (_, wrong, field) => {
    const problems = pipelineSetupProblems(aPipelineSetup(wrong)).map((problem) => problem.field);

    expect(problems.filter((name) => name !== "recoveryRecipients" && name !== "signers")).toEqual([field]);
  });
});
