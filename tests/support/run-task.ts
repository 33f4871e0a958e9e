/** Runs a bundled task as an agent runs it: a process of its own, talked to by its environment and its output. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { parseCommand, SecretMask, type AgentCommand } from "./agent-commands.ts";
import { environmentOf, secretsOf, type EndpointFacts, type JobFacts } from "./agent-environment.ts";
import { killTree, watchProcess, type SeenProcess } from "./process-tree.ts";

export type TaskName = "BackupProject" | "RestoreItem" | "VerifyBackup";

export interface TaskRequest {
  readonly task: TaskName;
  readonly inputs: Readonly<Record<string, string>>;
  readonly organizationUrl: string;
  readonly project: { readonly id: string; readonly name: string };
  /** The job's token. */
  readonly token: string;
  readonly build: {
    readonly id: number;
    readonly number: string;
    readonly definitionId?: number;
    readonly branch?: string;
  };
  readonly endpoints?: readonly EndpointFacts[];
  /** Pipeline variables beside the usual ones. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Environment beside the agent's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Each line as the run's page shows it, secrets masked. */
  readonly onLine?: (line: string) => void;
  /** Values of secret variables, masked from the start. */
  readonly secrets?: readonly string[];
  /** Each logging command as it comes, secrets masked; files that it names exist at that moment. */
  readonly onCommand?: (command: AgentCommand) => void;
  /** Each progress of the bar. */
  readonly onProgress?: (percent: number, text: string) => void;
  /** SIGKILL for the whole process tree, so many milliseconds after the start. */
  readonly killAfterMs?: number;
  /** SIGKILL, or SIGTERM as a person cancels, once this signal is aborted. */
  readonly kill?: AbortSignal;
  readonly cancel?: AbortSignal;
  /** Default: dist/tasks of the current folder. */
  readonly tasksFolder?: string;
  readonly node?: string;
  /** A run that takes longer is ended and throws. */
  readonly timeoutMs?: number;
}

export interface Issue {
  readonly type: "warning" | "error";
  readonly message: string;
}

export interface TaskRun {
  /** Undefined when the task was killed before it could say. */
  readonly result: "Succeeded" | "SucceededWithIssues" | "Failed" | undefined;
  readonly message: string;
  readonly exitCode: number | null;
  readonly issues: readonly Issue[];
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  /** Output variables. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly summaries: readonly { readonly name: string; readonly markdown: string }[];
  readonly attachments: readonly { readonly type: string; readonly name: string; readonly content: string }[];
  readonly testResults: readonly { readonly type: string; readonly title: string; readonly files: readonly string[] }[];
  readonly artifacts: readonly { readonly name: string; readonly fileName: string; readonly content: Uint8Array }[];
  readonly progress: readonly { readonly percent: number; readonly text: string }[];
  /** Plain lines, secrets masked. */
  readonly log: readonly string[];
  /** All output as it came, without the lines that announce a secret. */
  readonly unmasked: string;
  readonly commands: readonly AgentCommand[];
  /** What was seen of processes the task started; Linux only. */
  readonly processes: readonly SeenProcess[];
  readonly peakMemoryBytes: number | undefined;
  readonly durationMs: number;
}

const defaultTimeoutMs = 10 * 60_000;

