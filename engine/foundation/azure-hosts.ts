/** Host names that only Azure can answer for. */

/** 3 to 24 lower-case letters and digits; `-secondary` reads the copy in the paired region. */
const account = "[a-z0-9]{3,24}(?:-secondary)?";

/**
 * Blob endpoints of the clouds in service: public, China, US Government; and those of accounts with a DNS zone of
 * their own, z00 to z99 (learn.microsoft.com, "Storage account endpoints"). The pages' policies name the same ones.
 */
const blobHosts: readonly RegExp[] = [
  "blob\\.core\\.windows\\.net",
  "blob\\.core\\.chinacloudapi\\.cn",
  "blob\\.core\\.usgovcloudapi\\.net",
  "z\\d{1,2}\\.blob\\.storage\\.azure\\.net",
].map((suffix) => new RegExp(`^${account}\\.${suffix}$`));

/** True for the blob endpoint of a storage account; `hostname` as `URL` gives it. */
export function isAzureBlobHost(hostname: string): boolean {
  return blobHosts.some((host) => host.test(hostname));
}

/** True for hosts of Azure DevOps Services (learn.microsoft.com, "Allowed IP addresses and domain URLs"). */
export function isAzureDevOpsHost(hostname: string): boolean {
  return hostname === "dev.azure.com" || /\.(?:dev\.azure\.com|visualstudio\.com)$/.test(hostname);
}
