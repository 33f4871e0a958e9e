/** What the hub keeps in the browser and asks of the page around it. */
import { describe, expect, it } from "vitest";
import type { ProjectSettings } from "../../../extension-ui/model/project-services.ts";
import { messagesOver, navigationOver } from "../../../extension-ui/services/navigation.ts";
import { sessionSecrets, type TabStorage } from "../../../extension-ui/services/session-secrets.ts";
import { storageSignIn, type GivenToken, type NestedClient } from "../../../extension-ui/services/storage-sign-in.ts";
import { aProjectId } from "./builders.ts";

function tabStorage(): TabStorage & { readonly content: Map<string, string> } {
  const content = new Map<string, string>();
  return {
    content,
    getItem: (name) => content.get(name) ?? null,
    setItem: (name, value) => void content.set(name, value),
    removeItem: (name) => void content.delete(name),
  };
}

const signature = { container: "https://contosobackups.blob.core.windows.net/azure-devops", sas: "sv=1&sig=x" };

describe("the secrets of a visit", () => {
  it("keep a SAS with the container it is for; one of which that is not known is of no use", () => {
    const tab = tabStorage();
    sessionSecrets(() => tab, aProjectId).setSas(signature, true);
    const [name = ""] = tab.content.keys();
    const kept = sessionSecrets(() => tab, aProjectId).sas();
    tab.setItem(name, signature.sas);
    const unbound = sessionSecrets(() => tab, aProjectId).sas();

    expect([kept, unbound]).toEqual([signature, undefined]);
  });

  it("stay in memory unless the person asks for more", () => {
    const tab = tabStorage();
    const secrets = sessionSecrets(() => tab, aProjectId);
    secrets.setSas(signature, false);
    secrets.setViewerKey("AGE-SECRET-KEY-1X", true);

    expect([secrets.sas(), secrets.viewerKey()]).toEqual([signature, "AGE-SECRET-KEY-1X"]);
    expect([...tab.content.values()]).toEqual(["AGE-SECRET-KEY-1X"]);

    const reloaded = sessionSecrets(() => tab, aProjectId);
    const elsewhere = sessionSecrets(() => tab, "another project");

    expect([reloaded.sas(), reloaded.viewerKey(), elsewhere.viewerKey()]).toEqual([
      undefined,
      "AGE-SECRET-KEY-1X",
      undefined,
    ]);
  });

  it("are taken out of storage when the person does not want them there any more", () => {
    const tab = tabStorage();
    const secrets = sessionSecrets(() => tab, aProjectId);
    secrets.setSas({ ...signature, sas: "a" }, true);
    secrets.setSas(signature, false);

    expect([secrets.sas(), tab.content.size]).toEqual([signature, 0]);
    secrets.setViewerKey("c", true);
    secrets.forget();

    expect([secrets.sas(), secrets.viewerKey(), tab.content.size]).toEqual([undefined, undefined, 0]);
  });

  it("work where the browser blocks storage", () => {
    const secrets = sessionSecrets(() => {
      throw new DOMException("The operation is insecure.", "SecurityError");
    }, aProjectId);
    secrets.setSas(signature, true);
    secrets.setViewerKey("", true);

    expect([secrets.sas(), secrets.viewerKey()]).toEqual([signature, undefined]);
  });
});

const settings: ProjectSettings = { signers: [], rpoHours: 26, entraClientId: aProjectId, entraTenantId: aProjectId };

function interactionRequired(): Error {
  return Object.assign(new Error("sign in"), { name: "InteractionRequiredAuthError" });
}

