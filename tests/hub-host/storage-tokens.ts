/** Tokens of Microsoft Entra as the host hands them to extensions: unsigned, but with the claims that storage checks. */
import { randomUUID } from "node:crypto";
import type { SignInMode } from "./page/facts.ts";

export interface StorageTokens {
  readonly tenantId: string;
  readonly objectId: string;
  readonly username: string;
  readonly accessToken: string;
  readonly idToken: string;
  readonly expiresInSeconds: number;
}

export const tenantId = "5b8f1c1e-6d3a-4a6e-9a53-2f1d8a0c7e11";
const storageAudience = "https://storage.azure.com";
const lifeSeconds = 3600;

/** In the mode `refused` the token is for another audience. */
export function storageTokens(
  mode: SignInMode,
  { user, clientId }: { readonly user: { readonly id: string; readonly name: string }; readonly clientId: string },
): StorageTokens {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const claims = {
    iss: `https://sts.windows.net/${tenantId}/`,
    tid: tenantId,
    oid: user.id,
    sub: user.id,
    preferred_username: user.name,
    iat: nowSeconds - 60,
    nbf: nowSeconds - 60,
    exp: nowSeconds + lifeSeconds,
    jti: randomUUID(),
  };
  const audience = mode === "refused" ? "https://graph.microsoft.com" : storageAudience;
  return {
    tenantId,
    objectId: user.id,
    username: user.name,
    accessToken: unsigned({ ...claims, aud: audience, appid: clientId, scp: "user_impersonation" }),
    idToken: unsigned({ ...claims, aud: clientId }),
    expiresInSeconds: lifeSeconds,
  };
}

function unsigned(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none", typ: "JWT" })}.${part(claims)}.none`;
}
