import { BackupError } from "../foundation/errors.ts";
import { parseObject, stringAt } from "../foundation/json.ts";
import { retrying, type RetryTools } from "../foundation/retry.ts";

export interface OidcRequest {
  readonly serviceConnectionId: string;
  /** `System.OidcRequestUri` of the job. */
  readonly requestUri: string;
  readonly systemAccessToken: string;
}

const RETRY = { attempts: 4, firstDelayMs: 500, maxDelayMs: 4000 };
const TIMEOUT_MS = 30_000;

/** Changes the job's token into one that Entra trusts for this service connection. Throws SIGN_IN_OIDC. */
export async function pipelineOidcToken(request: OidcRequest, tools: RetryTools): Promise<string> {
  const url = addressOf(request);
  const decide = (error: unknown): { afterMs: number } | undefined =>
    error instanceof BackupError && error.context.transient === true ? { afterMs: 0 } : undefined;
  return retrying(() => askOnce(url, request), decide, { ...tools, policy: RETRY });
}

function addressOf({ requestUri, serviceConnectionId }: OidcRequest): URL {
  const url = URL.canParse(requestUri) ? new URL(requestUri) : undefined;
  const isLocal = url?.hostname === "127.0.0.1" || url?.hostname === "localhost";
  if (url === undefined || (url.protocol !== "https:" && !isLocal)) {
    throw refused("System.OidcRequestUri is not an https address", "Run the task on an Azure Pipelines agent.");
  }
  url.searchParams.set("api-version", "7.1");
  url.searchParams.set("serviceConnectionId", serviceConnectionId);
  return url;
}

async function askOnce(url: URL, request: OidcRequest): Promise<string> {
  let answer: Response;
  try {
    answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${request.systemAccessToken}` },
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    throw refused(`${url.host} did not answer when asked for a federated token`, "Check the agent's network.", true);
  }
  const body = parseObject(await answer.text().catch(() => ""));
  const token = body === undefined ? undefined : stringAt(body, "oidcToken");
  if (answer.ok && token !== undefined && token !== "") return token;
  const isTransient = answer.status === 429 || answer.status >= 500;
  throw refused(
    `Azure DevOps gave no federated token for the service connection ${request.serviceConnectionId} (answer ${answer.status})`,
    "Authorise this pipeline for the service connection, and check that the connection still exists.",
    isTransient,
  );
}

function refused(message: string, hint: string, transient = false): BackupError {
  return new BackupError({ code: "SIGN_IN_OIDC", message, hint, context: { transient } });
}
