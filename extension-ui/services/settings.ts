/**
 * Settings of the project, and what a person has confirmed of them and seen of the vault, in Azure DevOps' extension data. Documents of the Default scope
 * can be read by every member of the organisation and are plain JSON, so nothing secret is ever written: a settings
 * object that holds something like a secret is refused.
 */
import { BackupError } from "../../engine/foundation/errors.ts";
import { isObject, numberAt, stringAt, type JsonObject } from "../../engine/foundation/json.ts";
import { parseHead } from "../../engine/vault/format/head-pin.ts";
import type { SettingsStore } from "../model/project-services.ts";
import { draftIn, parseSettings, writtenSettings } from "./settings-document.ts";

export { parseSettings } from "./settings-document.ts";

/** What is used of the SDK's extension data manager; a document's `__etag` says which version it is. */
export interface ExtensionData {
  getDocument(collection: string, id: string, options?: { readonly scopeType: "User" | "Default" }): Promise<unknown>;
  createDocument(collection: string, document: object): Promise<unknown>;
  updateDocument(collection: string, document: object): Promise<unknown>;
  setDocument(
    collection: string,
    document: object,
    options?: { readonly scopeType: "User" | "Default" },
  ): Promise<unknown>;
  deleteDocument(
    collection: string,
    id: string,
    options?: { readonly scopeType: "User" | "Default" },
  ): Promise<unknown>;
}

const settingsCollection = "project-settings";
const confirmedCollection = "confirmed-settings";
const draftCollection = "setup-drafts";
const headsCollection = "vault-heads";
const ofPerson = { scopeType: "User" } as const;

/** `data` is asked for when it is needed first. */
export function settingsStore(data: () => Promise<ExtensionData>, projectId: string): SettingsStore {
  let etag: number | string | undefined;
  return {
    async read() {
      const document = await documentOf(async () => (await data()).getDocument(settingsCollection, projectId));
      etag = etagOf(document);
      return document === undefined ? undefined : parseSettings(document);
    },
    async save(settings) {
      const content = { id: projectId, ...writtenSettings(settings) };
      const manager = await data();
      const saved = await guarded("save the settings", () =>
        etag === undefined
          ? manager.createDocument(settingsCollection, content)
          : manager.updateDocument(settingsCollection, { ...content, __etag: etag }),
      );
      etag = isObject(saved) ? etagOf(saved) : undefined;
    },
    async readConfirmed() {
      const ask = async (): Promise<unknown> => (await data()).getDocument(confirmedCollection, projectId, ofPerson);
      const document = await documentOf(ask);
      return document === undefined ? undefined : parseSettings(document);
    },
    async confirm(settings) {
      const document = { id: projectId, ...writtenSettings(settings), __etag: -1 };
      const manager = await data();
      await guarded("remember what you confirmed", () => manager.setDocument(confirmedCollection, document, ofPerson));
    },
    async readDraft() {
      const ask = async (): Promise<unknown> => (await data()).getDocument(draftCollection, projectId, ofPerson);
      const document = await documentOf(ask);
      return document === undefined ? undefined : draftIn(document);
    },
    async saveDraft(draft) {
      const document = { ...draftIn(draft), id: projectId, __etag: -1 };
      const manager = await data();
      await guarded("remember your entries", () => manager.setDocument(draftCollection, document, ofPerson));
    },
    readHead: (vault) => readHead(data, vault),
    async saveHead(vault, head) {
      const wanted = parseHead(head);
      if (wanted === undefined) return;
      const known = parseHead((await readHead(data, vault)) ?? "");
      if (known !== undefined && known.seq >= wanted.seq) return;
      await writeHead(data, vault, head);
    },
    async acceptHead(vault, head) {
      if (parseHead(head) !== undefined) await writeHead(data, vault, head);
    },
    async forgetHead(vault) {
      const manager = await data();
      await documentOf(() => manager.deleteDocument(headsCollection, vault, ofPerson));
    },
  };
}

async function writeHead(data: () => Promise<ExtensionData>, vault: string, head: string): Promise<void> {
  const manager = await data();
  // -1: whatever is there. Two tabs may both write; the higher one is written again on the next visit.
  const document = { id: vault, head, __etag: -1 };
  await guarded("remember the head", () => manager.setDocument(headsCollection, document, ofPerson));
}

async function readHead(data: () => Promise<ExtensionData>, vault: string): Promise<string | undefined> {
  const document = await documentOf(async () => (await data()).getDocument(headsCollection, vault, ofPerson));
  const head = document === undefined ? undefined : stringAt(document, "head");
  return head === undefined || parseHead(head) === undefined ? undefined : head;
}

/** Undefined when the document, or its collection, does not exist. */
async function documentOf(ask: () => Promise<unknown>): Promise<JsonObject | undefined> {
  const found = await guarded("read the settings", ask).catch((error: unknown) => {
    if (error instanceof BackupError && error.code === "SETTINGS_MISSING") return undefined;
    throw error;
  });
  return isObject(found) ? found : undefined;
}

function etagOf(document: JsonObject | undefined): number | string | undefined {
  return document === undefined ? undefined : (numberAt(document, "__etag") ?? stringAt(document, "__etag"));
}

async function guarded(purpose: string, ask: () => Promise<unknown>): Promise<unknown> {
  try {
    return await ask();
  } catch (cause) {
    throw failure(purpose, cause);
  }
}

/** Errors come from the host page as plain objects, named by the service's exception. */
function failure(purpose: string, cause: unknown): BackupError {
  const { status, words } = factsOf(cause);
  if (
    /DocumentExists|InvalidDocumentVersion|already exists|version mismatch/i.test(words) ||
    status === 409 ||
    status === 412
  )
    return new BackupError({
      code: "CONFLICT",
      message: "Somebody else has changed these settings in the meantime",
      hint: "Reload the page to see theirs, then make your change again.",
      cause,
    });
  if (status === 404 || /Document(Collection)?DoesNotExist|does not exist/i.test(words))
    return new BackupError({
      code: "SETTINGS_MISSING",
      message: "There are no settings yet",
      hint: "Use Set up.",
      cause,
    });
  if (status === 403 || /AccessDenied|Unauthorized|not authorized/i.test(words))
    return new BackupError({
      code: "SETTINGS_FORBIDDEN",
      message: `Azure DevOps refused to ${purpose}`,
      hint: "An administrator of the organization must approve the extension's permissions.",
      cause,
    });
  return new BackupError({
    code: "SETTINGS_UNAVAILABLE",
    message: `Azure DevOps could not ${purpose}`,
    hint: "Reload the page and try again.",
    cause,
  });
}

function factsOf(cause: unknown): { readonly status: number | undefined; readonly words: string } {
  if (typeof cause !== "object" || cause === null) return { status: undefined, words: String(cause) };
  const error = cause as Readonly<Record<string, unknown>>;
  const server = isObject(error.serverError) ? error.serverError : {};
  const texts = [error.name, error.typeKey, error.message, server.typeKey, server.message];
  return {
    status: typeof error.status === "number" ? error.status : undefined,
    words: texts.filter((text) => typeof text === "string").join(" "),
  };
}
