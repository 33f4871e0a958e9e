/**
 * How git is run: isolated from the machine's and the user's configuration, without hooks, prompts or other transports
 * than HTTP, with bounded memory. Credentials go through the environment (GIT_CONFIG_COUNT), never through arguments
 * or files. simple-git runs the commands that take arguments and give text; commands that stream in or out, or whose
 * exit code is an answer, need child processes of our own, because simple-git has no standard input and buffers output.
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { pipeline, Readable } from "node:stream";
import { simpleGit } from "simple-git";
import type { SimpleGit } from "simple-git";
import { BackupError } from "../foundation/errors.ts";
import type { GitRemote } from "./git-access.ts";
import { addressOf } from "./http-transport.ts";

export interface GitProcessOptions {
  /** Home folder of git; nothing of the user's is read. */
  readonly temporaryFolder: string;
  readonly signal?: AbortSignal | undefined;
  /** Proxy and certificate variables for git (`https_proxy`, `GIT_SSL_CAINFO`, …); they win over inherited ones. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

export interface GitOutcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

type GitInput = string | AsyncIterable<Uint8Array>;

export interface RemoteCommand {
  readonly args: readonly string[];
  readonly input: GitInput;
}

export interface GitProcesses {
  /** For commands with arguments only; `remote` adds its credentials. */
  simple(folder: string, remote?: GitRemote): Promise<SimpleGit>;
  /** Runs git to its end and keeps what it said, whatever the outcome. */
  run(folder: string, args: readonly string[], input?: GitInput): Promise<GitOutcome>;
  /** The same for commands that reach a remote, with its credentials. */
  reach(folder: string, remote: GitRemote, command: RemoteCommand): Promise<GitOutcome>;
  /** Output as it comes; throws GIT_DAMAGED at the end when git failed. */
  stream(folder: string, args: readonly string[], input: GitInput): AsyncGenerator<Uint8Array>;
}

