import { hasCode } from "../../foundation/errors.ts";
import type { JsonValue } from "../../foundation/json.ts";
import { isWrite, jsonOf, refusedThough, requireContent } from "./answers.ts";
import { locationNamesOf, scopeOf } from "./service-areas.ts";
import type { ApiAnswer, ApiRequest, Area, AzureDevOps, Download } from "../azure-devops.ts";
import { isNotFound, listOf } from "../reading/paging.ts";
import { fewAttempts, persist } from "./persistence.ts";
import type { Persistence } from "./persistence.ts";
import { requestUrl } from "./request-url.ts";
import { createServiceHosts } from "./service-hosts.ts";
import type { ServiceUrls } from "./service-hosts.ts";
import type { Session } from "./session.ts";
import type { Governor } from "./throttle.ts";
import type { RawAnswer } from "./transport.ts";
import { createVersions } from "./versions.ts";
import type { Versions } from "./versions.ts";

export interface RequestParts {
  readonly organizationUrl: string;
  readonly serviceUrls: ServiceUrls;
  readonly session: Session;
  readonly governorOf: (origin: string) => Governor;
  readonly answerTimeoutMs: number;
  readonly persistence: Omit<Persistence, "patienceMs" | "signInAttempts">;
}

/** Before the service has taken the sign-in once: enough for an answer that was a mistake of the moment. */
const firstSignInAttempts = 2;

type UploadRequest = Parameters<AzureDevOps["upload"]>[0];

/**
 * One request from its description to its answer:
 *   base URL of the area → for each api-version that may work → until it passes or patience ends →
 *   in the governor's turn → one exchange → the answer's JSON, or the error it stands for.
 */
export class Requests {
  /** How long one request is repeated through an outage. */
  patienceMs: number;
  /** Asks the service anew who we are; set once it has answered. Throws ADO_UNAUTHORIZED when it takes the sign-in no more. */
  proveSignIn: (() => Promise<unknown>) | undefined;
  readonly baseUrlOf: (area: Area) => Promise<string>;
  readonly versions: Versions;
  readonly #parts: RequestParts;
  #proving: Promise<boolean> | undefined;
  /** Scopes that the token was found to lack: what needs one is not asked for with patience again. */
  readonly #refused = new Set<string>();

