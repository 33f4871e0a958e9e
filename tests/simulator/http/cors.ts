/** What browsers ask and are told when a page of another origin calls the service. */
import type { IncomingMessage } from "node:http";
import { emptyAnswer, type PlainAnswer } from "./answer.ts";

/** The answer to a preflight, which carries no credential; undefined for any other request. */
export function preflightAnswer(request: IncomingMessage): PlainAnswer | undefined {
  if (request.method !== "OPTIONS" || request.headers["access-control-request-method"] === undefined) return undefined;
  return emptyAnswer(200, {
    ...corsHeaders(request),
    "access-control-allow-methods": "OPTIONS,GET,POST,PATCH,PUT,DELETE",
    "access-control-allow-headers": request.headers["access-control-request-headers"] ?? "authorization",
    "access-control-max-age": "3600",
  });
}

/** Headers of every answer to a page of another origin. */
export function corsHeaders(request: IncomingMessage): Readonly<Record<string, string>> {
  const { origin } = request.headers;
  if (origin === undefined) return {};
  return {
    "access-control-allow-origin": origin,
    "access-control-allow-credentials": "true",
    "access-control-expose-headers": "ActivityId,X-TFS-Session,X-MS-ContinuationToken,ETag",
    vary: "Origin",
  };
}
