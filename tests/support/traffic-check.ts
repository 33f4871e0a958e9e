/**
 * Checks recorded traffic against Microsoft's published descriptions and real recordings, where these are at hand:
 * beside the project or in the folder that AZURE_DEVOPS_SPECS names. They are not part of the project; without them
 * one line says that the check did not run, and under CI that is a failure.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export interface TrafficFinding {
  readonly severity: "error" | "warning";
  readonly rule: string;
  readonly operation: string;
  readonly message: string;
  readonly url: string;
}

export interface TrafficCheck {
  /** False when the descriptions are not at hand. */
  readonly hasRun: boolean;
  readonly exchanges: number;
  /** One line each, every one once. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

interface Checker {
  check(exchange: unknown): { readonly findings: readonly TrafficFinding[] };
}

const project = fileURLToPath(new URL("../../", import.meta.url));

/** The folder with check-traffic.mjs, or undefined. */
export function specsFolder(): string | undefined {
  const named = process.env.AZURE_DEVOPS_SPECS;
  const candidates = named === undefined ? [join(project, "..", "shared", "azure-devops")] : [named];
  return candidates.find((folder) => existsSync(join(folder, "check-traffic.mjs")));
}

let checker: Promise<Checker> | undefined;

async function load(folder: string): Promise<Checker> {
  const module = (await import(pathToFileURL(join(folder, "check-traffic.mjs")).href)) as {
    Checker: new () => Checker;
  };
  return new module.Checker();
}

/** Checks a file of exchanges as the simulator writes it. Throws under CI when the descriptions are missing. */
export async function checkTraffic(file: string): Promise<TrafficCheck> {
  const folder = specsFolder();
  if (folder === undefined) {
    const line = "The traffic check did not run: set AZURE_DEVOPS_SPECS to the folder with check-traffic.mjs.";
    if (process.env.CI !== undefined && process.env.CI !== "") throw new Error(line);
    console.log(line);
    return { hasRun: false, exchanges: 0, errors: [], warnings: [] };
  }
  checker ??= load(folder);
  const check = await checker;
  const lines = existsSync(file)
    ? readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line !== "")
    : [];
  const findings = lines.flatMap((line) => check.check(JSON.parse(line)).findings);
  const texts = (severity: string): string[] => [
    ...new Set(
      findings
        .filter((finding) => finding.severity === severity)
        .map(({ operation, message, rule, url }) => `${operation}: ${message} [${rule}] ${url}`),
    ),
  ];
  return { hasRun: true, exchanges: lines.length, errors: texts("error"), warnings: texts("warning") };
}
