/** Git and LFS of the state's repositories below `/{org}/{project}/_git/{repo}`, behind the sign-in. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { hasScope } from "../http/sign-in.ts";
import type { SimToken } from "../http/sign-in.ts";
import { send, textAnswer, unauthorizedAnswer } from "../http/answer.ts";
import type { GitFaults } from "./git-faults.ts";
import { gitHttpHandler } from "./git-http.ts";
import type { GitAddress, ServedRepository } from "./git-http.ts";
import type { GitMemory } from "./git-memory.ts";
import type { RefUpdate } from "./git-push-rules.ts";
import { isLfsPath, lfsHandler } from "./lfs.ts";
import { maySee } from "../project/sight.ts";
import type { RepositoryRecord } from "../repos/repository-store.ts";
import type { SimulatorState } from "../state.ts";

export interface GitMount {
  /** Serves a request whose token is already known. */
  serve(request: IncomingMessage, response: ServerResponse, token: SimToken): Promise<void>;
}

export interface GitMountOptions {
  readonly faults: GitFaults;
  /** As GitHttpOptions.protocol. */
  readonly protocol?: "azure" | "any";
  /** As GitHttpOptions.memory. */
  readonly memory?: GitMemory | undefined;
}

export function gitMount(state: SimulatorState, options: GitMountOptions): GitMount {
  return {
    serve: async (request, response, token) => {
      const isPush = isPushRequest(request);
      if (!hasScope(token, isPush ? "vso.code_write" : "vso.code")) {
        send(response, token.kind === "pat" ? unauthorizedAnswer("") : noPermission(token, isPush));
        return;
      }
      const found = (address: GitAddress): RepositoryRecord | undefined => repositoryAt(state, address, token);
      if (isLfsPath(request.url?.split("?")[0] ?? "")) {
        const folderOf = (address: GitAddress): string | undefined => {
          const repository = found(address);
          return repository === undefined ? undefined : state.repositories.lfsFolderOf(repository);
        };
        return lfsHandler({ ...state.repositories.lfs, storageFolder: folderOf, faults: options.faults })(
          request,
          response,
        );
      }
      const repositoryOf = (address: GitAddress): ServedRepository | undefined => {
        const repository = found(address);
        return repository === undefined ? undefined : served(state, repository, { isPush, token });
      };
      return gitHttpHandler({ ...options, repositoryOf })(request, response);
    },
  };
}

function isPushRequest(request: IncomingMessage): boolean {
  const url = request.url ?? "";
  return url.includes("git-receive-pack") || (request.method === "PUT" && url.includes("/info/lfs/"));
}

function noPermission(token: SimToken, isPush: boolean): ReturnType<typeof textAnswer> {
  const need = isPush ? "GenericContribute" : "GenericRead";
  const user = token.identity.displayName;
  return textAnswer(
    403,
    `TF401027: You need the Git '${need}' permission to perform this action. Details: identity '${user}'.`,
  );
}

function repositoryAt(state: SimulatorState, address: GitAddress, token: SimToken): RepositoryRecord | undefined {
  const project = state.projectOf(address.project);
  const found = state.repositories.find(address.repository, project?.id);
  if (found === undefined || state.projectOf(found.projectId) === undefined) return undefined;
  if (project !== undefined && found.projectId !== project.id) return undefined;
  const isHidden = !maySee(state, token, found.id) || !maySee(state, token, found.projectId);
  return isHidden ? undefined : found;
}

function served(
  state: SimulatorState,
  repository: RepositoryRecord,
  { isPush, token }: { readonly isPush: boolean; readonly token: SimToken },
): ServedRepository {
  const { repositories } = state;
  return {
    folder: isPush ? repositories.ownFolderOf(repository) : repositories.folderOf(repository),
    isDisabled: repository.isDisabled,
    refusal: (update) => lockRefusal(repository, update, token) ?? repository.refusal?.(update),
    pushed: (updates) => repositories.pushed(repository, updates, token.identity),
    ...(repository.maxPushBytes === undefined ? {} : { maxPushBytes: repository.maxPushBytes }),
  };
}

/** A lock keeps everybody out but the one who set it. */
function lockRefusal(repository: RepositoryRecord, update: RefUpdate, token: SimToken): string | undefined {
  const by = repository.locks.get(update.ref);
  if (by === undefined || by.id === token.identity.id) return undefined;
  return `TF402418: The branch ${update.ref} is locked by ${by.displayName}.`;
}
