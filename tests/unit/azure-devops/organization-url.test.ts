import { describe, expect, it } from "vitest";
import { organizationUrlOf } from "../../../engine/azure-devops/organization-url.ts";

describe("the organisation's address", () => {
  it.each([
    ["https://dev.azure.com/contoso", "https://dev.azure.com/contoso"],
    ["  https://dev.azure.com/contoso/ ", "https://dev.azure.com/contoso"],
    ["https://contoso@dev.azure.com/contoso", "https://dev.azure.com/contoso"],
    ["https://DEV.azure.com/Contoso", "https://dev.azure.com/Contoso"],
    ["https://contoso.visualstudio.com/", "https://contoso.visualstudio.com"],
    ["https://contoso.visualstudio.com/DefaultCollection", "https://contoso.visualstudio.com"],
    ["https://tfs.contoso.com/tfs/DefaultCollection/", "https://tfs.contoso.com/tfs/DefaultCollection"],
    ["https://tfs.contoso.com:8443/Main%20Collection", "https://tfs.contoso.com:8443/Main%20Collection"],
    ["http://127.0.0.1:8080/contoso", "http://127.0.0.1:8080/contoso"],
  ])("is taken from %s", (given, wanted) => {
    expect(organizationUrlOf(given)).toBe(wanted);
  });

  it.each([
    ["", "it is empty"],
    ["contoso", "it is not a URL"],
    ["ssh://dev.azure.com/contoso", "not an https address"],
    ["https://dev.azure.com", "the organisation is missing"],
    ["https://dev.azure.com/contoso/shop", "the address of a project"],
    ["https://dev.azure.com/contoso/shop/_git/web", "the address of a project"],
    ["http://dev.azure.com/contoso", "it is not encrypted"],
    ["https://vsrm.dev.azure.com/contoso", "one of its services"],
    ["https://contoso.visualstudio.com/shop", "the address of a project"],
    ["https://contoso.vsrm.visualstudio.com/", "one of its services"],
    ["https://tfs.contoso.com", "collection is missing"],
    ["https://tfs.contoso.com/tfs/Main/shop/_workitems", "a page inside a project"],
  ])("is refused for '%s'", (given, why) => {
    expect(() => organizationUrlOf(given)).toThrow(expect.objectContaining({ code: "INPUT" }) as Error);
    expect(() => organizationUrlOf(given)).toThrow(why);
  });

  it("never repeats a password that was typed into it", () => {
    expect(() => organizationUrlOf("https://robin:hunter2@dev.azure.com/contoso")).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining("hunter2") as string }) as Error,
    );
  });
});
