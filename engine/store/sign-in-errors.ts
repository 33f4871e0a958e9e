import { AuthenticationError } from "@azure/identity";
import { BackupError } from "../foundation/errors.ts";
import { inert } from "../foundation/text.ts";

interface Advice {
  readonly found: string;
  readonly hint: string;
}

const NOT_FEDERATED: Advice = {
  found: "its federated credential does not match",
  hint: "Open the service connection and compare issuer and subject with the federated credential of the app or managed identity in Entra; then save the connection again.",
};
const WRONG_SECRET: Advice = {
  found: "its secret is not accepted",
  hint: "Make a new client secret in Entra, put its value (not its id) into the service connection, or better: convert the connection to workload identity federation.",
};
const WRONG_CERTIFICATE: Advice = {
  found: "its certificate is not registered for the app, or has expired",
  hint: "Add the certificate to the app registration in Entra, or put the registered one into the service connection.",
};

/** Entra's codes that a service connection can meet, and what to do about each. */
const BY_AADSTS: Readonly<Record<string, Advice>> = {
  "70021": NOT_FEDERATED,
  "700211": NOT_FEDERATED,
  "700212": NOT_FEDERATED,
  "700213": NOT_FEDERATED,
  "700222": NOT_FEDERATED,
  "7000215": WRONG_SECRET,
  "7000222": { ...WRONG_SECRET, found: "its secret has expired" },
  "700027": WRONG_CERTIFICATE,
  "700024": {
    found: "its assertion is outside its time",
    hint: "Set the clock of this machine (time synchronisation), then run again.",
  },
  "700016": {
    found: "the app does not exist in the tenant",
    hint: "Check the client id and tenant id of the service connection; the app registration may have been deleted.",
  },
  "90002": {
    found: "the tenant does not exist",
    hint: "Check the tenant id of the service connection and its cloud (public, US Government, China).",
  },
  "7000112": { found: "the app is disabled", hint: "Enable sign-in for the enterprise application in Entra." },
  "53003": {
    found: "a conditional access policy blocks it",
    hint: "Allow the workload identity from the agents' addresses in the policy.",
  },
};

interface FailedSignIn {
  readonly serviceConnectionId: string;
  readonly scheme: string;
  readonly authorityHost?: string | undefined;
  readonly tenantId?: string | undefined;
}

/**
 * One line for whatever the identity library threw. Its own error is not kept as a cause: it holds the request, and
 * with it a secret or an assertion.
 */
export function signInError(error: unknown, endpoint: FailedSignIn): BackupError {
  const { serviceConnectionId, scheme, authorityHost, tenantId } = endpoint;
  if (error instanceof BackupError) return error;
  const connection = `The service connection ${serviceConnectionId}`;
  const text = textOf(error);
  const aadsts = /AADSTS(\d+)/.exec(text)?.[1];
  if (aadsts !== undefined || within(error, isAuthenticationError) !== undefined) {
    const advice = BY_AADSTS[aadsts ?? ""] ?? unknownRefusal(aadsts === undefined ? "" : text);
    const code = aadsts === undefined ? "" : ` (AADSTS${aadsts})`;
    return new BackupError({
      code: "SIGN_IN_REFUSED",
      message: `${connection} could not sign in to Entra${code}: ${advice.found}`,
      hint: advice.hint,
    });
  }
  if (scheme.toLowerCase() === "managedserviceidentity") return noManagedIdentity(connection);
  return new BackupError({
    code: "SIGN_IN_UNREACHABLE",
    message: `${connection} could not sign in: Entra (${inert(authorityHost ?? "public cloud", 100)}) gave no answer for the tenant ${inert(tenantId ?? "", 100)}`,
    hint: "Check the tenant id, and that this machine's network, proxy and firewall let it reach Entra and that it trusts its certificate.",
  });
}

function noManagedIdentity(connection: string): BackupError {
  return new BackupError({
    code: "SIGN_IN_REFUSED",
    message: `${connection} is for a managed identity, and this machine offers none`,
    hint: "Run on an agent in Azure with that identity assigned, or use a connection with workload identity federation.",
  });
}

function unknownRefusal(text: string): Advice {
  const sentence = /AADSTS\d+: ([^.\r\n]*)/.exec(text)?.[1] ?? "";
  return {
    found: sentence === "" ? "the answer holds no token" : inert(sentence, 200),
    hint: "Verify the service connection in the project settings; Entra's sign-in log has the details.",
  };
}

function isAuthenticationError(error: unknown): boolean {
  return error instanceof AuthenticationError || (error instanceof Error && error.name === "AuthenticationError");
}

/** The first in the chain of causes (and of collected errors) that the test accepts. */
function within(error: unknown, test: (candidate: unknown) => boolean, depth = 0): unknown {
  if (depth > 6 || error === undefined || error === null) return undefined;
  if (test(error)) return error;
  if (!(error instanceof Error)) return undefined;
  const nested: readonly unknown[] = "errors" in error && Array.isArray(error.errors) ? error.errors : [];
  for (const candidate of [error.cause, ...nested]) {
    const found = within(candidate, test, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function textOf(error: unknown): string {
  const found = within(error, (candidate) => candidate instanceof Error && candidate.message.includes("AADSTS"));
  return found instanceof Error ? found.message : "";
}
