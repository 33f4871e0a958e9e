/**
 * Settings of the project and heads a person has seen, in Azure DevOps' extension data. Documents of the Default scope
 * can be read by every member of the organisation and are plain JSON, so nothing secret is ever written: a settings
 * object that holds something like a secret is refused.
 */
import { BackupError } from "../../engine/foundation/errors.ts";
import { arrayAt, isObject, numberAt, stringAt, type JsonObject } from "../../engine/foundation/json.ts";
import { parseHead } from "../../engine/vault/head-pin.ts";
import { parseRetention } from "../../engine/vault/retention-rules.ts";
import { defaultRpoHours, type ProjectSettings, type SettingsStore } from "../model/project-services.ts";

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

/** Whoever may use the extension may write the document: only what has the right form is taken from it. */
export function parseSettings(document: JsonObject): ProjectSettings {
  const containerUrl = stringAt(document, "containerUrl");
  const rpoHours = numberAt(document, "rpoHours");
  const retention = stringAt(document, "retention");
  const entraClientId = guidAt(document, "entraClientId");
  const entraTenantId = guidAt(document, "entraTenantId");
  return {
    ...(containerUrl !== undefined && isPlainAddress(containerUrl) ? { containerUrl } : {}),
    signers: (arrayAt(document, "signers") ?? []).filter((signer): signer is string => isSigner(signer)),
    ...pipelineIds(document),
    rpoHours: rpoHours !== undefined && rpoHours > 0 && rpoHours <= 8784 ? rpoHours : defaultRpoHours,
    ...(retention !== undefined && isRetention(retention) ? { retention } : {}),
    ...(entraClientId === undefined || entraTenantId === undefined ? {} : { entraClientId, entraTenantId }),
  };
}

function pipelineIds(document: JsonObject): Partial<ProjectSettings> {
  const names = ["backupPipelineId", "restorePipelineId", "verifyPipelineId"] as const;
  const known = names.flatMap((name) => {
    const id = numberAt(document, name);
    return id !== undefined && Number.isSafeInteger(id) && id > 0 ? [[name, id] as const] : [];
  });
  return Object.fromEntries(known);
}

function writtenSettings(settings: ProjectSettings): JsonObject {
  const { containerUrl, signers } = settings;
  if (containerUrl !== undefined && !isPlainAddress(containerUrl))
    throw secretRefused(
      "the container's address",
      "Give it without anything after a question mark; the SAS is asked for when the page reads.",
    );
  if (!signers.every(isSigner)) throw secretRefused("a signer", "Only public signing keys (ed25519:…) belong here.");
  // Known members only, whatever else the object carries.
  const known = parseSettings({ ...settings });
  return { ...known };
}

function secretRefused(what: string, hint: string): BackupError {
  return new BackupError({
    code: "SETTINGS_SECRET",
    message: `The settings are not saved: ${what} may hold a secret`,
    hint,
  });
}

function isPlainAddress(text: string): boolean {
  if (!URL.canParse(text) || text.length > 2000) return false;
  const { protocol, search, hash, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && search + hash + username + password === "" && !/[?#]/.test(text);
}

function isSigner(value: unknown): boolean {
  return typeof value === "string" && /^((agent|owner)=)?ed25519:[\w-]{43}$/.test(value);
}

function isRetention(text: string): boolean {
  try {
    return text.length <= 200 && parseRetention(text) !== undefined;
  } catch {
    return false;
  }
}

function guidAt(document: JsonObject, key: string): string | undefined {
  const text = stringAt(document, key);
  return text !== undefined && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? text : undefined;
}
