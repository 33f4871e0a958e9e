import { BackupError } from "../foundation/errors.ts";

/** Stored bytes that are not what was sealed. The caller knows which object it was and says so. */
export function sealedDamaged(what: string, cause?: unknown): BackupError {
  return new BackupError({
    code: "SEALED_DAMAGED",
    message: `The sealed object is damaged: ${what}`,
    hint: "Run VerifyBackup with level 'stored' to learn which snapshots need the object, and restore from another one.",
    cause,
  });
}

/** `identities` are fingerprints of the recipients that the given keys belong to, never the keys. */
export function keyMismatch(stanzas: number, identities: readonly string[]): BackupError {
  const given = identities.length === 0 ? "no key was given" : `the given keys open recipient ${identities.join(", ")}`;
  return new BackupError({
    code: "KEY_MISMATCH",
    message: `No key opens the object: it is sealed to ${stanzas} recipients, and ${given}`,
    hint: "Give a recovery key whose recipient stands in the vault's log (content), or the vault's agent or viewer key (catalogue).",
    context: { stanzas, identities: identities.join(" ") },
  });
}

/** A key that does not have its form. `message` names the input; neither holds any part of the secret. */
export function keyForm(message: string, hint: string): BackupError {
  return new BackupError({ code: "KEY_FORM", message, hint });
}

export function noRecipients(): BackupError {
  return keyForm("There is no recipient to seal to", "Give at least one recovery recipient (age1…).");
}

/** A recipient in the right form that is no point anyone holds the key of. */
export function impossibleRecipient(cause?: unknown): BackupError {
  return new BackupError({
    code: "KEY_FORM",
    message: "A recipient is no public key that age-keygen makes",
    hint: "Give the recipient of a key made for this vault.",
    cause,
  });
}

/** What was just sealed did not open again to the same bytes (restic's lesson: processors and memory do fail). */
export function sealingFault(cause?: unknown): BackupError {
  return new BackupError({
    code: "SEALING_FAULT",
    message: "What was just sealed did not open again to the same bytes",
    hint: "The agent's memory or processor is at fault: run the task on another agent and have this one checked.",
    cause,
  });
}
