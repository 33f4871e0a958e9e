/** Where sign-in tokens come from; has the shape that Azure's SDK takes as a credential. */
export interface TokenSource {
  /** Throws a BackupError (SIGN_IN_…) when signing in fails. */
  getToken(scopes: string | string[], options?: TokenOptions): Promise<AccessToken>;
}

export interface AccessToken {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expiresOnTimestamp: number;
}

export interface TokenOptions {
  readonly abortSignal?: AbortSignal;
}

/** Entra's name for Azure Storage, in all clouds. */
export const STORAGE_SCOPE = "https://storage.azure.com/.default";
/** Entra's name for Azure DevOps Services. */
export const AZURE_DEVOPS_SCOPE = "499b84ac-1321-427f-aa17-267ca6975798/.default";
