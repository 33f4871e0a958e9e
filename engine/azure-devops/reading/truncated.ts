import { BackupError } from "../../foundation/errors.ts";

/** A body that broke off, is not what it should be or lacks something: never to be read as "nothing there". */
export function truncated(name: string, found: string): BackupError {
  return new BackupError({
    code: "ADO_TRUNCATED",
    message: `${name}: the answer of Azure DevOps is damaged (${found})`,
    hint: "Run again; if it stays, look for a proxy or firewall that cuts or rewrites answers.",
  });
}