describe("signing in to storage", () => {
  const clock = { now: (): Date => new Date("2026-11-22T12:00:00Z") };
  const ready = async (): Promise<void> => undefined;
  const client = (own: Partial<NestedClient>): (() => Promise<NestedClient>) => {
    const token = async (): Promise<GivenToken> => ({ accessToken: "silent", expiresOn: null });
    return async () => ({ acquireTokenSilent: token, acquireTokenPopup: token, ...own });
  };

  it("needs an application in the settings", () => {
    expect(
      storageSignIn({ signers: [], rpoHours: 26 }, { enableBridge: ready, client: client({}), clock }),
    ).toBeUndefined();
  });

  it("asks silently for storage alone, opens the bridge once, and asks the person when it must", async () => {
    const asked: string[][] = [];
    let bridges = 0;
    const signIn = storageSignIn(settings, {
      clock,
      enableBridge: async () => void (bridges += 1),
      client: client({
        acquireTokenSilent: async ({ scopes, authority }) => {
          asked.push([...scopes, authority]);
          if (asked.length > 1) throw interactionRequired();
          return { accessToken: "silent", expiresOn: null };
        },
        acquireTokenPopup: async () => ({ accessToken: "popup", expiresOn: null }),
      }),
    });

    expect([await signIn?.token(), await signIn?.token(), bridges]).toEqual(["silent", "popup", 1]);
    expect(asked[0]).toEqual([
      "https://storage.azure.com/user_impersonation",
      `https://login.microsoftonline.com/${aProjectId}`,
    ]);
  });

  it("asks the host once for many blobs, and again shortly before the token ends", async () => {
    let at = Date.parse("2026-11-22T12:00:00Z");
    let asked = 0;
    const acquireTokenSilent = async (): Promise<GivenToken> => {
      asked += 1;
      await new Promise((resolve) => setTimeout(resolve, 1));
      return { accessToken: `token ${asked}`, expiresOn: new Date(at + 3_600_000) };
    };
    const signIn = storageSignIn(settings, {
      enableBridge: ready,
      client: client({ acquireTokenSilent }),
      clock: { now: () => new Date(at) },
    });
    const together = await Promise.all([1, 2, 3].map(() => signIn!.token()));
    at += 54 * 60_000;
    const later = await signIn?.token();
    at += 2 * 60_000;
    const renewed = await Promise.all([1, 2].map(() => signIn!.token()));

    expect([together, later, renewed]).toEqual([["token 1", "token 1", "token 1"], "token 1", ["token 2", "token 2"]]);
  });

  it("says what to do where the host cannot, and tries again the next time", async () => {
    let tries = 0;
    const enableBridge = async (): Promise<void> => {
      tries += 1;
      if (tries === 1)
        throw new Error("Nested App Authentication is not available in this Azure DevOps environment yet");
    };
    const signIn = storageSignIn(settings, { enableBridge, client: client({}), clock });

    await expect(signIn?.token()).rejects.toMatchObject({
      code: "SIGN_IN_UNAVAILABLE",
      hint: expect.stringContaining("SAS"),
    });
    expect(await signIn?.token()).toBe("silent");
  });

  it("names Entra's code when it gives no token", async () => {
    const refusal = Object.assign(new Error("secret details"), { errorCode: "consent_required" });
    const signIn = storageSignIn(settings, {
      enableBridge: ready,
      clock,
      client: client({ acquireTokenSilent: () => Promise.reject(refusal) }),
    });

    await expect(signIn?.token()).rejects.toMatchObject({
      code: "SIGN_IN_REFUSED",
      message: "Microsoft Entra gave no token for Azure Storage (consent_required)",
    });
  });
});

describe("the page around the hub", () => {
  it("opens addresses, but never a script", () => {
    const opened: string[] = [];
    const nothing = (): void => undefined;
    const navigation = navigationOver({
      getQueryParams: async () => ({ tab: "health" }),
      getHash: async () => "",
      setHash: nothing,
      replaceHash: nothing,
      onHashChanged: nothing,
      setDocumentTitle: nothing,
      openNewWindow: (url) => void opened.push(url),
    });
    for (const url of ["https://dev.azure.com/contoso", "javascript:alert(1)", "data:text/html,x", " https://x"])
      navigation.open(url);

    expect(opened).toEqual(["https://dev.azure.com/contoso"]);
  });

  it("shows messages, and is not asked to by a page that goes on without it", async () => {
    const shown: string[] = [];
    messagesOver(async () => ({ addToast: ({ message }) => void shown.push(message) })).toast("Started");
    messagesOver(() => Promise.reject(new Error("no such service"))).toast("Lost");
    await new Promise((resolve) => setTimeout(resolve, 0));

    expect(shown).toEqual(["Started"]);
  });
});
