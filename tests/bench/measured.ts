/** Runs a program and says what it took. */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export interface Measured {
  readonly seconds: number;
  /** Resident memory in MB (10⁶ bytes): of the program itself, or of the largest process it started. */
  readonly peakMegabytes: number | undefined;
  readonly cpuSeconds: number | undefined;
  readonly output: string;
}

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly folder?: string;
}

/** A Node program, with the peak memory of that process alone. */
export async function measureNode(program: Omit<Program, "command">): Promise<Measured> {
  const usageFile = join(tmpdir(), `bench-usage-${randomUUID()}.json`);
  const preload = resolve("tests/bench/report-usage.cjs");
  const { args, environment } = program;
  try {
    const run = await runProgram({
      ...program,
      command: process.execPath,
      args: ["--require", preload, ...args],
      environment: { ...environment, BENCH_USAGE_FILE: usageFile },
    });
    const usage = JSON.parse(readFileSync(usageFile, "utf8")) as { peakKilobytes: number; cpuMicroseconds: number };
    return { ...run, peakMegabytes: (usage.peakKilobytes * 1024) / 1e6, cpuSeconds: usage.cpuMicroseconds / 1e6 };
  } finally {
    rmSync(usageFile, { force: true });
  }
}

/** Any program; the peak is that of its largest process, sampled, and known on Linux only. */
export async function measureProgram(program: Program): Promise<Measured> {
  let peakKilobytes = 0;
  const run = await runProgram(program, (pid) => {
    const timer = setInterval(() => {
      for (const one of familyOf(pid)) peakKilobytes = Math.max(peakKilobytes, peakOf(one));
    }, 50);
    return () => clearInterval(timer);
  });
  const peakMegabytes = peakKilobytes === 0 ? undefined : (peakKilobytes * 1024) / 1e6;
  return { ...run, peakMegabytes, cpuSeconds: undefined };
}

async function runProgram(
  { command, args, environment, folder }: Program,
  watch: (pid: number) => () => void = () => () => undefined,
): Promise<{ readonly seconds: number; readonly output: string }> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(?:GIT_|INPUT_|SYSTEM_|SIMULATOR_)/.test(name));
  const startedAt = performance.now();
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...Object.fromEntries(inherited), ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => void said.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => void said.push(chunk));
  const unwatch = watch(child.pid ?? 0);
  try {
    const code = await new Promise<number | null>((done, failed) => {
      child.once("error", failed);
      child.once("close", done);
    });
    const seconds = (performance.now() - startedAt) / 1000;
    const output = Buffer.concat(said).toString("utf8");
    if (code !== 0) throw new Error(`${command} ${args[0] ?? ""} ended with ${String(code)}:\n${output.slice(-4000)}`);
    return { seconds, output };
  } finally {
    unwatch();
  }
}

/** A process and all it started. */
function familyOf(pid: number): readonly number[] {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number),
    );
    return [pid, ...children.flatMap(familyOf)];
  } catch {
    return []; // gone, or not Linux
  }
}

function peakOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
