/**
 * The LFS batch API (github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md): what to do with which object, and with
 * which credentials.
 */
import { BackupError } from "../foundation/errors.ts";
import { readAll } from "../foundation/bytes.ts";
import { arrayAt, isObject, numberAt, objectAt, parseObject, stringAt } from "../foundation/json.ts";
import type { JsonObject, JsonValue } from "../foundation/json.ts";
import type { LfsAction } from "./lfs-action.ts";
import { actionOf } from "./lfs-action.ts";
import type { GitRemote, LfsPointer } from "./git-access.ts";
import { credentialsOf } from "./http-transport.ts";
import type { Credentials, GitHttp } from "./http-transport.ts";

export interface LfsVerdict extends LfsPointer {
  readonly download?: LfsAction;
  readonly upload?: LfsAction;
  readonly verify?: LfsAction;
  readonly error?: { readonly code: number; readonly message: string };
  /** Why an action of the answer is not followed. */
  readonly refused?: string;
}

/** The batch API's limit as services set it. */
export const maxBatch = 100;
const lfsType = "application/vnd.git-lfs+json";
const maxAnswerBytes = 4 * 1024 * 1024;

/** Asks for at most 100 objects; answers in the order asked. */
export async function lfsBatch(
  http: GitHttp,
  remote: GitRemote,
  { operation, pointers }: { readonly operation: "download" | "upload"; readonly pointers: readonly LfsPointer[] },
): Promise<readonly LfsVerdict[]> {
  const objects = pointers.map(({ oid, size }) => ({ oid, size }));
  const answer = await lfsPost(http, {
    url: `${remote.url.replace(/\/+$/, "")}/info/lfs/objects/batch`,
    body: { operation, transfers: ["basic"], objects },
    credentials: credentialsOf(remote),
    headers: {},
  });
  const verdicts = new Map<string, LfsVerdict>();
  for (const object of arrayAt(answer ?? {}, "objects") ?? []) {
    const verdict = verdictOf(object, remote);
    if (verdict !== undefined) verdicts.set(verdict.oid, verdict);
  }
  return pointers.map((pointer) => {
    const verdict = verdicts.get(pointer.oid);
    if (verdict === undefined) throw lfsError(pointer, "the server's answer does not mention it");
    return { ...verdict, size: pointer.size };
  });
}

export interface LfsPost {
  readonly url: string;
  readonly body: JsonValue;
  readonly headers: Readonly<Record<string, string>>;
  readonly credentials?: Credentials;
}

export async function lfsPost(http: GitHttp, post: LfsPost): Promise<JsonObject | undefined> {
  const answer = await http.send({
    name: post.url,
    method: "POST",
    url: post.url,
    headers: { ...post.headers, accept: lfsType, "content-type": lfsType },
    body: Buffer.from(JSON.stringify(post.body)),
    ...(post.credentials === undefined ? {} : { credentials: post.credentials }),
  });
  return parseObject(Buffer.from(await readAll(answer.body, maxAnswerBytes)).toString("utf8"));
}

function verdictOf(value: JsonValue, remote: GitRemote): LfsVerdict | undefined {
  if (!isObject(value)) return undefined;
  const oid = stringAt(value, "oid");
  if (oid === undefined) return undefined;
  const actions = objectAt(value, "actions") ?? {};
  const action = (name: "download" | "upload" | "verify"): Partial<LfsVerdict> => {
    const found = actionOf(objectAt(actions, name), remote);
    if (found === undefined) return {};
    return "refused" in found ? found : { [name]: found };
  };
  const error = objectAt(value, "error");
  return {
    oid,
    size: numberAt(value, "size") ?? 0,
    ...action("download"),
    ...action("upload"),
    ...action("verify"),
    ...(error === undefined
      ? {}
      : { error: { code: numberAt(error, "code") ?? 0, message: stringAt(error, "message") ?? "no reason given" } }),
  };
}

/** `GIT_LFS_CONTENT`: what came is not the object. */
export function lfsError(
  { oid }: Pick<LfsPointer, "oid">,
  found: string,
  code: "GIT_LFS" | "GIT_LFS_CONTENT" = "GIT_LFS",
): BackupError {
  return new BackupError({
    code,
    message: `LFS object ${oid}: ${found}`,
    hint: "Run the task again; if it stays, look at the repository's LFS storage.",
    context: { found },
  });
}
