import { isAzureBlobHost } from "../foundation/azure-hosts.ts";
import { BackupError } from "../foundation/errors.ts";

/**
 * Where a page may send what opens storage. Addresses come from settings that many may write, so the rule is about
 * hosts that only Azure can answer for, not about what looks like one.
 */

/** Azurite of the sandbox and of tests; nobody else can answer at these. */
const loopbackHosts: readonly string[] = ["127.0.0.1", "localhost"];

/**
 * True for https at an Azure blob host at its own port, and for this machine. An address with a user name, or one that
 * is none, is false.
 */
export function isStorageHost(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname, port, username, password } = new URL(address);
  if (username + password !== "") return false;
  if (loopbackHosts.includes(hostname)) return protocol === "http:" || protocol === "https:";
  return protocol === "https:" && port === "" && isAzureBlobHost(hostname);
}

/** Throws STORAGE_HOST_FOREIGN for an address that no credential may be sent to; other slips are for who parses it. */
export function checkStorageHost(address: string): void {
  if (!URL.canParse(address) || isStorageHost(address)) return;
  const { protocol, host } = new URL(address);
  throw new BackupError({
    code: "STORAGE_HOST_FOREIGN",
    message: `${protocol}//${host} is not a storage account of Azure, and gets no credential`,
    hint: "Give the container's address as the portal shows it, https://<account>.blob.core.windows.net/<container>.",
  });
}
