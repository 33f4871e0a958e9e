/** The error for an input that cannot be used. */
import { BackupError } from "../../engine/foundation/errors.ts";

export function badInput(name: string, found: string, hint: string): BackupError {
  return new BackupError({ code: "INPUT", message: `Input ${name} ${found}`, hint });
}
