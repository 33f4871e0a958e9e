/** A task's process and what it starts: watched (on Linux) and ended as a whole. */
import { execFileSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import type { ChildProcess } from "node:child_process";

export interface SeenProcess {
  readonly pid: number;
  readonly argv: readonly string[];
  readonly environment: readonly string[];
}

export interface Watch {
  /** Every process that was seen below the root, the root left out. */
  readonly children: readonly SeenProcess[];
  /** Highest resident memory of the root; undefined where it cannot be read. */
  readonly peakMemoryBytes: number | undefined;
  stop(): void;
}

const lookEveryMs = 15;

/** Processes that live for less than some 15 ms may be missed. Sees nothing outside Linux. */
export function watchProcess(root: number): Watch {
  const seen = new Map<number, SeenProcess>();
  let peak: number | undefined;
  let stopped = false;
  const look = async (): Promise<void> => {
    while (!stopped) {
      peak = (await peakMemory(root)) ?? peak;
      for (const child of await childrenOf(root)) {
        // Between fork and exec a child still shows its parent's command line.
        if (child.argv.length > 0 && child.argv[0] !== process.execPath) seen.set(child.pid, child);
      }
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  };
  if (process.platform === "linux") void look();
  return {
    get children() {
      return [...seen.values()];
    },
    get peakMemoryBytes() {
      return peak;
    },
    stop: () => {
      stopped = true;
    },
  };
}

async function childrenOf(pid: number): Promise<readonly SeenProcess[]> {
  try {
    const threads = await readdir(`/proc/${pid}/task`);
    const lists = await Promise.all(threads.map((thread) => textOf(`/proc/${pid}/task/${thread}/children`)));
    const pids = lists.flatMap((list) =>
      list
        .split(" ")
        .filter((text) => text !== "")
        .map(Number),
    );
    const found = await Promise.all(pids.map(async (child) => [await describe(child), ...(await childrenOf(child))]));
    return found.flat();
  } catch {
    return [];
  }
}

async function describe(pid: number): Promise<SeenProcess> {
  const [argv, environment] = await Promise.all([textOf(`/proc/${pid}/cmdline`), textOf(`/proc/${pid}/environ`)]);
  return { pid, argv: argv.split("\0").filter(Boolean), environment: environment.split("\0").filter(Boolean) };
}

async function peakMemory(pid: number): Promise<number | undefined> {
  const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(await textOf(`/proc/${pid}/status`))?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch {
    return "";
  }
}

/** Ends a process that was started `detached`, and all it has started, as an agent does when a job is taken away. */
export function killTree(child: ChildProcess, signal: "SIGKILL" | "SIGTERM"): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    if (process.platform === "win32") execFileSync("taskkill", ["/pid", String(child.pid), "/T", "/F"]);
    else process.kill(signal === "SIGKILL" ? -child.pid : child.pid, signal);
  } catch {
    child.kill(signal);
  }
}
