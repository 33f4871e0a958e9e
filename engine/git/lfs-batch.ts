/** The LFS batch API (git-lfs, docs/api/batch.md): what to do with which object, and with which credentials. */
import { BackupError } from "../foundation/errors.ts";
import { readAll } from "../foundation/bytes.ts";
import { arrayAt, isObject, numberAt, objectAt, parseObject, stringAt } from "../foundation/json.ts";
import type { JsonObject, JsonValue } from "../foundation/json.ts";
import type { GitRemote, LfsPointer } from "./git-access.ts";
import { credentialsOf } from "./http-transport.ts";
import type { Credentials, GitHttp } from "./http-transport.ts";
import { isLfsHost, isOwnHeader } from "./lfs-hosts.ts";

export interface LfsAction {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Ours, when the answer brings none of its own; the transport keeps them to the remote's origin. */
  readonly credentials?: Credentials;
}

export interface LfsVerdict extends LfsPointer {
  readonly download?: LfsAction;
  readonly upload?: LfsAction;
  readonly verify?: LfsAction;
  readonly error?: { readonly code: number; readonly message: string };
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
    return found === undefined ? {} : { [name]: found };
  };
  const strange = strangeHost(actions, remote);
  if (strange !== undefined) return { oid, size: 0, error: strange };
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

/** The code of what cannot be processed: the object is told as one that the server does not have. */
const unprocessable = 422;

/** One action that leads elsewhere makes all of the object's worth nothing. */
function strangeHost(actions: JsonObject, remote: GitRemote): LfsVerdict["error"] {
  for (const action of Object.values(actions)) {
    const href = isObject(action) ? stringAt(action, "href") : undefined;
    if (href === undefined || !URL.canParse(href)) continue;
    const url = sameScheme(new URL(href), new URL(remote.url));
    if (!isLfsHost(url, new URL(remote.url)))
      return { code: unprocessable, message: `the server sends us to ${url.host}, which is none of its hosts` };
  }
  return undefined;
}

function actionOf(action: JsonObject | undefined, remote: GitRemote): LfsAction | undefined {
  const href = action && stringAt(action, "href");
  if (action === undefined || href === undefined || !URL.canParse(href)) return undefined;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(objectAt(action, "header") ?? {})) {
    const header = name.toLowerCase();
    if (typeof value === "string" && isOwnHeader(header, value)) headers[header] = value;
  }
  const url = sameScheme(new URL(href), new URL(remote.url));
  return {
    url: url.href,
    headers,
    ...(headers.authorization === undefined ? { credentials: credentialsOf(remote) } : {}),
  };
}

/** Servers behind TLS offload name themselves http: the same host is then asked by https, as the remote is. */
function sameScheme(url: URL, remote: URL): URL {
  if (url.hostname !== remote.hostname || remote.protocol !== "https:" || url.protocol !== "http:") return url;
  const secure = new URL(url);
  secure.protocol = "https:";
  secure.port = remote.port;
  return secure;
}

/** What came is not what the pointer says: the object's own trouble, not the transfer's. */
export function lfsContentError({ oid }: Pick<LfsPointer, "oid">, found: string): BackupError {
  return new BackupError({
    code: "GIT_LFS_CONTENT",
    message: `LFS object ${oid}: ${found}`,
    hint: "The pointer in the repository or the object on the server is wrong: push the object again with git lfs.",
  });
}

export function lfsError({ oid }: Pick<LfsPointer, "oid">, found: string, cause?: unknown): BackupError {
  return new BackupError({
    code: "GIT_LFS",
    message: `LFS object ${oid}: ${found}`,
    hint: "Run the task again; if it stays, look at the repository's LFS storage.",
    cause,
  });
}
