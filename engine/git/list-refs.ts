import type { Advertisement, GitRemote } from "./git-access.ts";
import { lsRefsRequest, readAdvertisement, readLsRefs } from "./advertisement.ts";
import type { AdvertisedRefs } from "./advertisement.ts";
import { credentialsOf } from "./http-transport.ts";
import type { GitHttp } from "./http-transport.ts";
import { PacketReader } from "./pkt-line.ts";

const suffix = "/info/refs?service=git-upload-pack";
const advertisementType = "application/x-git-upload-pack-advertisement";

/**
 * Lists all refs: one request, as v0 knows it. A server that answers in v2 (asked for by `protocol`) gets a second
 * one. Redirects are followed and remembered in `url`. Also returns the ref names that were left out.
 */
export async function listRefs(
  http: GitHttp,
  remote: GitRemote,
  protocol: 0 | 1 | 2,
): Promise<{ readonly advertisement: Advertisement; readonly refused: readonly string[] }> {
  const asked = remote.url.replace(/\/+$/, "");
  const answer = await http.send({
    name: asked,
    method: "GET",
    url: `${asked}${suffix}`,
    credentials: credentialsOf(remote),
    followRedirects: true,
    headers: {
      accept: advertisementType,
      "accept-encoding": "gzip",
      ...(protocol === 0 ? {} : { "git-protocol": `version=${protocol}` }),
    },
  });
  const reader = new PacketReader(answer.body, asked);
  if (answer.headers["content-type"] !== advertisementType) {
    throw reader.unexpected(`content type ${answer.headers["content-type"] ?? "missing"}`);
  }
  const advertised = await readAdvertisement(reader);
  await reader.finish();
  const url = answer.url.endsWith(suffix) ? answer.url.slice(0, -suffix.length) : asked;
  const { version, capabilities } = advertised;
  const listed = advertised.version === 2 ? await lsRefs(http, { remote, url, capabilities }) : advertised;
  const { hash, refs, head, refused } = listed;
  return { advertisement: { version, hash, refs, head, capabilities, url }, refused };
}

async function lsRefs(
  http: GitHttp,
  from: { readonly remote: GitRemote; readonly url: string; readonly capabilities: ReadonlyMap<string, string> },
): Promise<AdvertisedRefs> {
  const answer = await http.send({
    name: from.url,
    method: "POST",
    url: `${from.url}/git-upload-pack`,
    credentials: credentialsOf(from.remote),
    body: Buffer.from(lsRefsRequest(from.capabilities)),
    headers: {
      "content-type": "application/x-git-upload-pack-request",
      accept: "application/x-git-upload-pack-result",
      "git-protocol": "version=2",
    },
  });
  const reader = new PacketReader(answer.body, from.url);
  const refs = await readLsRefs(reader, from.capabilities);
  await reader.finish();
  return refs;
}
