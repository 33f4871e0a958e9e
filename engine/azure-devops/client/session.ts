import { fromBase64, fromUtf8 } from "../../foundation/bytes.ts";
import type { Reporter } from "../../foundation/reporter.ts";
import { isSignInAddress, unauthorized } from "./answers.ts";
import type { ApiRequest } from "../azure-devops.ts";
import { requestName } from "../reading/request-name.ts";
import type { SignIn } from "../sign-in.ts";
import type { Governor } from "./throttle.ts";
import { truncated } from "../reading/truncated.ts";
import type { RawAnswer, Transport } from "./transport.ts";

export interface Outgoing {
  readonly request: ApiRequest;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
}

export interface SessionParts {
  readonly transport: Transport;
  readonly signIn: SignIn;
  readonly reporter: Reporter;
  /** The governor of a host. */
  readonly governorOf: (origin: string) => Governor;
}

const maxRedirects = 5;

/**
 * Authenticated exchanges with the organisation's hosts. The Authorization header goes to the origin a request was
 * made for and to no other; a redirect to another origin is followed without it, and only for content.
 */
export class Session {
  requests = 0;
  readonly #parts: SessionParts;
  readonly #masked = new Set<string>();

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  async authorization(rejected?: string): Promise<string> {
    const value = await this.#parts.signIn.authorization(rejected);
    if (!this.#masked.has(value)) {
      this.#masked.add(value);
      for (const secret of secretsIn(value)) this.#parts.reporter.addSecret(secret);
    }
    return value;
  }

  /** For answers in JSON: follows redirects of reads within the origin; every other one is a sign-in page or an error. */
  async send(outgoing: Outgoing): Promise<RawAnswer> {
    let url = outgoing.url;
    for (let hops = 0; ; hops += 1) {
      const answer = await this.#authenticated({ ...outgoing, url });
      const target = redirectOf(answer, url);
      if (target === undefined) return answer;
      answer.cancel();
      const isOwn = target.origin === url.origin && !isSignInAddress(target);
      if (!isOwn || hops >= maxRedirects || (outgoing.request.method ?? "GET") !== "GET") {
        throw unauthorized(outgoing.request, `it redirected to ${target.host}`);
      }
      url = target;
    }
  }

  /** For content: follows redirects to storage hosts, without credentials and never from https to http. */
  async fetch(outgoing: Outgoing): Promise<RawAnswer> {
    let url = outgoing.url;
    let isOwn = true;
    for (let hops = 0; hops <= maxRedirects; hops += 1) {
      const answer = isOwn
        ? await this.#authenticated({ ...outgoing, url })
        : await this.#exchange({ ...outgoing, url }, undefined);
      const target = redirectOf(answer, url);
      if (target === undefined) return answer;
      answer.cancel();
      if (isSignInAddress(target) || (url.protocol === "https:" && target.protocol !== "https:")) {
        throw unauthorized(outgoing.request, `it redirected to ${target.host}`);
      }
      // Once away, credentials stay off even if the way leads back.
      isOwn &&= target.origin === url.origin;
      url = target;
    }
    throw truncated(requestName(outgoing.request), "it redirects in a circle");
  }

  async #authenticated(outgoing: Outgoing): Promise<RawAnswer> {
    const authorization = await this.authorization();
    const answer = await this.#exchange(outgoing, authorization);
    if (answer.status !== 401) return answer;
    const renewed = await this.authorization(authorization);
    if (renewed === authorization) return answer;
    answer.cancel();
    return this.#exchange(outgoing, renewed);
  }

  async #exchange(outgoing: Outgoing, authorization: string | undefined): Promise<RawAnswer> {
    const { request, url, headers, body } = outgoing;
    this.requests += 1;
    const answer = await this.#parts.transport.send({
      name: requestName(request),
      method: request.method ?? "GET",
      url,
      headers: { ...headers, ...(authorization !== undefined && { authorization }) },
      body,
    });
    if (authorization !== undefined) {
      this.#parts.governorOf(url.origin).observe(answer.status, (name) => answer.header(name));
    }
    return answer;
  }
}

function redirectOf(answer: RawAnswer, from: URL): URL | undefined {
  const location = answer.header("location");
  if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) return undefined;
  if (!URL.canParse(location, from.href)) return undefined;
  const target = new URL(location, from.href);
  return target.protocol === "https:" || target.protocol === "http:" ? target : undefined;
}

/** What of an Authorization header must not be seen: the credential, and the token inside a Basic one. */
function secretsIn(authorization: string): readonly string[] {
  const credential = authorization.slice(authorization.indexOf(" ") + 1);
  if (!authorization.startsWith("Basic ")) return [credential];
  const decoded = fromBase64(credential);
  if (decoded === undefined) return [credential];
  const text = fromUtf8(decoded);
  return [credential, text.slice(text.indexOf(":") + 1)].filter((secret) => secret !== "");
}
