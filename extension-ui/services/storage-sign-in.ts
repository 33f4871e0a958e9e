/**
 * A token for Azure Storage of the person who is signed in to Azure DevOps: the page around us asks Microsoft Entra on
 * our behalf (nested app authentication). MSAL is large and loaded only when somebody signs in this way.
 */
import type { Clock } from "../../engine/foundation/clock.ts";
import { BackupError } from "../../engine/foundation/errors.ts";
import type { ProjectSettings, StorageSignIn } from "../model/project-services.ts";

/** The part of MSAL's nested client that is used. */
export interface NestedClient {
  acquireTokenSilent(request: TokenRequest): Promise<GivenToken>;
  acquireTokenPopup(request: TokenRequest): Promise<GivenToken>;
}

export interface GivenToken {
  readonly accessToken: string;
  readonly expiresOn: Date | null;
}

export interface TokenRequest {
  readonly scopes: string[];
  readonly authority: string;
}

export interface SignInParts {
  /** The SDK's bridge to the host; rejects where the host has none. */
  readonly enableBridge: () => Promise<void>;
  readonly client: (clientId: string, authority: string) => Promise<NestedClient>;
  readonly clock: Pick<Clock, "now">;
}

const scopes = ["https://storage.azure.com/user_impersonation"];

/** A token with less time left is renewed: a long read must not stumble over its end. */
const spareMs = 5 * 60_000;

/**
 * Undefined when the settings name no Entra application. A token is kept in memory until shortly before its end, so that
 * reading many blobs asks the host once; who asks at the same time waits for the same token.
 */
export function storageSignIn(
  { entraClientId, entraTenantId }: ProjectSettings,
  { enableBridge, client, clock }: SignInParts,
): StorageSignIn | undefined {
  if (entraClientId === undefined || entraTenantId === undefined) return undefined;
  // The storage account's tenant, which need not be the one in which the person signed in to Azure DevOps.
  const authority = `https://login.microsoftonline.com/${entraTenantId}`;
  let opening: Promise<NestedClient> | undefined;
  const open = async (): Promise<NestedClient> => {
    await enableBridge().catch((cause: unknown) => {
      throw noBridge(cause);
    });
    return client(entraClientId, authority);
  };
  const fresh = async (): Promise<GivenToken> => {
    opening ??= open();
    const nested = await opening.catch((error: unknown) => {
      opening = undefined;
      throw error instanceof BackupError ? error : refused(error);
    });
    return tokenFrom(nested, { scopes, authority });
  };
  let given: Promise<GivenToken> | undefined;
  return {
    async token() {
      const known = given;
      const isUsable = known !== undefined && lastsUntil(await known.catch(() => undefined), clock.now());
      // Somebody else may have asked while this one was looking.
      if (!isUsable && given === known) given = fresh();
      return (await (given ?? fresh())).accessToken;
    },
  };
}

function lastsUntil(token: GivenToken | undefined, now: Date): boolean {
  return token?.expiresOn != null && token.expiresOn.getTime() - now.getTime() > spareMs;
}

/** MSAL as it is published, in a chunk of its own. */
export async function msalClient(clientId: string, authority: string): Promise<NestedClient> {
  const { createNestablePublicClientApplication } = await import("@azure/msal-browser");
  return createNestablePublicClientApplication({
    auth: { clientId, authority },
    cache: { cacheLocation: "memoryStorage" },
  });
}

async function tokenFrom(client: NestedClient, request: TokenRequest): Promise<GivenToken> {
  try {
    return await client.acquireTokenSilent(request);
  } catch (cause) {
    if (!needsPerson(cause)) throw refused(cause);
  }
  try {
    return await client.acquireTokenPopup(request);
  } catch (cause) {
    throw refused(cause);
  }
}

/** By name: the class itself would pull MSAL into the page's first script. */
function needsPerson(error: unknown): boolean {
  return error instanceof Error && error.name === "InteractionRequiredAuthError";
}

function noBridge(cause: unknown): BackupError {
  return new BackupError({
    code: "SIGN_IN_UNAVAILABLE",
    message: "This Azure DevOps does not let extensions sign in to Microsoft Entra yet",
    hint: "Enter a SAS of the container with the rights read and list instead.",
    cause,
  });
}

function refused(cause: unknown): BackupError {
  const code = cause instanceof Error && "errorCode" in cause ? ` (${String(cause.errorCode).slice(0, 80)})` : "";
  return new BackupError({
    code: "SIGN_IN_REFUSED",
    message: `Microsoft Entra gave no token for Azure Storage${code}`,
    hint: "Check the application and tenant ids in Set up, and that the application may use Azure Storage; or enter a SAS instead.",
    cause,
  });
}