export async function runTask(request: TaskRequest): Promise<TaskRun> {
  const tempFolder = await mkdtemp(join(tmpdir(), "agent-"));
  try {
    const job: JobFacts = { endpoints: [], variables: {}, ...request, tempFolder };
    const bundle = join(request.tasksFolder ?? resolve("dist", "tasks"), request.task);
    const mask = new SecretMask();
    for (const secret of [...secretsOf(job, request.inputs), ...(request.secrets ?? [])]) mask.add(secret);
    const environment = await environmentOf(job, { bundle, inputs: request.inputs });
    const startedMs = performance.now();
    const child = spawn(request.node ?? process.execPath, [join(bundle, "index.js")], {
      cwd: tempFolder,
      env: { ...environment, ...request.env },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own, so that it can be ended with everything it starts.
      detached: process.platform !== "win32",
    });
    const listening = listen(child, request, mask);
    const { exitCode, watch } = await ended(child, request);
    await listening.done;
    return {
      ...(await collected(listening.commands)),
      exitCode,
      progress: listening.progress,
      log: listening.log,
      unmasked: listening.raw.join("\n"),
      commands: listening.commands,
      processes: watch.children,
      peakMemoryBytes: watch.peakMemoryBytes,
      durationMs: performance.now() - startedMs,
    };
  } finally {
    await rm(tempFolder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function ended(
  child: ChildProcess,
  { killAfterMs, kill, cancel, timeoutMs = defaultTimeoutMs, task }: TaskRequest,
): Promise<{ readonly exitCode: number | null; readonly watch: ReturnType<typeof watchProcess> }> {
  const watch = watchProcess(child.pid ?? 0);
  const onKill = (): void => killTree(child, "SIGKILL");
  const onCancel = (): void => killTree(child, "SIGTERM");
  const timers = [
    setTimeout(onKill, timeoutMs),
    ...(killAfterMs === undefined ? [] : [setTimeout(onKill, killAfterMs)]),
  ];
  const stops = [whenAborted(kill, onKill), whenAborted(cancel, onCancel)];
  process.once("exit", onKill);
  const startedMs = performance.now();
  try {
    const exitCode = await new Promise<number | null>((resolved, reject) => {
      child.once("error", reject);
      child.once("exit", resolved);
    });
    if (performance.now() - startedMs >= timeoutMs) throw new Error(`${task} took longer than ${timeoutMs} ms`);
    return { exitCode, watch };
  } finally {
    watch.stop();
    for (const timer of timers) clearTimeout(timer);
    for (const stop of stops) stop();
    process.removeListener("exit", onKill);
  }
}

/** Acts once the signal is aborted, also when it is already. Returns how to stop waiting for that. */
function whenAborted(signal: AbortSignal | undefined, act: () => void): () => void {
  signal?.addEventListener("abort", act);
  if (signal?.aborted === true) act();
  return () => signal?.removeEventListener("abort", act);
}

interface Listening {
  readonly commands: AgentCommand[];
  readonly log: string[];
  readonly raw: string[];
  readonly progress: { readonly percent: number; readonly text: string }[];
  readonly done: Promise<unknown>;
}

function listen(child: ChildProcess, request: TaskRequest, mask: SecretMask): Listening {
  const commands: AgentCommand[] = [];
  const log: string[] = [];
  const raw: string[] = [];
  const progress: { percent: number; text: string }[] = [];
  const passOn = (command: AgentCommand): void => {
    const { name, properties, data } = command;
    request.onCommand?.(command);
    if (name === "task.logissue") request.onLine?.(`${properties.type === "error" ? "Error" : "Warning"}: ${data}`);
    if (name !== "task.setprogress") return;
    const percent = Number(properties.value);
    progress.push({ percent, text: data });
    request.onProgress?.(percent, data);
  };
  const hear = (line: string): void => {
    const command = parseCommand(line);
    if (command?.name === "task.setsecret") {
      mask.add(command.data);
      return;
    }
    raw.push(line);
    if (command === undefined) {
      const shown = mask.apply(line);
      log.push(shown);
      request.onLine?.(shown);
      return;
    }
    commands.push(command);
    if (command.name === "task.setvariable" && command.properties.issecret === "true") mask.add(command.data);
    passOn({ ...command, data: mask.apply(command.data) });
  };
  const done = Promise.all(
    [child.stdout, child.stderr].map(async (stream) => {
      if (stream === null) return;
      for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) hear(line);
    }),
  );
  return { commands, log, raw, progress, done };
}

type Collected = Pick<
  TaskRun,
  | "result"
  | "message"
  | "issues"
  | "errors"
  | "warnings"
  | "outputs"
  | "summaries"
  | "attachments"
  | "testResults"
  | "artifacts"
>;

async function collected(commands: readonly AgentCommand[]): Promise<Collected> {
  const named = (name: string): readonly AgentCommand[] => commands.filter((command) => command.name === name);
  const complete = named("task.complete").at(-1);
  const issues = [...named("task.logissue"), ...named("task.issue")].map(({ properties, data }) => ({
    type: properties.type === "error" ? ("error" as const) : ("warning" as const),
    message: data,
  }));
  const outputs = named("task.setvariable").filter(({ properties }) => properties.isoutput?.toLowerCase() === "true");
  return {
    result: complete?.properties.result as TaskRun["result"],
    message: complete?.data ?? "",
    issues,
    errors: issues.filter(({ type }) => type === "error").map(({ message }) => message),
    warnings: issues.filter(({ type }) => type === "warning").map(({ message }) => message),
    outputs: Object.fromEntries(outputs.map(({ properties, data }) => [properties.variable ?? "", data])),
    summaries: await Promise.all(
      named("task.uploadsummary").map(async ({ data }) => ({
        name: basename(data, ".md"),
        markdown: await readFile(data, "utf8"),
      })),
    ),
    attachments: await Promise.all(
      named("task.addattachment").map(async ({ properties, data }) => ({
        type: properties.type ?? "",
        name: properties.name ?? "",
        content: await readFile(data, "utf8"),
      })),
    ),
    testResults: await Promise.all(
      named("results.publish").map(async ({ properties }) => ({
        type: properties.type ?? "",
        title: properties.runtitle ?? "",
        files: await Promise.all((properties.resultfiles ?? "").split(",").map((file) => readFile(file, "utf8"))),
      })),
    ),
    artifacts: await Promise.all(
      named("artifact.upload").map(async ({ properties, data }) => ({
        name: properties.artifactname ?? "",
        fileName: basename(data),
        content: new Uint8Array(await readFile(data)),
      })),
    ),
  };
}
