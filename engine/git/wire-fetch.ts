import { BackupError } from "../foundation/errors.ts";
import { fetchPack } from "./fetch-pack.ts";
import type { PackSource } from "./fetch-pack.ts";
import { fetchedBundle, havesOf, wantsOf } from "./fetched-bundle.ts";
import type { FetchedBundle, FetchRequest, GitRemote } from "./git-access.ts";
import { credentialsOf } from "./http-transport.ts";
import type { GitHttp } from "./http-transport.ts";

/**
 * A bundle over the wire. When the server knows none of the haves, the answer may lack what unchanged refs need: it is
 * then asked again for everything.
 */
export async function fetchOverWire(http: GitHttp, remote: GitRemote, request: FetchRequest): Promise<FetchedBundle> {
  refuseMovedRefs(request);
  if (wantsOf(request).length === 0) throw new Error("fetchBundle needs a ref that is not known yet");
  const haves = havesOf(request);
  if (haves.length > 0) {
    const source = await fetchSource(http, remote, { request, haves });
    if (source.common.size > 0) return fetchedBundle(request, source, "wire");
    await source.cancel();
  }
  const everything = { ...request, known: {} };
  return fetchedBundle(everything, await fetchSource(http, remote, { request: everything, haves: [] }), "wire-base");
}

async function fetchSource(
  http: GitHttp,
  remote: GitRemote,
  { request, haves }: { readonly request: FetchRequest; readonly haves: readonly string[] },
): Promise<PackSource> {
  const { advertisement, thin } = request;
  const credentials = credentialsOf(remote);
  return fetchPack(http, {
    advertisement,
    credentials,
    wants: wantsOf(request),
    haves,
    thin: thin && haves.length > 0,
  });
}

/** Wants have to stand in the advertisement: servers refuse others, and then the whole request. */
function refuseMovedRefs({ advertisement, refs }: FetchRequest): void {
  const advertised = new Set(Object.values(advertisement.refs).map(([oid]) => oid));
  const moved = Object.entries(refs).find(([, oid]) => !advertised.has(oid));
  if (moved === undefined) return;
  throw new BackupError({
    code: "GIT_MOVED",
    message: `Ref ${moved[0]} of ${advertisement.url} moved while it was read`,
    hint: "List the refs again and repeat; the next run does so.",
  });
}
