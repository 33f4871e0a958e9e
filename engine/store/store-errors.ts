import type { BackupError } from "../foundation/errors.ts";
import { inert } from "../foundation/text.ts";
import { forbidden } from "./forbidden.ts";
import {
  answerOf,
  isFull,
  isTransient,
  saysItIsKept,
  storeFailure,
  type RefusalContext,
  type RefusalFacts,
  type ServiceFailure,
  type StoreRequest,
} from "./service-failure.ts";

const ARCHIVED: ReadonlySet<string> = new Set(["BlobArchived", "BlobBeingRehydrated"]);

/** The error a caller sees, by the codes of the port. */
export function storeError(failure: ServiceFailure, request: StoreRequest, context: RefusalContext): BackupError {
  const { status, serviceCode } = failure;
  const facts = { failure, request, context };
  if (status === undefined || isTransient(failure)) return unavailable(facts);
  if (isFull(failure)) return full(facts);
  if (ARCHIVED.has(serviceCode)) return archived(facts);
  if (saysItIsKept(failure)) return immutable(facts);
  if (status === 401 || status === 403 || serviceCode === "PublicAccessNotPermitted") return forbidden(facts);
  if (isContainerMissing(failure)) return containerMissing(facts);
  if (status === 404 && isAboutTheObject(failure)) return notFound(facts);
  return refused(facts);
}

/** `Object runs/… of https://…`, or the container alone. */
function subjectOf({ request, context }: RefusalFacts): string {
  return request.name === undefined
    ? `Container ${context.address.url}`
    : `Object ${request.name} in container ${context.address.url}`;
}

function isContainerMissing({ serviceCode }: ServiceFailure): boolean {
  return /^Container(NotFound|BeingDeleted|Disabled)$/.test(serviceCode) || serviceCode === "ResourceNotFound";
}

/** A 404 that does not say BlobNotFound came from something that is not the blob service. */
function isAboutTheObject({ serviceCode }: ServiceFailure): boolean {
  return serviceCode === "BlobNotFound";
}

function unavailable({ failure, context }: RefusalFacts): BackupError {
  const { url } = context.address;
  const problem =
    failure.status === undefined
      ? `could not be reached (${inert(failure.serviceCode, 100)})`
      : `still answers ${answerOf(failure)} after several tries`;
  const hint =
    failure.status === undefined
      ? (context.unreachableHint ??
        "Check the address, and that this machine's network, proxy and firewall let it through; then run again.")
      : "Nothing was lost: run again later, what is stored is kept.";
  return storeFailure("STORE_UNAVAILABLE", failure, { message: `Container ${url} ${problem}`, hint });
}

function full({ failure, context }: RefusalFacts): BackupError {
  return storeFailure("STORE_FULL", failure, {
    message: `The storage account of container ${context.address.url} is full: it answered ${answerOf(failure)}`,
    hint: "Raise the account's limit or let retention free space; the next run continues where this one stopped.",
  });
}

function archived(facts: RefusalFacts): BackupError {
  return storeFailure("STORE_ARCHIVED", facts.failure, {
    message: `${subjectOf(facts)} was moved to the archive tier and cannot be read now`,
    hint: "Rehydrate it to the hot, cool or cold tier (this takes hours), and take lifecycle rules off this container.",
  });
}

function immutable(facts: RefusalFacts): BackupError {
  return storeFailure("STORE_IMMUTABLE", facts.failure, {
    message: `${subjectOf(facts)} is kept by an immutability policy or a legal hold`,
    hint: "It can be deleted when the policy ends or the hold is cleared.",
  });
}

function containerMissing({ failure, context }: RefusalFacts): BackupError {
  const { container, url } = context.address;
  return storeFailure("STORE_CONTAINER_MISSING", failure, {
    message: `Container ${container} does not exist: ${url} answered ${answerOf(failure)}`,
    hint: "Create the container in the storage account, or correct its name; if it was deleted, restore it (soft delete).",
  });
}

function notFound(facts: RefusalFacts): BackupError {
  return storeFailure("STORE_NOT_FOUND", facts.failure, {
    message: `${subjectOf(facts)} is not there`,
    hint: "Look for a deleted or earlier version in the storage account, and verify the vault.",
  });
}

function refused(facts: RefusalFacts): BackupError {
  return storeFailure("STORE_REQUEST", facts.failure, {
    message: `${subjectOf(facts)}: the service refused to ${facts.request.action} with ${answerOf(facts.failure)}`,
    hint: "Check that the address is an Azure Blob container, and what lies between it and this machine.",
  });
}
