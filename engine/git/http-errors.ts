/** What an HTTP answer or a broken connection means for Git and LFS, as errors a person can act on. */
import { BackupError } from "../foundation/errors.ts";

export interface HttpFailure {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Beginning of the body. */
  readonly text: string;
  /** What was asked, for people: `https://dev.azure.com/org/project/_git/repo`. */
  readonly name: string;
}

interface Verdict {
  readonly code: string;
  readonly found: string;
  readonly hint: string;
}

const signInHint =
  "Check the token: it may have expired, or lack the scope Code (Read). For the job token see 'Limit job authorization scope'.";
const signInPage: Verdict = { code: "GIT_UNAUTHORIZED", found: "answered with a sign-in page", hint: signInHint };

/** The Retry-After header in milliseconds, seconds or HTTP date; 0 when there is none. */
export function retryAfterMs(header: string | undefined, now: Date): number {
  if (header === undefined) return 0;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(header);
  return Number.isNaN(date) ? 0 : Math.max(0, date - now.getTime());
}

/** An answer that is not what was asked for. `retryAfterMs` is kept in the context. */
export function httpError(failure: HttpFailure, waitMs = 0): BackupError {
  const { status, text, name, headers } = failure;
  const { code, found, hint } = verdictOn(failure);
  const own = isPage(failure) ? "" : text.trim().slice(0, 300);
  const activityId = headers.activityid ?? headers["x-vss-e2eid"];
  return new BackupError({
    code,
    message: `${name} ${found} (HTTP ${status})${own === "" ? "" : `: ${own}`}`,
    hint,
    context: { status, retryAfterMs: waitMs, ...(activityId === undefined ? {} : { activityId }) },
  });
}

export function isPage({ headers }: Pick<HttpFailure, "headers">): boolean {
  return (headers["content-type"] ?? "").startsWith("text/html");
}

function verdictOn(failure: HttpFailure): Verdict {
  const { status, text } = failure;
  if (asksToSignIn(failure)) return signInPage;
  if ((status === 403 || status === 404) && /disabled/i.test(text)) return disabled;
  if (headersAskToWait(failure)) return throttled;
  const verdict = verdicts.get(status);
  if (verdict !== undefined) return verdict;
  if (status >= 500) return unavailable;
  return status >= 300 && status < 400 ? redirected : unexpected;
}

/** The page to sign in, or the way there. */
function asksToSignIn(failure: HttpFailure): boolean {
  const { status, headers } = failure;
  if (status === 203 || (status < 400 && isPage(failure))) return true;
  return status >= 300 && status < 400 && /_signin|\/oauth2\/|\/\/login\./i.test(headers.location ?? "");
}

const disabled: Verdict = {
  code: "GIT_DISABLED",
  found: "is disabled",
  hint: "Enable the repository in the project's settings to read it.",
};
const throttled: Verdict = {
  code: "GIT_THROTTLED",
  found: "asked to slow down, again and again",
  hint: "The service limits this identity: run with a lower parallelism or at another hour.",
};
const unavailable: Verdict = {
  code: "GIT_UNAVAILABLE",
  found: "failed",
  hint: "The service has a problem: run the task again later.",
};
const redirected: Verdict = {
  code: "GIT_PROTOCOL",
  found: "redirected where redirects are not followed",
  hint: "Use the address that the service redirects to, if it is yours.",
};
const unexpected: Verdict = {
  code: "GIT_PROTOCOL",
  found: "gave an unexpected answer",
  hint: "Check that the address is a Git repository and that no proxy changes requests.",
};
const verdicts: ReadonlyMap<number, Verdict> = new Map([
  [401, { code: "GIT_UNAUTHORIZED", found: "refused the token", hint: signInHint }],
  [
    403,
    {
      code: "GIT_UNAUTHORIZED",
      found: "refused access",
      hint: "Give the identity the permission Read (restore: also Contribute) on the repository.",
    },
  ],
  [
    404,
    {
      code: "GIT_NOT_FOUND",
      found: "was not found",
      hint: "It may have been deleted or renamed, or be hidden from this identity.",
    },
  ],
  [429, throttled],
]);

function headersAskToWait({ status, headers }: HttpFailure): boolean {
  return status === 503 && headers["retry-after"] !== undefined;
}

const certificateCodes = /CERT|SELF_SIGNED|UNABLE_TO_(?:GET_ISSUER|VERIFY)|ERR_TLS/;

/** No answer, or one that broke off. */
export function connectionError(error: unknown, name: string, isAnswered: boolean): BackupError {
  const { code, message } = error as { code?: string; message?: string };
  const reason = code ?? message ?? "unknown reason";
  if (isAnswered) {
    return new BackupError({
      code: "GIT_TRUNCATED",
      message: `The answer of ${name} broke off (${reason})`,
      hint: "This is usually a broken connection: run the task again.",
      cause: error,
    });
  }
  const hint = certificateCodes.test(reason)
    ? "Give Node the issuing certificate: set NODE_EXTRA_CA_CERTS to its PEM file."
    : "Check the network and the proxy settings of the agent, then run the task again.";
  return new BackupError({
    code: "GIT_UNAVAILABLE",
    message: `${name} could not be reached (${reason})`,
    hint,
    cause: error,
    context: { isRetryable: !certificateCodes.test(reason) },
  });
}
