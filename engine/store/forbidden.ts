import type { BackupError } from "../foundation/errors.ts";
import { sasFacts, type SasFacts } from "./sas-facts.ts";
import { answerOf, storeFailure, type RefusalFacts, type StoreAction } from "./service-failure.ts";

/**
 * Why the service said no. It says little itself (an expired SAS and a mistyped one look the same), so what the
 * SAS tells about itself and the two clocks are looked at as well. Most telling reason first.
 */
export function forbidden(facts: RefusalFacts): BackupError {
  const reason = reasonOf(facts);
  return storeFailure("STORE_FORBIDDEN", facts.failure, {
    message: `Container ${facts.context.address.url} refused to ${facts.request.action} (${answerOf(facts.failure)}): ${reason.found}`,
    hint: reason.hint,
  });
}

interface Reason {
  readonly found: string;
  readonly hint: string;
}

const SKEW_LIMIT_MS = 15 * 60_000;
/** `c` alone is enough for small new objects, but not for staging blocks. */
const LETTERS: Readonly<Record<StoreAction, string>> = { read: "r", list: "l", create: "w", delete: "d" };
const RENEW = "Make a new SAS for the container with the rights read, add, create, write, list and give it again";
const RESUME = "the next run continues where this one stopped";

function reasonOf(facts: RefusalFacts): Reason {
  const { context } = facts;
  const { sas } = context.address;
  return (
    (context.signIn === "sas" && sas !== undefined ? sasReason(facts, sasFacts(sas)) : undefined) ??
    reasonByCode(facts) ??
    skewReason(facts) ??
    plainReason(facts)
  );
}

function sasReason(facts: RefusalFacts, sas: SasFacts): Reason | undefined {
  return timeReason(facts, sas) ?? scopeReason(facts, sas) ?? letterReason(facts, sas);
}

function timeReason(facts: RefusalFacts, sas: SasFacts): Reason | undefined {
  const { address, now } = facts.context;
  const serviceNow = facts.failure.serviceDate ?? now;
  if (sas.expiresAt !== undefined && sas.expiresAt <= serviceNow) {
    return { found: `the SAS in ${address.sasInput} expired at ${iso(sas.expiresAt)}`, hint: `${RENEW}; ${RESUME}.` };
  }
  if (sas.startsAt !== undefined && sas.startsAt > serviceNow) {
    return {
      found: `the SAS in ${address.sasInput} begins at ${iso(sas.startsAt)}, the service's clock says ${iso(serviceNow)}`,
      hint: "Wait for it, or make a SAS that begins earlier.",
    };
  }
  return undefined;
}

function scopeReason({ context }: RefusalFacts, sas: SasFacts): Reason | undefined {
  const input = context.address.sasInput;
  if (sas.resource !== undefined && sas.resource !== "c") {
    return { found: `the SAS in ${input} is not for a container (sr=${plain(sas.resource)})`, hint: `${RENEW}.` };
  }
  const types = sas.accountTypes;
  if (types !== undefined && !(types.includes("c") && types.includes("o"))) {
    return {
      found: `the account SAS in ${input} does not cover containers and objects (srt=${plain(types)})`,
      hint: `${RENEW}; a SAS of the container is enough.`,
    };
  }
  return undefined;
}

function letterReason({ request, context }: RefusalFacts, sas: SasFacts): Reason | undefined {
  const needed = LETTERS[request.action];
  if (sas.permissions === undefined || sas.permissions.includes(needed)) return undefined;
  return {
    found: `the SAS in ${context.address.sasInput} has the rights sp=${plain(sas.permissions)} and lacks ${needed}`,
    hint: `${RENEW}${request.action === "delete" ? " (and delete, for retention)" : ""}.`,
  };
}

const BY_CODE: Readonly<Record<string, (facts: RefusalFacts) => Reason>> = {
  AuthorizationPermissionMismatch: ({ context }) =>
    context.signIn === "sas"
      ? { found: `the SAS in ${context.address.sasInput} does not give this right`, hint: `${RENEW}.` }
      : {
          found: "the signed-in identity has no role on the data of this container",
          hint: "Assign it 'Storage Blob Data Contributor' on the container (Owner or Contributor of the account is not enough; a new assignment takes up to ten minutes).",
        },
  AuthorizationFailure: ({ context }) => ({
    found:
      context.signIn === "token"
        ? "the account's network rules or the rights of the signed-in identity do not allow it"
        : `the account's network rules do not allow it, or the SAS in ${context.address.sasInput} is not accepted`,
    hint: "Allow this machine's network in the account's firewall (or run on an agent inside it), and check the rights.",
  }),
  AuthorizationSourceIPMismatch: ({ context }) => ({
    found: `the SAS in ${context.address.sasInput} is bound to other IP addresses than this machine's`,
    hint: "Make a SAS without allowed IP addresses, or with this agent's.",
  }),
  AuthorizationProtocolMismatch: () => ({
    found: "the SAS allows https only and the address is http",
    hint: "Use the https address of the container.",
  }),
  AuthorizationServiceMismatch: ({ context }) => ({
    found: `the account SAS in ${context.address.sasInput} is not for the blob service`,
    hint: `${RENEW}.`,
  }),
  AuthorizationResourceTypeMismatch: ({ context }) => ({
    found: `the account SAS in ${context.address.sasInput} does not cover containers and objects`,
    hint: `${RENEW}.`,
  }),
  KeyBasedAuthenticationNotPermitted: () => ({
    found: "the account allows Entra sign-in only, so no SAS signed with an account key works",
    hint: "Use storageConnection: serviceConnection, or a user delegation SAS.",
  }),
  PublicAccessNotPermitted: noCredential,
  NoAuthenticationInformation: noCredential,
  AccountIsDisabled: () => ({
    found: "the storage account is disabled",
    hint: "Check the state and billing of its Azure subscription.",
  }),
};

function reasonByCode(facts: RefusalFacts): Reason | undefined {
  return BY_CODE[facts.failure.serviceCode]?.(facts);
}

function skewReason({ failure, context }: RefusalFacts): Reason | undefined {
  if (failure.serviceDate === undefined) return undefined;
  const skewMs = context.now.getTime() - failure.serviceDate.getTime();
  if (Math.abs(skewMs) <= SKEW_LIMIT_MS) return undefined;
  const minutes = Math.round(Math.abs(skewMs) / 60_000);
  return {
    found: `this machine's clock is ${minutes} minutes ${skewMs > 0 ? "ahead of" : "behind"} the service's`,
    hint: "Set the clock of this machine (time synchronisation), then run again.",
  };
}

function plainReason({ context }: RefusalFacts): Reason {
  if (context.signIn === "none") return noCredential();
  if (context.signIn === "token") {
    return {
      found: "it does not accept the identity of the service connection",
      hint: "Check that the connection's tenant is the storage account's, and that 'Storage Blob Data Contributor' is assigned.",
    };
  }
  return {
    found: `the signature of the SAS in ${context.address.sasInput} is not accepted`,
    hint: "Copy the whole SAS again; it stops working when the account key is renewed or its access policy is removed.",
  };
}

function noCredential(): Reason {
  return {
    found: "the request carried no credential and the container is not public",
    hint: "Give containerSas, or use storageConnection: serviceConnection.",
  };
}

/** Letters, digits and commas only: a SAS may hold anything. */
function plain(text: string): string {
  return text.replace(/[^a-zA-Z0-9,]/g, "").slice(0, 40);
}

function iso(date: Date): string {
  return date.toISOString().replace(".000Z", "Z");
}
