import { BackupError } from "../../foundation/errors.ts";

/** A failure that is about one document alone: a service that is away, or that does not take the token, refuses all. */
export function concernsOneDocument(error: unknown): error is BackupError {
  return error instanceof BackupError && ofOneDocument.has(error.code);
}

const ofOneDocument = new Set(["ADO_FORBIDDEN", "ADO_NOT_FOUND", "ADO_REQUEST", "ADO_TRUNCATED", "ADO_CONFLICT"]);
