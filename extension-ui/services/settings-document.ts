/** The document that holds a project's settings: what is believed of it, and what is ever written into it. */
import { BackupError } from "../../engine/foundation/errors.ts";
import { arrayAt, numberAt, stringAt, type JsonObject } from "../../engine/foundation/json.ts";
import { parseRetention } from "../../engine/vault/retention/rules.ts";
import { defaultRpoHours, type ProjectSettings } from "../model/project-services.ts";
import { parseSetupAnswers } from "../model/setup-answers.ts";
import { parseSigner } from "../model/signers.ts";

/** Whoever may use the extension may write the document: only what has the right form is taken from it. */
export function parseSettings(document: JsonObject): ProjectSettings {
  const containerUrl = stringAt(document, "containerUrl");
  const rpoHours = numberAt(document, "rpoHours");
  const retention = stringAt(document, "retention");
  return {
    ...(containerUrl !== undefined && isPlainAddress(containerUrl) ? { containerUrl } : {}),
    ...publicKeys(document),
    ...pipelineIds(document),
    rpoHours: rpoHours !== undefined && rpoHours > 0 && rpoHours <= 8784 ? rpoHours : defaultRpoHours,
    ...(retention !== undefined && isRetention(retention) ? { retention } : {}),
    ...entraIds(document),
    ...setupAnswers(document),
  };
}

function publicKeys(document: JsonObject): Pick<ProjectSettings, "signers" | "recoveryRecipients"> {
  const textsIn = (key: string): readonly string[] =>
    (arrayAt(document, key) ?? []).filter((value): value is string => typeof value === "string");
  const recipients = textsIn("recoveryRecipients").filter(isRecipient);
  const signers = textsIn("signers").filter(isSigner);
  return { signers, ...(recipients.length === 0 ? {} : { recoveryRecipients: recipients }) };
}

function entraIds(document: JsonObject): Pick<ProjectSettings, "entraClientId" | "entraTenantId"> {
  const entraClientId = guidAt(document, "entraClientId");
  const entraTenantId = guidAt(document, "entraTenantId");
  return entraClientId === undefined || entraTenantId === undefined ? {} : { entraClientId, entraTenantId };
}

function setupAnswers(document: JsonObject): Pick<ProjectSettings, "setup"> {
  const setup = parseSetupAnswers(document.setup);
  return setup === undefined ? {} : { setup };
}

function pipelineIds(document: JsonObject): Partial<ProjectSettings> {
  const names = ["backupPipelineId", "restorePipelineId", "verifyPipelineId"] as const;
  const known = names.flatMap((name) => {
    const id = numberAt(document, name);
    return id !== undefined && Number.isSafeInteger(id) && id > 0 ? [[name, id] as const] : [];
  });
  return Object.fromEntries(known);
}

/** What is stored of settings. Throws SETTINGS_SECRET for what might be a secret in the wrong field. */
export function writtenSettings(settings: ProjectSettings): JsonObject {
  const { containerUrl, signers, recoveryRecipients = [], setup = {} } = settings;
  if (containerUrl !== undefined && !isPlainAddress(containerUrl))
    throw secretRefused(
      "the container's address",
      "Give it without anything after a question mark; the SAS is asked for when the page reads.",
    );
  if (!signers.every(isSigner)) throw secretRefused("a signer", "Only public signing keys (ed25519:…) belong here.");
  if (!recoveryRecipients.every(isRecipient))
    throw secretRefused("a recovery recipient", "Only public keys (age1…) belong here.");
  if (Object.values(setup).some((answer) => secretForm.test(answer)))
    throw secretRefused("an answer of Set up", "Take the key or signature out of it.");
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

/** Plain texts, none of which looks like a secret. */
export function draftIn(document: JsonObject): Readonly<Record<string, string>> {
  const texts = Object.entries(document).filter(
    (member): member is [string, string] =>
      typeof member[1] === "string" && member[1].length <= 2000 && !secretForm.test(member[1]),
  );
  return Object.fromEntries(texts);
}

function isPlainAddress(text: string): boolean {
  if (!URL.canParse(text) || text.length > 2000) return false;
  const { protocol, search, hash, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && search + hash + username + password === "" && !/[?#]/.test(text);
}

function isSigner(text: string): boolean {
  return parseSigner(text) !== undefined;
}

function isRecipient(text: string): boolean {
  return /^age1[02-9ac-hj-np-z]{58}$/.test(text);
}

/** Keys of a vault and signatures of storage, wherever they were put by mistake. */
const secretForm = /AGE-SECRET-KEY-|pb(?:ak|ok)1[02-9ac-hj-np-z]{20}|[?&]?sig=|AccountKey=/i;

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
