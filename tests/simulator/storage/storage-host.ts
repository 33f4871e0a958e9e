/**
 * Where the service's downloads are redirected to: another host name, an address that carries its own permission,
 * and a refusal for requests that bring credentials along.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { emptyAnswer, textAnswer } from "../http/answer.ts";
import type { PlainAnswer } from "../http/answer.ts";

export interface StorageHost {
  /** Keeps an answer and redirects to it. */
  put(answer: PlainAnswer, request: IncomingMessage): PlainAnswer;
  /** The answer of this host, when the request is for it. */
  taken(request: IncomingMessage): PlainAnswer | undefined;
}

const path = "/_storage/";

export function storageHost(): StorageHost {
  const kept = new Map<string, PlainAnswer>();
  return {
    put: (answer, request) => {
      const id = randomUUID();
      kept.set(id, answer);
      const port = (request.headers.host ?? "").replace(/^.*:/, "");
      return emptyAnswer(302, { location: `http://localhost:${port}${path}${id}?se=soon&sig=${randomUUID()}` });
    },
    taken: (request) => {
      const url = request.url ?? "";
      if (!url.startsWith(path)) return undefined;
      if (request.headers.authorization !== undefined) return textAnswer(400, "InvalidAuthenticationInfo");
      return kept.get(url.slice(path.length).replace(/\?.*$/, "")) ?? emptyAnswer(404);
    },
  };
}
