/** From what the storage service answers to what a person is told: through the real reader, with a fetch of our own. */
import { describe, expect, it } from "vitest";
import type { Clock } from "../../../engine/foundation/clock.ts";
import { BackupError } from "../../../engine/foundation/errors.ts";
import { fetchBlobReader } from "../../../engine/store/fetch-blob-reader.ts";
import {
  explainConnection,
  isConnectionError,
  type ConnectionHelp,
} from "../../../extension-ui/model/connection-errors.ts";

const containerUrl = "https://contosobackups.blob.core.windows.net/azure-devops";
const origin = "https://contoso.gallerycdn.vsassets.io";
const now = new Date("2026-11-22T12:00:00Z");
const clock: Clock = { now: () => now, monotonicMs: () => 0, sleep: async () => undefined };
const freshSas = "sv=2023-11-03&sr=c&sp=rl&se=2026-12-01T00:00:00Z&sig=c2VjcmV0";

interface Try {
  readonly answer: () => Promise<Response>;
  readonly sas?: string;
  readonly signIn?: "sas" | "entra" | "none";
}

async function helpFor({ answer, sas, signIn = sas === undefined ? "entra" : "sas" }: Try): Promise<ConnectionHelp> {
  const error = await Promise.resolve()
    .then(async () => {
      const token = signIn === "entra" ? async (): Promise<string> => "token" : undefined;
      const reader = fetchBlobReader({ containerUrl, sas, token, clock, random: () => 0, fetch: answer });
      await reader.list("x/")[Symbol.asyncIterator]().next();
    })
    .then(
      () => new Error("it could be read"),
      (cause: unknown) => cause,
    );
  expect(isConnectionError(error)).toBe(true);
  return explainConnection({ error, containerUrl, origin, signIn, now });
}

function refused(status: number, code: string): () => Promise<Response> {
  return async () => new Response("", { status, headers: { "x-ms-error-code": code, date: now.toUTCString() } });
}

describe("what people are told when storage cannot be read", () => {
  it("is the CORS rule for this page when the browser got no answer", async () => {
    const help = await helpFor({ answer: () => Promise.reject(new TypeError("Failed to fetch")), sas: freshSas });

    expect(help).toMatchObject({ problem: "cors-or-firewall", offersSas: false });
    expect(help.remedy).toContain(origin);
    expect(help.commands).toEqual([expect.stringContaining(`--origins ${origin}`)]);
  });

  it("is the role when the person's sign-in has none", async () => {
    const help = await helpFor({ answer: refused(403, "AuthorizationPermissionMismatch") });

    expect(help).toMatchObject({ problem: "no-role", offersSas: true });
    expect(help.remedy).toContain("Storage Blob Data Reader on container azure-devops");
    expect(help.commands[0]).toContain("--role 'Storage Blob Data Reader'");
    expect(help.commands[0]).toContain("/blobServices/default/containers/azure-devops");
  });

  it("is a new SAS when the SAS has expired, is cut off or cannot list", async () => {
    const failed = refused(403, "AuthenticationFailed");
    const expired = await helpFor({ answer: failed, sas: freshSas.replace("2026-12-01", "2026-11-01") });
    const mistyped = await helpFor({ answer: failed, sas: freshSas });
    const readOnly = await helpFor({
      answer: refused(403, "AuthorizationPermissionMismatch"),
      sas: freshSas.replace("sp=rl", "sp=r"),
    });
    const cutOff = await helpFor({ answer: failed, sas: "sv=2023" });

    expect([expired, mistyped, readOnly, cutOff].map(({ problem }) => problem)).toEqual([
      "sas-expired",
      "sas-rejected",
      "sas-rejected",
      "sas-rejected",
    ]);
    expect(expired.found).toContain("expired at 2026-11-01T00:00:00Z");
    expect(expired.commands[0]).toContain("--expiry 2026-11-23T12:00:00Z");
    for (const { found, commands, remedy } of [expired, mistyped, readOnly, cutOff])
      expect([found, remedy, ...commands].join(" ")).not.toContain("c2VjcmV0");
  });

  it("is the firewall, the missing container or the missing credential when the service says so", async () => {
    const firewall = await helpFor({ answer: refused(403, "AuthorizationFailure"), sas: freshSas });
    const gone = await helpFor({ answer: refused(404, "ContainerNotFound"), sas: freshSas });
    const nobody = await helpFor({ answer: refused(409, "PublicAccessNotPermitted"), signIn: "none" });

    expect([firewall.problem, gone.problem, nobody.problem]).toEqual(["firewall", "no-container", "no-credential"]);
    expect(gone.commands).toEqual([
      "az storage container create --name azure-devops --account-name contosobackups --auth-mode login",
    ]);
    expect(nobody.offersSas).toBe(true);
  });

  it("is the SAS where nobody can sign in, and the application where Entra refuses", () => {
    const explain = (code: string): ConnectionHelp => {
      const error = new BackupError({ code, message: "no token", hint: "none" });
      return explainConnection({ error, containerUrl, origin, signIn: "entra", now });
    };

    expect(explain("SIGN_IN_UNAVAILABLE")).toMatchObject({ problem: "sign-in-unavailable", offersSas: true });
    expect(explain("SIGN_IN_REFUSED").remedy).toContain("https://dev.azure.com/_public/_MsalPopup");
  });

  it("is the error's own advice for everything else", async () => {
    const help = await helpFor({ answer: refused(503, "ServerBusy"), sas: freshSas });
    const bug = explainConnection({ error: new RangeError("oops"), containerUrl: "x", origin, signIn: "none", now });

    expect(help).toMatchObject({ problem: "other", remedy: expect.stringContaining("run again later"), commands: [] });
    expect([bug.problem, bug.found, isConnectionError(new RangeError("oops"))]).toEqual(["other", "oops", false]);
  });

  it("has no commands for storage outside of Azure", () => {
    const error = new TypeError("Failed to fetch");
    const help = explainConnection({
      error,
      containerUrl: "http://127.0.0.1:10000/devstoreaccount1/backups",
      origin,
      signIn: "sas",
      now,
    });

    expect(help).toMatchObject({ problem: "cors-or-firewall", commands: [] });
  });
});
