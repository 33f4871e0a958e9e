import { BackupError } from "../foundation/errors.ts";
import { inert } from "../foundation/text.ts";
import type { ContainerAddress } from "./container-address.ts";

/** What a request to the blob service came to, however it was sent; the common ground of SDK and fetch. */
export class ServiceFailure extends Error {
  /** Undefined when no answer came. */
  readonly status: number | undefined;
  /** `x-ms-error-code`, or the system's code (`ECONNRESET`) when no answer came. */
  readonly serviceCode: string;
  readonly retryAfterMs: number;
  /** The service's Date header, when it was readable. */
  readonly serviceDate: Date | undefined;
  readonly requestId: string;

  constructor(facts: ServiceFailureFacts) {
    super(`${facts.status ?? "no answer"} ${facts.serviceCode}`);
    this.name = "ServiceFailure";
    this.status = facts.status;
    this.serviceCode = facts.serviceCode;
    this.retryAfterMs = facts.retryAfterMs ?? 0;
    this.serviceDate = facts.serviceDate;
    this.requestId = facts.requestId ?? "";
  }
}

export interface ServiceFailureFacts {
  readonly status: number | undefined;
  readonly serviceCode: string;
  readonly retryAfterMs?: number;
  readonly serviceDate?: Date | undefined;
  readonly requestId?: string;
}

/** Builds a failure from an answer's status and headers. `bodyCode` helps where the header is missing. */
export function failureOfAnswer(
  status: number,
  header: (name: string) => string | null | undefined,
  bodyCode = "",
): ServiceFailure {
  return new ServiceFailure({
    status,
    serviceCode: header("x-ms-error-code") ?? bodyCode,
    retryAfterMs: retryAfterMs(header("x-ms-retry-after-ms"), header("retry-after")),
    serviceDate: dateOf(header("date")),
    requestId: header("x-ms-request-id") ?? "",
  });
}

export function dateOf(header: string | null | undefined): Date | undefined {
  const time = header === null || header === undefined ? Number.NaN : Date.parse(header);
  return Number.isNaN(time) ? undefined : new Date(time);
}

function retryAfterMs(milliseconds: string | null | undefined, seconds: string | null | undefined): number {
  if (milliseconds && /^\d+$/.test(milliseconds)) return Number(milliseconds);
  return seconds && /^\d+$/.test(seconds) ? 1000 * Number(seconds) : 0;
}

const TRANSIENT_STATUS: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);
/** Spoilt on its way; sent again it may arrive whole. */
const SPOILT_ON_THE_WAY: ReadonlySet<string> = new Set(["Md5Mismatch", "Crc64Mismatch"]);
/** Trying again cannot mend these: they are about names and certificates, not about luck. */
const PERMANENT_WITHOUT_ANSWER = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS|ERR_SSL|EPROTO|ERR_INVALID/;
const FULL = /LimitExceeded|QuotaExceeded|CapacityExceeded|InsufficientStorage|StorageFull/i;
const IMMUTABLE: ReadonlySet<string> = new Set(["BlobImmutableDueToPolicy", "BlobImmutableDueToLegalHold"]);

export function isTransient(failure: ServiceFailure): boolean {
  if (failure.status === undefined) return !PERMANENT_WITHOUT_ANSWER.test(failure.serviceCode);
  if (isFull(failure)) return false;
  return TRANSIENT_STATUS.has(failure.status) || SPOILT_ON_THE_WAY.has(failure.serviceCode);
}

export function isFull({ status, serviceCode }: ServiceFailure): boolean {
  return status === 507 || FULL.test(serviceCode);
}

/** True when the name is taken, whichever way this account says so. */
export function saysItExists({ serviceCode, status }: ServiceFailure): boolean {
  return (
    serviceCode === "BlobAlreadyExists" ||
    serviceCode === "UnauthorizedBlobOverwrite" ||
    (status === 409 && IMMUTABLE.has(serviceCode)) ||
    (status === 412 && serviceCode === "ConditionNotMet")
  );
}

export function saysItIsKept({ serviceCode }: ServiceFailure): boolean {
  return IMMUTABLE.has(serviceCode);
}

export type StoreAction = "read" | "list" | "create" | "delete";

/** What was asked of the service, for the message. */
export interface StoreRequest {
  readonly action: StoreAction;
  /** Object name; absent for a listing. */
  readonly name?: string;
}

export interface RefusalContext {
  readonly address: ContainerAddress;
  readonly signIn: "sas" | "token" | "none";
  /** What to do when no answer comes, where more is known about it than the usual. */
  readonly unreachableHint?: string;
  /** The agent's clock. */
  readonly now: Date;
}

export interface RefusalFacts {
  readonly failure: ServiceFailure;
  readonly request: StoreRequest;
  readonly context: RefusalContext;
}

function contextOf(failure: ServiceFailure): Readonly<Record<string, string | number>> {
  return {
    ...(failure.status === undefined ? {} : { status: failure.status }),
    ...(failure.serviceCode === "" ? {} : { serviceCode: inert(failure.serviceCode, 100) }),
    ...(failure.requestId === "" ? {} : { requestId: inert(failure.requestId, 100) }),
  };
}

/** `503 ServerBusy`. */
export function answerOf({ status, serviceCode }: ServiceFailure): string {
  return `${status ?? ""} ${inert(serviceCode, 100)}`.trim();
}

export function storeFailure(
  code: string,
  failure: ServiceFailure,
  { message, hint }: { readonly message: string; readonly hint: string },
): BackupError {
  return new BackupError({ code, message, hint, context: contextOf(failure) });
}
