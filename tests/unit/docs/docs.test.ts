import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { registry } from "../../../engine/kinds/registry.ts";
import { anchorsOf, linksOf, page, pages, projectFolder, quotedIn, rowsBelow, targetOf } from "./markdown.ts";

const all = pages();
const byPath = new Map(all.map((one) => [one.path, one]));
const each = all.map((one) => [one.path, one] as const);

describe("texts for people", () => {
  it.each(each)("%s links to what is there", (_, from) => {
    const dead = linksOf(from).filter((link) => {
      const { path, heading } = targetOf(from, link);
      if (!existsSync(join(projectFolder, path))) return true;
      const target = byPath.get(path);
      return heading !== undefined && target !== undefined && !anchorsOf(target).includes(heading);
    });

    expect(dead).toEqual([]);
  });

  it.each(each)("%s names commands that exist", (_, { text }) => {
    const { scripts } = JSON.parse(readFileSync(join(projectFolder, "package.json"), "utf8")) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    const run = [...text.matchAll(/\bnpm run (?:--\S+ )*([a-z]+)/g)].map(([, name]) => name ?? "");
    const short = [...text.matchAll(/\bnpm (start|test)\b/g)].map(([, name]) => name ?? "");

    expect([...run, ...short].filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  it.each(each)("%s names files that exist", (_, { text }) => {
    const named = quotedIn(text).filter((quoted) =>
      /^(?:engine|tasks|tests|scripts|docs|images)\/[\w./-]*\w\/?$/.test(quoted),
    );

    expect(named.filter((path) => !existsSync(join(projectFolder, path)))).toEqual([]);
  });

  it.each(each)("%s knows no machine and no package registry", (_, { text }) => {
    const patterns = [
      /(?<![\w./-])\/(?:work|tmp|root|home|Users)\/\w+/,
      /[A-Z]:\\Users\\/,
      /\bregistry\.[a-z]+\.[a-z]/i,
      /artifactory/i,
    ];

    expect(patterns.flatMap((pattern) => pattern.exec(text)?.[0] ?? [])).toEqual([]);
  });
});

describe("decision records", () => {
  const records = all.filter(({ path }) => /^docs\/decisions\/\d/.test(path));

  it("have numbers of their own", () => {
    const numbers = records.map(({ path }) => basename(path).slice(0, 4));

    expect(numbers).toEqual([...new Set(numbers)].filter((number) => /^\d{4}$/.test(number)));
  });

  it("are listed in order", () => {
    const listed = linksOf(page("docs/decisions/README.md"));

    expect(listed).toEqual(records.map(({ path }) => basename(path)));
  });
});

describe("README.md", () => {
  const readme = page("README.md");
  const tasks = ["BackupProject", "RestoreItem", "VerifyBackup"].map((name) => [name, manifestOf(name)] as const);

  it.each(tasks)("tells of inputs of %s as they are", (name, manifest) => {
    const rows = rowsBelow(readme, `### ${name}@1`);
    const told = rows.map(([input = "", value = ""]) => [quotedIn(input)[0], value] as const);
    const inputs = new Map(manifest.inputs.map((input) => [input.name, input]));

    expect(told).not.toEqual([]);
    for (const [input = "", value] of told) expect([input, value]).toEqual([input, defaultOf(inputs.get(input))]);
    for (const { name: required, ...input } of manifest.inputs)
      if (input.required === true && input.visibleRule === undefined)
        expect(told.map(([told]) => told)).toContain(required);
  });

  it.each(tasks)("tells of all output variables of %s", (name, manifest) => {
    const row = rowsBelow(readme, "### Output variables").find(([task]) => task === name);

    expect(quotedIn(row?.[1] ?? "").filter((word) => /^[A-Z]/.test(word))).toEqual(
      manifest.outputVariables.map((variable) => variable.name),
    );
  });

  it.each(registry.map((kind) => [kind.name, kind] as const))("tells what %s needs", (name, { permissions }) => {
    const rows = rowsBelow(readme, "## What the identity needs");
    const [, ...cells] = rows.find(([names = ""]) => quotedIn(names).includes(name)) ?? [];
    const scopes = (needed: typeof permissions.backUp): string => needed.map(({ scope }) => `\`${scope}\``).join(", ");
    const rights = (needed: typeof permissions.backUp): string => needed.map(({ permission }) => permission).join("; ");

    expect(cells).toEqual([
      scopes(permissions.backUp),
      rights(permissions.backUp),
      scopes(permissions.restore),
      rights(permissions.restore),
    ]);
  });
});

describe("docs/fidelity.md", () => {
  it("has a section for every kind", () => {
    const told = [...page("docs/fidelity.md").text.matchAll(/^## (.*)$/gm)].flatMap(([, title]) =>
      quotedIn(title ?? ""),
    );

    expect(new Set(told)).toEqual(new Set(registry.map(({ name }) => name)));
  });
});

interface Input {
  readonly name: string;
  readonly defaultValue?: string | boolean;
  readonly required?: boolean;
  readonly visibleRule?: string;
}

interface Manifest {
  readonly inputs: readonly Input[];
  readonly outputVariables: readonly { readonly name: string }[];
}

function manifestOf(task: string): Manifest {
  return JSON.parse(readFileSync(join(projectFolder, "tasks", task, "task.json"), "utf8")) as Manifest;
}

function defaultOf(input: Input | undefined): string {
  if (input === undefined) return "no such input";
  const value = String(input.defaultValue ?? "");
  if (value !== "") return `\`${value}\``;
  return input.required === true ? "required" : "";
}
