import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../engine/foundation/json.ts";
import type { ProjectSettings, SettingsStore } from "../../../extension-ui/model/project-services.ts";
import { parseSettings, settingsStore, type ExtensionData } from "../../../extension-ui/services/settings.ts";
import { documentStore, type DocumentStore } from "../../simulator/project/extension-data-store.ts";
import { aProjectId } from "./builders.ts";

const settings: ProjectSettings = {
  containerUrl: "https://contosobackups.blob.core.windows.net/azure-devops",
  signers: [`ed25519:${"A".repeat(43)}`],
  backupPipelineId: 3,
  rpoHours: 26,
};

/** The service's documents as the SDK hands them out: in both scopes, errors as plain objects from another frame. */
function extensionData(): { readonly open: (person: string) => ExtensionData; readonly shared: DocumentStore } {
  let ids = 0;
  const newId = (): string => `id-${(ids += 1)}`;
  const shared = documentStore(newId);
  const people = new Map<string, DocumentStore>();
  const open = (person: string): ExtensionData => {
    const own = people.get(person) ?? documentStore(newId);
    people.set(person, own);
    const of = (options?: { readonly scopeType: string }): DocumentStore =>
      options?.scopeType === "User" ? own : shared;
    return {
      getDocument: (collection, id, options) => fromFrame(() => of(options).read(collection, id)),
      createDocument: (collection, document) => fromFrame(() => shared.create(collection, document as JsonObject)),
      updateDocument: (collection, document) => fromFrame(() => shared.update(collection, document as JsonObject)),
      setDocument: (collection, document, options) =>
        fromFrame(() => of(options).set(collection, document as JsonObject)),
      deleteDocument: (collection, id, options) => fromFrame(() => of(options).delete(collection, id)),
    };
  };
  return { open, shared };
}

async function fromFrame(work: () => unknown): Promise<unknown> {
  try {
    return structuredClone(work());
  } catch (error) {
    const { status, typeKey, message } = error as { status: number; typeKey: string; message: string };
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- errors of another frame are plain objects
    throw { status, name: "TFS.WebApi.Exception", message, serverError: { typeKey, message } };
  }
}

function storesOf(...names: readonly string[]): readonly SettingsStore[] {
  const data = extensionData();
  return names.map((name) => settingsStore(async () => data.open(name), aProjectId));
}

describe("what a person has confirmed", () => {
  it("is theirs alone, and not what others write into the settings", async () => {
    const [ada, bob] = storesOf("Ada", "Bob") as [SettingsStore, SettingsStore];
    await ada.save(settings);
    await ada.confirm(settings);
    await bob.read();
    await bob.save({ ...settings, containerUrl: "https://other.blob.core.windows.net/azure-devops" });

    expect(await ada.readConfirmed()).toEqual(settings);
    expect(await bob.readConfirmed()).toBeUndefined();
  });

  it("holds recipients and answers of Set up, and no secret", async () => {
    const [ada] = storesOf("Ada") as [SettingsStore];
    const whole = { ...settings, recoveryRecipients: [`age1${"q".repeat(58)}`], setup: { account: "contosobackups" } };
    await ada.confirm(whole);

    expect(await ada.readConfirmed()).toEqual(whole);
    await expect(ada.confirm({ ...whole, setup: { pool: `AGE-SECRET-KEY-1${"Q".repeat(58)}` } })).rejects.toThrow(
      "may hold a secret",
    );
    await expect(ada.save({ ...whole, recoveryRecipients: [`AGE-SECRET-KEY-1${"Q".repeat(58)}`] })).rejects.toThrow(
      "may hold a secret",
    );
  });
});