/** Everything else stays out: an agent's environment holds secrets that are none of git's business. */
const inherited = new Set(
  [
    ...["PATH", "PATHEXT", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "TEMP", "TMP", "TMPDIR", "USERPROFILE"],
    ...["LD_LIBRARY_PATH", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"],
    ...["GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_EXEC_PATH"],
  ].map((name) => name.toUpperCase()),
);

const commonSettings: Readonly<Record<string, string>> = {
  "core.hooksPath": "/dev/null",
  "core.longPaths": "true",
  "core.bigFileThreshold": "32m",
  "core.packedGitLimit": "128m",
  "http.version": "HTTP/1.1", // HTTP/2 broke uploads to the service
  "http.followRedirects": "false",
  "gc.auto": "0",
  "maintenance.auto": "false",
  "pack.windowMemory": "32m",
  "pack.deltaCacheSize": "32m",
  "pack.threads": String(Math.min(4, availableParallelism())),
  // Without the system's configuration git for Windows knows no certificates; the system's own store does.
  ...(process.platform === "win32" ? { "http.sslBackend": "schannel" } : {}),
};

export function gitProcesses(options: GitProcessOptions): GitProcesses {
  return {
    simple: async (folder, remote) => {
      const environment = gitEnvironment(options, await credentialSettings(remote));
      return simpleGit({
        baseDir: folder,
        maxConcurrentProcesses: 1,
        ...(options.signal === undefined ? {} : { abort: options.signal }),
        // The guards are against foreign input; these variables are all ours (see gitEnvironment).
        allowEnvironment: Object.keys(environment).filter((name) => name.startsWith("GIT_")),
        unsafe: {
          allowUnsafeConfigEnvCount: true,
          allowUnsafeConfigPaths: true,
          allowUnsafeHooksPath: true,
          allowUnsafeExec: true,
          allowUnsafeTemplateDir: true,
        },
      }).env(environment);
    },
    run: (folder, args, input) => runGit(options, { folder, args, input }),
    reach: async (folder, remote, command) =>
      runGit(options, { folder, ...command, settings: await credentialSettings(remote) }),
    stream: (folder, args, input) => streamGit(options, { folder, args, input }),
  };
}

async function credentialSettings(remote: GitRemote | undefined): Promise<Readonly<Record<string, string>>> {
  if (remote === undefined) return {};
  const key = `http.${addressOf(remote.url).origin}/.extraHeader`;
  return { [key]: `Authorization: ${await remote.authorization()}` };
}

function gitEnvironment(
  { temporaryFolder, environment }: GitProcessOptions,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && inherited.has(entry[0].toUpperCase()),
  );
  const config = Object.entries({ ...commonSettings, ...more });
  return {
    ...Object.fromEntries(kept),
    ...environment,
    HOME: temporaryFolder,
    XDG_CONFIG_HOME: temporaryFolder,
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null", // git knows this name on Windows too
    GIT_ATTR_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_ALLOW_PROTOCOL: "http:https",
    GIT_DEFAULT_REF_FORMAT: "files",
    GIT_CONFIG_COUNT: String(config.length),
    ...Object.fromEntries(
      config.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  };
}

interface GitCommand {
  readonly folder: string;
  readonly args: readonly string[];
  readonly input: GitInput | undefined;
  /** Beside those that hold for every command. */
  readonly settings?: Readonly<Record<string, string>>;
}

async function runGit(options: GitProcessOptions, command: GitCommand): Promise<GitOutcome> {
  const child = start(options, command);
  const stdout: Uint8Array[] = [];
  for await (const chunk of child.output) stdout.push(chunk);
  const { status, stderr } = await child.ended;
  return { status, stdout: Buffer.concat(stdout).toString("utf8"), stderr };
}

async function* streamGit(options: GitProcessOptions, command: GitCommand): AsyncGenerator<Uint8Array> {
  const child = start(options, command);
  try {
    yield* child.output;
    const { status, stderr } = await child.ended;
    if (status !== 0) throw gitFailure(command.args, stderr);
  } finally {
    child.kill();
  }
}

export function gitFailure(args: readonly string[], stderr: string): BackupError {
  return new BackupError({
    code: "GIT_DAMAGED",
    message: `git ${args[0] ?? ""} failed: ${stderr.trim().slice(0, 500)}`,
    hint: "Run VerifyBackup to see which snapshots are affected.",
  });
}

interface RunningGit {
  readonly output: AsyncIterable<Uint8Array>;
  /** After the output was read. Throws what the input threw, or the reason of an abort. */
  readonly ended: Promise<{ readonly status: number; readonly stderr: string }>;
  kill(): void;
}

function start({ signal, ...options }: GitProcessOptions, { folder, args, input, settings }: GitCommand): RunningGit {
  signal?.throwIfAborted();
  const env = gitEnvironment(options, settings);
  const child = spawn("git", args, { cwd: folder, env, windowsHide: true, stdio: "pipe" });
  const onAbort = (): void => void child.kill();
  signal?.addEventListener("abort", onAbort, { once: true });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    if (stderr.length < 16_384) stderr += chunk.toString("utf8");
  });
  const exited = new Promise<number>((resolve, reject) => {
    child.on("error", (cause) => reject(missingGit(cause)));
    child.on("close", (status) => resolve(status ?? -1));
  });
  const fed = feed(child.stdin, input ?? "");
  const ended = Promise.all([exited, fed]).then(([status, failure]) => {
    signal?.removeEventListener("abort", onAbort);
    signal?.throwIfAborted();
    if (failure !== undefined) throw failure.error;
    return { status, stderr };
  });
  ended.catch(() => undefined); // reported to whoever waits for it
  return { output: child.stdout, ended, kill: () => void child.kill() };
}

/**
 * The error of the input, if it threw. That git did not want all of it is no error here: git then ended early, and its
 * exit code and message say why.
 */
async function feed(stdin: NodeJS.WritableStream, input: GitInput): Promise<{ readonly error: unknown } | undefined> {
  let failure: { readonly error: unknown } | undefined;
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      if (typeof input === "string") yield Buffer.from(input);
      else yield* input;
    } catch (error) {
      failure = { error };
      throw error;
    }
  }
  return new Promise((resolve) => pipeline(Readable.from(source()), stdin, () => resolve(failure)));
}

function missingGit(cause: unknown): BackupError {
  return new BackupError({
    code: "GIT_MISSING",
    message: "Git could not be started on this agent",
    hint: "Install Git 2.31 or later and put it on the PATH.",
    cause,
  });
}
