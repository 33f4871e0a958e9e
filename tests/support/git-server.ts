/** A small HTTP server around the simulator's Git and LFS handlers, for tests that need nothing else of it. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gitFaults } from "../simulator/git/git-faults.ts";
import type { GitFaults } from "../simulator/git/git-faults.ts";
import { gitHttpHandler } from "../simulator/git/git-http.ts";
import type { GitHttpOptions, ServedRepository } from "../simulator/git/git-http.ts";
import { isLfsPath, lfsHandler } from "../simulator/git/lfs.ts";
import type { LfsOptions } from "../simulator/git/lfs.ts";

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
}

export interface GitServer {
  /** URL of a repository of this server. */
  urlOf(repository: string): string;
  readonly origin: string;
  readonly repositories: Map<string, ServedRepository>;
  readonly faults: GitFaults;
  /** Every request since the start. */
  readonly seen: SeenRequest[];
  close(): Promise<void>;
}

export interface GitServerOptions extends Pick<GitHttpOptions, "protocol" | "capabilities"> {
  /** Value of the Authorization header that is demanded; none when absent. */
  readonly authorization?: string;
  readonly lfs?: Omit<LfsOptions, "faults">;
}

export async function startGitServer(options: GitServerOptions = {}): Promise<GitServer> {
  const repositories = new Map<string, ServedRepository>();
  const faults = gitFaults();
  const seen: SeenRequest[] = [];
  const gitHandler = gitHttpHandler({
    ...options,
    faults,
    repositoryOf: ({ repository }) => repositories.get(repository),
  });
  const lfs = options.lfs === undefined ? undefined : lfsHandler({ ...options.lfs, faults });
  const server = createServer((request, response) => {
    const { authorization } = request.headers;
    seen.push({ method: request.method ?? "", url: request.url ?? "", authorization });
    if (options.authorization !== undefined && authorization !== options.authorization) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end("TF400813: not authorized");
      return;
    }
    const path = new URL(request.url ?? "/", "http://host").pathname;
    const handler = isLfsPath(path) && lfs !== undefined ? lfs : gitHandler;
    handler(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    repositories,
    faults,
    seen,
    urlOf: (repository) => `${origin}/org/Sample%20Project/_git/${encodeURIComponent(repository)}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
