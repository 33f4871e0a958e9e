/** A task's process and what it starts: watched (on Linux) and ended as a whole. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
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

/**
 * Processes that live for less than some 15 ms may be missed. Sees nothing outside Linux. Looks without yielding: the
 * system's own files answer at once, and asked in the background each would cost many times as much.
 */
export function watchProcess(root: number): Watch {
  const seen = new Map<number, SeenProcess>();
  let peak: number | undefined;
  const look = (): void => {
    peak = peakMemory(root) ?? peak;
    for (const pid of pidsBelow(root)) {
      const argv = wordsOf(`/proc/${pid}/cmdline`);
      // Between fork and exec a child still shows its parent's command line.
      if (argv.length === 0 || argv[0] === process.execPath || isEqual(argv, seen.get(pid)?.argv)) continue;
      seen.set(pid, { pid, argv, environment: wordsOf(`/proc/${pid}/environ`) });
    }
  };
  if (process.platform === "linux") look();
  const timer = process.platform === "linux" ? setInterval(look, lookEveryMs) : undefined;
  return {
    get children() {
      return [...seen.values()];
    },
    get peakMemoryBytes() {
      return peak;
    },
    stop: () => clearInterval(timer),
  };
}

function pidsBelow(pid: number): readonly number[] {
  return threadsOf(pid).flatMap((thread) => {
    const children = textOf(`/proc/${pid}/task/${thread}/children`);
    const pids = children.split(" ").filter((text) => text !== "");
    return pids.map(Number).flatMap((child) => [child, ...pidsBelow(child)]);
  });
}

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function wordsOf(file: string): readonly string[] {
  return textOf(file).split("\0").filter(Boolean);
}

function isEqual(one: readonly string[], other: readonly string[] = []): boolean {
  return one.join("\0") === other.join("\0");
}

/** Most that the process had resident so far, in bytes, as the kernel counted it; undefined outside Linux. */
export function peakMemory(pid: number): number | undefined {
  const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(textOf(`/proc/${pid}/status`))?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
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
