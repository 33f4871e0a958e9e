/**
 * Why the page could not read the container, and the exact remedy. A browser does not say whether a network, a firewall
 * or a missing CORS rule was in the way (all three are a failed fetch), so the likely ones are told together.
 */
import { BackupError, hasCode } from "../../engine/foundation/errors.ts";
import { corsCommand, placeOf, readSasCommand, roleCommand, type ContainerPlace } from "./azure-cli.ts";

export interface ConnectionFacts {
  readonly error: unknown;
  readonly containerUrl: string;
  /** Of this page: what the CORS rule has to name. */
  readonly origin: string;
  readonly signIn: "sas" | "entra" | "none";
  readonly now: Date;
}

export type ConnectionProblem =
  | "cors-or-firewall"
  | "no-role"
  | "sas-expired"
  | "sas-rejected"
  | "firewall"
  | "no-container"
  | "foreign-host"
  | "no-credential"
  | "sign-in-unavailable"
  | "sign-in-refused"
  | "other";

export interface ConnectionHelp {
  readonly problem: ConnectionProblem;
  readonly title: string;
  /** What was found, in one line; the storage service's own words. */
  readonly found: string;
  readonly remedy: string;
  /** To copy; empty when no command helps. */
  readonly commands: readonly string[];
  /** Reading on another way helps: let the page ask for a SAS. */
  readonly offersSas: boolean;
}

export function explainConnection(facts: ConnectionFacts): ConnectionHelp {
  const problem = problemOf(facts);
  const found = foundIn(facts.error);
  return { problem, found, ...help[problem](facts, placeOf(facts.containerUrl)) };
}

function foundIn(error: unknown): string {
  if (error instanceof BackupError) return `${error.message}.`;
  return error instanceof Error ? error.message : String(error);
}

function problemOf({ error, signIn }: ConnectionFacts): ConnectionProblem {
  if (hasCode(error, "SIGN_IN_UNAVAILABLE")) return "sign-in-unavailable";
  if (hasCode(error, "SIGN_IN_REFUSED")) return "sign-in-refused";
  if (hasCode(error, "STORAGE_HOST_FOREIGN")) return "foreign-host";
  if (hasCode(error, "STORE_CONTAINER_MISSING")) return "no-container";
  if (hasCode(error, "STORE_FORBIDDEN")) return refusalOf(error, signIn);
  if (hasCode(error, "INPUT_CONTAINER_SAS")) return "sas-rejected";
  const isUnanswered = hasCode(error, "STORE_UNAVAILABLE") && error.context.status === undefined;
  // What fetch throws for a network, a firewall and CORS alike.
  return isUnanswered || error instanceof TypeError ? "cors-or-firewall" : "other";
}

const firewallCodes = ["AuthorizationFailure", "AuthorizationSourceIPMismatch"];

function refusalOf(error: BackupError, signIn: ConnectionFacts["signIn"]): ConnectionProblem {
  const code = String(error.context.serviceCode ?? "");
  if (signIn === "none" || code === "PublicAccessNotPermitted" || code === "NoAuthenticationInformation")
    return "no-credential";
  if (signIn === "sas" && error.message.includes(" expired at ")) return "sas-expired";
  if (firewallCodes.includes(code)) return "firewall";
  return signIn === "sas" ? "sas-rejected" : "no-role";
}

type Help = (facts: ConnectionFacts, place: ContainerPlace | undefined) => Omit<ConnectionHelp, "problem" | "found">;

const dayMs = 86_400_000;

function newSas({ now }: ConnectionFacts, place: ContainerPlace | undefined): readonly string[] {
  const expiresAt = new Date(now.getTime() + dayMs).toISOString().replace(/\.\d+Z$/, "Z");
  return place === undefined ? [] : [readSasCommand(place, expiresAt)];
}

