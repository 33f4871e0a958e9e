import type { Agent } from "node:http";
import type { Clock } from "../foundation/clock.ts";
import type { Reporter } from "../foundation/reporter.ts";
import { retrying } from "../foundation/retry.ts";
import { fetchByClone } from "./clone-fetch.ts";
import { countFiles } from "./count-files.ts";
import type { GitAccess } from "./git-access.ts";
import { gitProcesses } from "./git-process.ts";
import { gitHttp, isRefusal, signInAttempts } from "./http-transport.ts";
import type { RequestPace } from "./http-transport.ts";
import { downloadLfs, uploadLfs } from "./lfs-client.ts";
import { listRefs } from "./list-refs.ts";
import { assembleRepository, checkRepository } from "./local-repository.ts";
import { pushRefs } from "./push.ts";
import { fetchOverWire } from "./wire-fetch.ts";

export interface NodeGitOptions {
  readonly clock: Clock;
  /** Between 0 and 1, for jitter. */
  readonly random: () => number;
  readonly reporter: Reporter;
  /** For temporary clones and as git's home; holds content in clear while they exist. */
  readonly temporaryFolder: string;
  readonly signal?: AbortSignal;
  /** Connections for an address, e.g. through the agent's proxy. Default: keep-alive connections of our own. */
  readonly agentFor?: (url: URL) => Agent | undefined;
  /** The same for git's own processes: `https_proxy`, `GIT_SSL_CAINFO`, … */
  readonly gitEnvironment?: Readonly<Record<string, string>>;
  readonly pace?: RequestPace;
  /** Version to ask for when listing refs. Default 0: one request at every host, and all that Azure Repos speaks. */
  readonly protocol?: 0 | 1 | 2;
  readonly idleTimeoutMs?: number;
}

/** Git for Node: the wire client for reading, git itself for everything local. `close` ends idle connections. */
export function nodeGitAccess(options: NodeGitOptions): GitAccess & { close(): void } {
  const { reporter, temporaryFolder, signal } = options;
  const http = gitHttp(options);
  const git = gitProcesses({ temporaryFolder, signal, environment: options.gitEnvironment });
  return {
    async listRefs(remote) {
      const { advertisement, refused } = await listRefs(http, remote, options.protocol ?? 0);
      for (const name of refused)
        reporter.warn(`Ref ${name} of ${remote.url} is left out: git does not accept its name`);
      return advertisement;
    },
    fetchBundle: (remote, request) =>
      request.engine === "git"
        ? fetchByClone(git, remote, { request, temporaryFolder })
        : fetchOverWire(http, remote, request),
    countFiles: (remote, of) => countFiles(http, remote, of),
    downloadLfs: (remote, pointers) => downloadLfs(http, remote, pointers),
    uploadLfs: (remote, objects) => uploadLfs(http, remote, objects),
    assemble: (folder, content) => assembleRepository(git, folder, { content, reporter }),
    assembleStrictly: (folder, content) => assembleRepository(git, folder, { content, reporter, isStrict: true }),
    check: (folder) => checkRepository(git, folder),
    push: (remote, { folder, ...request }) =>
      retrying(
        () => pushRefs({ git, remote, folder, temporaryFolder }, request),
        (error) => (isRefusal(error) ? { afterMs: 0 } : undefined),
        { ...options, policy: { attempts: signInAttempts, firstDelayMs: 1000, maxDelayMs: 8000 } },
      ),
    close: () => http.close(),
  };
}
