import { describe, expect, it } from "vitest";
import { describeError } from "../../../engine/foundation/errors.ts";
import { parseContainerAddress } from "../../../engine/store/container-address.ts";
import { isTransient, ServiceFailure, type RefusalContext } from "../../../engine/store/service-failure.ts";
import { storeError } from "../../../engine/store/store-errors.ts";

const address = parseContainerAddress("https://contoso.blob.core.windows.net/backup");
const now = new Date("2026-11-22T10:00:00Z");

function lineFor(status: number | undefined, serviceCode: string, context: Partial<RefusalContext> = {}): string {
  const failure = new ServiceFailure({ status, serviceCode, serviceDate: now });
  const error = storeError(
    failure,
    { action: "create", name: "log/0000000001" },
    { address, signIn: "token", now, ...context },
  );
  return `${error.code}: ${describeError(error)}`;
}

describe("what a refusal of the service means", () => {
  it("names the role that a signed-in identity lacks", () => {
    expect(lineFor(403, "AuthorizationPermissionMismatch")).toBe(
      "STORE_FORBIDDEN: Container https://contoso.blob.core.windows.net/backup refused to create " +
        "(403 AuthorizationPermissionMismatch): the signed-in identity has no role on the data of this container. " +
        "Assign it 'Storage Blob Data Contributor' on the container (Owner or Contributor of the account is not enough; " +
        "a new assignment takes up to ten minutes).",
    );
  });

  it.each<[number | undefined, string, RegExp]>([
    [403, "AuthorizationFailure", /^STORE_FORBIDDEN.*network rules/],
    [401, "InvalidAuthenticationInfo", /^STORE_FORBIDDEN.*tenant is the storage account's/],
    [409, "PublicAccessNotPermitted", /^STORE_FORBIDDEN.*carried no credential/],
    [404, "ContainerNotFound", /^STORE_CONTAINER_MISSING: Container backup does not exist/],
    [409, "ContainerBeingDeleted", /^STORE_CONTAINER_MISSING/],
    [404, "BlobNotFound", /^STORE_NOT_FOUND: Object log\/0000000001 in container https/],
    [404, "", /^STORE_REQUEST/],
    [409, "BlobArchived", /^STORE_ARCHIVED.*Rehydrate/],
    [409, "BlobImmutableDueToPolicy", /^STORE_IMMUTABLE/],
    [507, "InsufficientStorage", /^STORE_FULL/],
    [409, "AccountLimitExceeded", /^STORE_FULL.*continues where this one stopped/],
    [503, "ServerBusy", /^STORE_UNAVAILABLE.*still answers 503 ServerBusy/],
    [undefined, "ENOTFOUND", /^STORE_UNAVAILABLE.*could not be reached \(ENOTFOUND\)/],
    [400, "InvalidHeaderValue", /^STORE_REQUEST.*refused to create with 400 InvalidHeaderValue/],
    [400, "##vso[task.complete]\nx", /^STORE_REQUEST(?!.*##vso)[^\n]*$/],
  ])("reads %s %s", (status, serviceCode, line) => {
    expect(lineFor(status, serviceCode)).toMatch(line);
  });

  it("tries again what may pass, and nothing else", () => {
    const transient = (status: number | undefined, serviceCode = ""): boolean =>
      isTransient(new ServiceFailure({ status, serviceCode }));

    expect([408, 429, 500, 502, 503, 504].every((status) => transient(status))).toBe(true);
    expect([400, 401, 403, 404, 409, 412, 416, 501, 507].some((status) => transient(status))).toBe(false);
    expect(transient(400, "Md5Mismatch")).toBe(true);
    expect(transient(undefined, "ECONNRESET")).toBe(true);
    expect(transient(undefined, "DEPTH_ZERO_SELF_SIGNED_CERT")).toBe(false);
  });
});
