import { hasCode, type BackupError } from "../../foundation/errors.ts";

/**
 * Something stored is gone, or is not what was signed, or cannot be read as what it should be. Whoever reads on must know
 * that it is the storage's content and neither its connection nor the keys.
 */
export function isStoredDamage(error: unknown): error is BackupError {
  return hasCode(error, "OBJECT_DAMAGED", "OBJECT_MISSING", "SEALED_DAMAGED", "STATE_INVALID");
}
