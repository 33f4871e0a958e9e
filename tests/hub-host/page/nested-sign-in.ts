/**
 * Nested app authentication as a host offers it: requests of the extension's MSAL come in as JSON, answers go back as
 * JSON. Tokens come from the server, which knows what the storage stand-in takes.
 */
import type { HostFacts } from "./facts.ts";
import { log } from "./log.ts";

interface BridgeRequest {
  readonly method: string;
  readonly requestId: string;
  readonly tokenParams?: { readonly clientId?: string; readonly scope?: string; readonly authority?: string };
}

interface Tokens {
  readonly tenantId: string;
  readonly objectId: string;
  readonly username: string;
  readonly accessToken: string;
  readonly idToken: string;
  readonly expiresInSeconds: number;
}

export function nestedSignIn({ signIn }: HostFacts): object {
  return {
    processRequest: async (text: string): Promise<string> => {
      const request = JSON.parse(text) as BridgeRequest;
      log.push({ service: "signIn", method: request.method, args: [request.tokenParams ?? {}] });
      return JSON.stringify(await answerTo(request, signIn));
    },
  };
}

async function answerTo(request: BridgeRequest, mode: HostFacts["signIn"]): Promise<object> {
  const { method, requestId, tokenParams = {} } = request;
  const answer = { messageType: "NestedAppAuthResponse", requestId, success: true };
  const isToken = method === "GetToken" || method === "GetTokenPopup";
  if (!isToken && method !== "GetInitContext") return answer;
  if (isToken && mode === "denied") return refusal(answer, "USER_CANCEL", "access_denied");
  if (method === "GetToken" && mode === "interaction")
    return refusal(answer, "USER_INTERACTION_REQUIRED", "consent_required");
  const tokens = await tokensFor(tokenParams.clientId ?? "", mode);
  const account = {
    homeAccountId: `${tokens.objectId}.${tokens.tenantId}`,
    environment: "login.microsoftonline.com",
    tenantId: tokens.tenantId,
    username: tokens.username,
    localAccountId: tokens.objectId,
  };
  if (!isToken) {
    const initContext = {
      sdkName: "host",
      sdkVersion: "1",
      capabilities: { queryAccount: false },
      accountContext: account,
    };
    return { ...answer, initContext };
  }
  const token = {
    access_token: tokens.accessToken,
    id_token: tokens.idToken,
    scope: tokenParams.scope ?? "",
    expires_in: tokens.expiresInSeconds,
    token_type: "Bearer",
  };
  return { ...answer, token, account };
}

function refusal(answer: object, status: string, description: string): object {
  return { ...answer, success: false, error: { status, code: description, description } };
}

async function tokensFor(clientId: string, mode: HostFacts["signIn"]): Promise<Tokens> {
  const answer = await fetch(`/_host/storage-token?mode=${mode}&clientId=${encodeURIComponent(clientId)}`, {
    method: "POST",
  });
  return (await answer.json()) as Tokens;
}
