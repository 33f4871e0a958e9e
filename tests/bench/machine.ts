/** On what the figures were measured. */
import { cpus, platform, release, totalmem } from "node:os";
import { spawnSync } from "node:child_process";

export function machineFacts(seed: string): Readonly<Record<string, string>> {
  const cores = cpus();
  return {
    cpu: cores[0]?.model.trim() || "unknown",
    cores: String(cores.length),
    memory: `${(totalmem() / 1e9).toFixed(1)} GB`,
    system: `${platform()} ${release()}`,
    node: process.version,
    git: versionOf("git", ["--version"]),
    restic: versionOf("restic", ["version"]),
    seed,
    date: new Date().toISOString().slice(0, 10),
  };
}

function versionOf(command: string, args: readonly string[]): string {
  const { error, stdout } = spawnSync(command, args, { encoding: "utf8" });
  return error === undefined ? (/\d+(?:\.\d+)+/.exec(stdout)?.[0] ?? "unknown") : "not installed";
}