  constructor(parts: RequestParts, patienceMs: number) {
    this.#parts = parts;
    this.patienceMs = patienceMs;
    this.versions = createVersions((area) => this.#locations(area));
    this.baseUrlOf = createServiceHosts(parts.organizationUrl, parts.serviceUrls, () =>
      this.call({ area: "location", path: ["resourceAreas"] }),
    );
  }

  /** Whether the service takes the sign-in now. Several who ask at the same time share one answer. */
  signInHolds(): Promise<boolean> {
    this.#proving ??= this.#proof().finally(() => {
      this.#proving = undefined;
    });
    return this.#proving;
  }

  async call(request: ApiRequest): Promise<ApiAnswer> {
    return this.#callAt(await this.baseUrlOf(request.area), request);
  }

  async upload(request: UploadRequest): Promise<ApiAnswer> {
    const { content, headers, contentType, ...plain } = request;
    const sent = { "content-type": contentType ?? "application/octet-stream", ...headers };
    const baseUrl = await this.baseUrlOf(request.area);
    return this.#answered(baseUrl, plain, (url) => ({ request: plain, url, headers: sent, body: content }));
  }

  async download(request: ApiRequest): Promise<Download> {
    const baseUrl = await this.baseUrlOf(request.area);
    const headers = { accept: "application/octet-stream, */*;q=0.5" };
    return this.#attempts(baseUrl, request, async (url) => {
      const answer = await this.#parts.session.fetch({ request, url, headers });
      await requireContent(answer, request);
      return downloadOf(answer);
    });
  }

  #callAt(baseUrl: string, request: ApiRequest): Promise<ApiAnswer> {
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const contentType = request.contentType ?? "application/json";
    const headers = body === undefined ? {} : { "content-type": `${contentType}; charset=utf-8` };
    return this.#answered(baseUrl, request, (url) => ({ request, url, headers, body }));
  }

  #answered(
    baseUrl: string,
    request: ApiRequest,
    outgoing: (url: URL) => Parameters<Session["send"]>[0],
  ): Promise<ApiAnswer> {
    return this.#attempts(baseUrl, request, async (url) => {
      const { headers, ...rest } = outgoing(url);
      const accept = { accept: "application/json", "accept-encoding": "gzip" };
      const answer = await this.#parts.session.send({ ...rest, headers: { ...accept, ...headers } });
      const body = await jsonOf(answer, request, this.#parts.answerTimeoutMs);
      return { status: answer.status, body, continuationToken: tokenOf(answer) };
    });
  }

  /** Tries the api-version of the table, and what the service offers instead where it refuses that. */
  async #attempts<Result>(baseUrl: string, request: ApiRequest, work: (url: URL) => Promise<Result>): Promise<Result> {
    const asked = this.versions.of(request);
    try {
      return await this.#persistently(requestUrl(baseUrl, request, asked), request, work);
    } catch (error) {
      if (!hasCode(error, "ADO_VERSION") || request.version !== undefined) throw error;
      for (const version of await this.versions.alternatives(request, asked)) {
        const result = await this.#unlessRefused(requestUrl(baseUrl, request, version), request, work);
        if (result === undefined) continue;
        await this.versions.remember(request, asked, version);
        return result.value;
      }
      throw error;
    }
  }

  async #unlessRefused<Result>(
    url: URL,
    request: ApiRequest,
    work: (url: URL) => Promise<Result>,
  ): Promise<{ readonly value: Result } | undefined> {
    try {
      return { value: await this.#persistently(url, request, work) };
    } catch (error) {
      if (hasCode(error, "ADO_VERSION")) return undefined;
      throw error;
    }
  }

  /**
   * A refused sign-in that stays is the request's own matter as long as the service takes it elsewhere: personal access
   * tokens without a scope are answered 401. It is then ADO_FORBIDDEN.
   */
  async #persistently<Result>(url: URL, request: ApiRequest, work: (url: URL) => Promise<Result>): Promise<Result> {
    const scope = scopeOf(request, isWrite(request));
    try {
      const result = await this.#repeatedly(url, request, work);
      this.#refused.delete(scope);
      return result;
    } catch (error) {
      const isOfArea = request.area !== "location" && hasCode(error, "ADO_UNAUTHORIZED");
      if (!isOfArea || !(await this.signInHolds())) throw error;
      this.#refused.add(scope);
      throw refusedThough(error, request);
    }
  }

  #repeatedly<Result>(url: URL, request: ApiRequest, work: (url: URL) => Promise<Result>): Promise<Result> {
    const governor = this.#parts.governorOf(url.origin);
    const isKnown = this.#refused.has(scopeOf(request, isWrite(request)));
    const attempts = this.proveSignIn === undefined ? firstSignInAttempts : fewAttempts;
    const persistence = {
      ...this.#parts.persistence,
      patienceMs: this.patienceMs,
      signInAttempts: isKnown ? 1 : attempts,
    };
    const isRepeatable = request.isRepeatable ?? !isWrite(request);
    return persist(() => governor.turn(() => work(url)), isRepeatable, persistence);
  }

  async #proof(): Promise<boolean> {
    if (this.proveSignIn === undefined) return false;
    try {
      await this.proveSignIn();
      return true;
    } catch (error) {
      if (hasCode(error, "ADO_UNAUTHORIZED")) return false;
      throw error;
    }
  }

  async #locations(area: Area): Promise<readonly JsonValue[]> {
    const baseUrl = await this.baseUrlOf(area);
    const found = await Promise.all(locationNamesOf(area).map((name) => this.#locationsNamed(baseUrl, area, name)));
    return found.flat();
  }

  async #locationsNamed(baseUrl: string, area: Area, name: string): Promise<readonly JsonValue[]> {
    const request: ApiRequest = { area, method: "OPTIONS", path: [name], isRead: true };
    const url = new URL(`${baseUrl}/_apis/${encodeURIComponent(name)}`);
    try {
      return await this.#persistently(url, request, async () => {
        const answer = await this.#parts.session.send({ request, url, headers: { accept: "application/json" } });
        const body = await jsonOf(answer, request, this.#parts.answerTimeoutMs);
        return listOf({ status: answer.status, body, continuationToken: undefined }, `OPTIONS ${name}`);
      });
    } catch (error) {
      if (isNotFound(error)) return [];
      throw error;
    }
  }
}

function tokenOf(answer: RawAnswer): string | undefined {
  const token = answer.header("x-ms-continuationtoken");
  return token === "" ? undefined : token;
}

function downloadOf(answer: RawAnswer): Download {
  const isPlain = (answer.header("content-encoding") ?? "identity") === "identity";
  const announced = answer.header("content-length");
  const length = isPlain && announced !== undefined ? Number(announced) : undefined;
  return { length, chunks: answer.body };
}
