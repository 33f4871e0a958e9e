/** Runs git for the simulator's own purposes, free of the machine's and the user's settings. */
import { spawnSync } from "node:child_process";
import { devNull } from "node:os";

export interface GitRun {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The environment of this process without git's settings, as it is when git is first run: reading it takes long. */
let inherited: NodeJS.ProcessEnv | undefined;

export function inheritedEnvironment(): NodeJS.ProcessEnv {
  inherited ??= Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_")));
  return inherited;
}

function environment(): NodeJS.ProcessEnv {
  return {
    ...inheritedEnvironment(),
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: devNull,
    GIT_TERMINAL_PROMPT: "0",
  };
}

/** Whatever the exit code. */
export function tryGit(args: readonly string[], input?: string | Uint8Array): GitRun {
  const run = spawnSync("git", args, {
    env: environment(),
    windowsHide: true,
    maxBuffer: 1 << 30,
    ...(input === undefined ? {} : { input }),
  });
  if (run.error !== undefined) throw run.error;
  return { status: run.status ?? -1, stdout: run.stdout.toString("utf8"), stderr: run.stderr.toString("utf8") };
}

/** Standard output; throws with git's message when it fails. */
export function runGit(args: readonly string[], input?: string | Uint8Array): string {
  const { status, stdout, stderr } = tryGit(args, input);
  if (status !== 0) throw new Error(`git ${args.join(" ")} failed (${status}): ${stderr}`);
  return stdout;
}

let programs: string | undefined;

/** Where git keeps the programs that it starts by their names. */
export function programFolder(): string {
  programs ??= runGit(["--exec-path"]).trim();
  return programs;
}
