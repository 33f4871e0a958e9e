/** Storage read with a person's token, as the hub reads it after signing in. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../engine/foundation/clock.ts";
import { fetchBlobReader } from "../../engine/store/fetch-blob-reader.ts";
import { storageTokens } from "../hub-host/storage-tokens.ts";
import { startTokenStorage, type TokenStorage } from "../hub-host/token-storage.ts";
import { startAzurite, type Azurite, type AzuriteContainer } from "../support/azurite.ts";
import { letIn } from "../support/hub-place.ts";

const person = { user: { id: "8d2f0a5e-7a34-4d6b-9c1f-3e5b7a9d1c00", name: "ada@contoso.com" }, clientId: "app" };
const origin = "http://127.0.0.1:5002";

let azurite: Azurite;
let container: AzuriteContainer;
let storage: TokenStorage;

beforeAll(async () => {
  azurite = await startAzurite();
  container = await azurite.createContainer();
  await azurite.service().getContainerClient(container.name).getBlockBlobClient("log/one").upload("hello", 5);
  storage = await startTokenStorage(azurite, container);
});

afterAll(async () => {
  await storage.stop();
  await azurite.stop();
});

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function get(token: string, init: Asked = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, "x-ms-version": "2023-11-03", ...init.headers };
  return fetch(`${storage.containerUrl}/log/one`, { ...init, headers });
}

describe("storage that people sign in to", () => {
  const { accessToken } = storageTokens("accepted", person);

  it("is read with a token for it", async () => {
    const place = { containerUrl: storage.containerUrl, clock: systemClock, random: Math.random };
    const reader = fetchBlobReader({ ...place, token: async () => accessToken });
    const names: string[] = [];
    for await (const { name } of reader.list("")) names.push(name);

    expect(names).toEqual(["log/one"]);
  });

  it("refuses tokens for others, old versions, people without a role, and every change", async () => {
    const other = await get(storageTokens("refused", person).accessToken);
    const old = await get(accessToken, { headers: { "x-ms-version": "2016-05-31" } });
    const change = await get(accessToken, { method: "DELETE" });
    storage.withoutRole.add(person.user.id);
    const stranger = await get(accessToken);
    storage.withoutRole.clear();
    const codes = [other, old, change, stranger].map(({ status, headers }) => [status, headers.get("x-ms-error-code")]);

    expect(codes).toEqual([
      [401, "InvalidAuthenticationInfo"],
      [403, "AuthenticationFailed"],
      [403, "AuthorizationPermissionMismatch"],
      [403, "AuthorizationPermissionMismatch"],
    ]);
    expect((await get(accessToken)).status).toBe(200);
  });

  it("passes everything else on: preflights and SAS", async () => {
    await letIn(azurite, origin);
    const preflight = await fetch(`${storage.containerUrl}/log/one`, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "GET", "access-control-request-headers": "authorization" },
    });
    const bySas = await fetch(
      `${storage.containerUrl}/log/one?${azurite.containerSas(container.name, { permissions: "r" })}`,
    );

    expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([200, origin]);
    expect(await bySas.text()).toBe("hello");
  });
});
