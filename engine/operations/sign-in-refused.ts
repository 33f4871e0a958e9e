import { BackupError } from "../foundation/errors.ts";

/** Git says UNAUTHORIZED for a forbidden repository (403) too; that is the repository's own matter. */
export function isSignInRefused(error: BackupError): boolean {
  if (error.code === "ADO_UNAUTHORIZED") return true;
  return error.code === "GIT_UNAUTHORIZED" && error.context.status !== undefined && error.context.status !== 403;
}