describe("the settings of a project", () => {
  it("are none at first, and everybody's once saved", async () => {
    const [ada, bob] = storesOf("Ada", "Bob") as [SettingsStore, SettingsStore];

    expect(await ada.read()).toBeUndefined();
    await ada.save(settings);

    expect(await bob.read()).toEqual(settings);
    await ada.save({ ...settings, rpoHours: 12 });

    expect((await bob.read())?.rpoHours).toBe(12);
  });

  it("are not written over when somebody else has saved in between", async () => {
    const [ada, bob] = storesOf("Ada", "Bob") as [SettingsStore, SettingsStore];
    await Promise.all([ada.read(), bob.read()]);
    await ada.save(settings);

    await expect(bob.save({ ...settings, rpoHours: 1 })).rejects.toMatchObject({ code: "CONFLICT" });

    await bob.read();
    await ada.save({ ...settings, rpoHours: 12 });

    await expect(bob.save({ ...settings, rpoHours: 1 })).rejects.toMatchObject({ code: "CONFLICT" });
    expect((await bob.read())?.rpoHours).toBe(12);
  });

  it.each([
    ["a SAS in the address", { containerUrl: `${settings.containerUrl ?? ""}?sv=1&sig=abc` }],
    ["an empty query in the address", { containerUrl: `${settings.containerUrl ?? ""}?` }],
    ["a password in the address", { containerUrl: "https://me:hunter2@contoso.blob.core.windows.net/x" }],
    ["a key among the signers", { signers: [`AGE-SECRET-KEY-1${"Q".repeat(58)}`] }],
    ["an agent key among the signers", { signers: ["pbak1qqqq"] }],
  ])("are never saved with %s", async (_, wrong) => {
    const data = extensionData();
    const store = settingsStore(async () => data.open("Ada"), aProjectId);
    const refusal = store.save({ ...settings, ...wrong });

    await expect(refusal).rejects.toMatchObject({ code: "SETTINGS_SECRET" });
    expect(() => data.shared.list("project-settings")).toThrow("does not exist");
  });

  it("keep nothing that is not a setting", async () => {
    const data = extensionData();
    const store = settingsStore(async () => data.open("Ada"), aProjectId);
    await store.save({ ...settings, sas: "sv=1&sig=abc" } as ProjectSettings);

    expect(JSON.stringify(data.shared.list("project-settings"))).not.toContain("sig=");
  });

  it("take only what has the right form from a document that anybody may write", () => {
    const hostile = {
      containerUrl: "javascript:alert(1)",
      signers: ["ed25519:short", 7, `ed25519:${"E".repeat(43)}`],
      backupPipelineId: "3",
      restorePipelineId: -1,
      verifyPipelineId: 1.5,
      rpoHours: -3,
      entraClientId: aProjectId,
      entraTenantId: "../evil",
    };

    expect(parseSettings(hostile)).toEqual({ signers: [`ed25519:${"E".repeat(43)}`], rpoHours: 26 });
    expect(parseSettings({ entraClientId: aProjectId, entraTenantId: aProjectId, rpoHours: 4 })).toEqual({
      signers: [],
      rpoHours: 4,
      entraClientId: aProjectId,
      entraTenantId: aProjectId,
    });
  });

  it("keep the retention rules, and no text that is none", async () => {
    const [ada, bob] = storesOf("Ada", "Bob") as [SettingsStore, SettingsStore];
    await ada.save({ ...settings, retention: "last=7 daily=30" });

    expect((await bob.read())?.retention).toBe("last=7 daily=30");
    for (const retention of ["forever", "", "last=1 last=2", `last=1${" ".repeat(300)}`, 7])
      expect(parseSettings({ retention })).not.toHaveProperty("retention");
  });

  it("say why they cannot be had", async () => {
    const failing = (cause: unknown): Promise<unknown> =>
      settingsStore(async () => {
        throw cause;
      }, aProjectId).read();

    await expect(failing({ status: 403, message: "no" })).rejects.toMatchObject({ code: "SETTINGS_FORBIDDEN" });
    await expect(failing(new Error("lost"))).rejects.toMatchObject({ code: "SETTINGS_UNAVAILABLE" });
    await expect(failing("odd")).rejects.toMatchObject({ code: "SETTINGS_UNAVAILABLE" });
  });
});

describe("the heads that a person has seen", () => {
  const head = (seq: number): string => `${seq}:${"ab".repeat(32)}`;

  it("are that person's own and never go back", async () => {
    const [ada, bob] = storesOf("Ada", "Bob") as [SettingsStore, SettingsStore];
    await ada.saveHead(aProjectId, head(7));
    await ada.saveHead(aProjectId, head(5));

    expect([await ada.readHead(aProjectId), await bob.readHead(aProjectId)]).toEqual([head(7), undefined]);
    await ada.saveHead(aProjectId, head(8));

    expect(await ada.readHead(aProjectId)).toBe(head(8));
  });

  it("are forgotten when the person says so, and what is no head is not kept", async () => {
    const [ada] = storesOf("Ada") as [SettingsStore];
    await ada.forgetHead(aProjectId);
    await ada.saveHead(aProjectId, "no head");

    expect(await ada.readHead(aProjectId)).toBeUndefined();
    await ada.saveHead(aProjectId, head(9));
    await ada.forgetHead(aProjectId);
    await ada.saveHead(aProjectId, head(2));

    expect(await ada.readHead(aProjectId)).toBe(head(2));
  });

  it("go back only where the person has accepted an earlier one, for that person alone", async () => {
    const [ada, bob] = storesOf("Ada", "Bob") as [SettingsStore, SettingsStore];
    for (const store of [ada, bob]) await store.saveHead(aProjectId, head(9));
    await ada.acceptHead(aProjectId, "no head");
    expect(await ada.readHead(aProjectId)).toBe(head(9));
    await ada.acceptHead(aProjectId, head(3));

    expect([await ada.readHead(aProjectId), await bob.readHead(aProjectId)]).toEqual([head(3), head(9)]);
  });
});
