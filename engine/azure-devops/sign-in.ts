import { toBase64, utf8 } from "../foundation/bytes.ts";
import type { Clock } from "../foundation/clock.ts";
import { BackupError } from "../foundation/errors.ts";

/**
 * How we prove who we are
 * (learn.microsoft.com/azure/devops/integrate/get-started/authentication/authentication-guidance).
 */
export interface SignIn {
  /**
   * Value of the Authorization header. `rejected` is the value the service has just refused: a sign-in that can
   * renew itself answers with another one, every other with the same.
   */
  authorization(rejected?: string): Promise<string>;
}

export interface ExpiringToken {
  readonly token: string;
  readonly expiresOn: Date;
}

/** A personal access token, as Basic with an empty user name. */
export function personalAccessToken(token: string): SignIn {
  return fixed(`Basic ${toBase64(utf8(`:${cleanToken(token, "The access token")}`))}`);
}

/** The token of the running job (`System.AccessToken`); a personal access token put in its place works as well. */
export function jobToken(token: string): SignIn {
  const clean = cleanToken(token, "The job's token (System.AccessToken)");
  return isPersonalAccessToken(clean) ? personalAccessToken(clean) : fixed(`Bearer ${clean}`);
}

/**
 * A token a person typed in: a Microsoft Entra token (a JWT) is sent as Bearer, anything else is a personal access
 * token.
 */
export function accessToken(token: string): SignIn {
  const clean = cleanToken(token, "The access token");
  return isJwt(clean) ? fixed(`Bearer ${clean}`) : personalAccessToken(clean);
}

const refreshBeforeMs = 5 * 60_000;

/** A Microsoft Entra token that is fetched again five minutes before it expires, or when the service refuses it. */
export function entraToken(fetchToken: () => Promise<ExpiringToken>, clock: Clock): SignIn {
  let current: ExpiringToken | undefined;
  let fetching: Promise<ExpiringToken> | undefined;

  async function renewed(): Promise<ExpiringToken> {
    fetching ??= fetchToken().finally(() => {
      fetching = undefined;
    });
    current = await fetching;
    return current;
  }

  async function usable(): Promise<ExpiringToken> {
    const leftMs = current === undefined ? 0 : current.expiresOn.getTime() - clock.now().getTime();
    if (current !== undefined && leftMs > refreshBeforeMs) return current;
    const old = current;
    try {
      return await renewed();
    } catch (error) {
      if (old !== undefined && leftMs > 0) return old;
      throw error;
    }
  }

  return {
    async authorization(rejected) {
      const { token } = await usable();
      if (`Bearer ${token}` !== rejected) return `Bearer ${token}`;
      return `Bearer ${(await renewed()).token}`;
    },
  };
}

function fixed(authorization: string): SignIn {
  return { authorization: () => Promise.resolve(authorization) };
}

/**
 * Classic ones have 52 characters; new ones 84 with AZDO at position 76
 * (learn.microsoft.com/azure/devops/integrate/get-started/authentication/authentication-guidance).
 */
function isPersonalAccessToken(token: string): boolean {
  return /^[a-z2-7]{52}$/.test(token) || (token.length === 84 && token.slice(76, 80) === "AZDO");
}

function isJwt(token: string): boolean {
  return /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/.test(token);
}

/** Takes off what copying adds (blanks, line ends, `Bearer `) and refuses what cannot be a token. Never quotes it. */
function cleanToken(token: string, name: string): string {
  const clean = token.trim().replace(/^bearer\s+/i, "");
  if (clean === "") throw unusable(name, "is empty", "Map it from a secret variable or pick another way to sign in.");
  if (/^\$\(.*\)$/.test(clean)) {
    throw unusable(
      name,
      "is a variable that was not replaced",
      "Check that the variable exists and that the job may read it.",
    );
  }
  if (!/^[\x21-\x7e]+$/.test(clean)) {
    throw unusable(
      name,
      "contains blanks or characters no token has",
      "Copy the token again, without line breaks or quotes.",
    );
  }
  return clean;
}

function unusable(name: string, found: string, hint: string): BackupError {
  return new BackupError({ code: "INPUT", message: `${name} ${found}`, hint });
}