const help: Readonly<Record<ConnectionProblem, Help>> = {
  "cors-or-firewall": ({ origin }, place) => ({
    title: "The browser could not reach the storage account",
    remedy: `Most often the account's CORS settings for blobs do not allow this page (${origin}) yet: add the rule. Otherwise the account's firewall keeps this network out, or the address is wrong.`,
    commands: place === undefined ? [] : [corsCommand(place.account, origin)],
    offersSas: false,
  }),
  "no-role": (_, place) => ({
    title: "You have no right to read this container",
    remedy: `Ask an owner of the storage account to give you the role Storage Blob Data Reader on ${place === undefined ? "the container" : `container ${place.container}`}. A new assignment takes up to ten minutes.`,
    commands: place === undefined ? [] : [roleCommand("Storage Blob Data Reader", "<your sign-in name>", place)],
    offersSas: true,
  }),
  "sas-expired": (facts, place) => ({
    title: "The SAS has expired",
    remedy: "Make a new one for the container with the rights read and list, and enter it.",
    commands: newSas(facts, place),
    offersSas: true,
  }),
  "sas-rejected": (facts, place) => ({
    title: "The storage account does not accept this SAS",
    remedy: "Make one for the container (not for a blob) with the rights read and list, copy it whole, and enter it.",
    commands: newSas(facts, place),
    offersSas: true,
  }),
  firewall: (_, place) => ({
    title: "The storage account's network rules keep this browser out",
    remedy: `Open this page from a network that the account lets in, or add this network under Networking of ${place === undefined ? "the storage account" : `storage account ${place.account}`}.`,
    commands: [],
    offersSas: false,
  }),
  "no-container": (_, place) => ({
    title: "The container does not exist",
    remedy:
      "Correct its address in Set up, or create it. If it was deleted, bring it back: soft delete keeps containers for some days.",
    commands:
      place === undefined
        ? []
        : [`az storage container create --name ${place.container} --account-name ${place.account} --auth-mode login`],
    offersSas: false,
  }),
  "foreign-host": () => ({
    title: "The settings name an address that is not a storage account of Azure",
    remedy:
      "Nothing was sent there: no sign-in and no SAS. Find out who changed the settings, and correct the container's address in Set up.",
    commands: [],
    offersSas: false,
  }),
  "no-credential": (facts, place) => ({
    title: "The storage account wants to know who reads",
    remedy: "Enter a SAS for the container with the rights read and list, or set up signing in with Microsoft Entra.",
    commands: newSas(facts, place),
    offersSas: true,
  }),
  "sign-in-unavailable": (facts, place) => ({
    title: "Signing in to storage is not possible on this Azure DevOps",
    remedy:
      "It does not let extensions sign in to Microsoft Entra yet. Enter a SAS for the container with the rights read and list instead.",
    commands: newSas(facts, place),
    offersSas: true,
  }),
  "sign-in-refused": (facts, place) => ({
    title: "Microsoft Entra gave no token for storage",
    remedy:
      "Check application and tenant id in Set up. The application must be a single-page application with the redirect address https://dev.azure.com/_public/_MsalPopup and the delegated permission Azure Storage user_impersonation. Until then a SAS does.",
    commands: newSas(facts, place),
    offersSas: true,
  }),
  other: ({ error }) => ({
    title: "The storage could not be read",
    remedy:
      error instanceof BackupError ? error.hint : "Reload the page. If it stays so, look into the browser's console.",
    commands: [],
    offersSas: false,
  }),
};

/** Whether the error is about reaching storage at all, and `explainConnection` has something to say about it. */
export function isConnectionError(error: unknown): boolean {
  return (
    error instanceof TypeError ||
    hasCode(
      error,
      "STORE_FORBIDDEN",
      "STORE_UNAVAILABLE",
      "STORE_CONTAINER_MISSING",
      "STORAGE_HOST_FOREIGN",
      "INPUT_CONTAINER_SAS",
      "SIGN_IN_UNAVAILABLE",
      "SIGN_IN_REFUSED",
    )
  );
}
