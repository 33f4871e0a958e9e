/**
 * Where the actions of an LFS batch may lead. The answer comes from a server that we do not run, and the agent may reach
 * places that this server cannot: the metadata service of its cloud, machines inside a company.
 *
 *   the remote's own origin                          its own business
 *   Azure DevOps' hosts, Azure's blob hosts, https   what Azure Repos names
 *   this machine, if the remote is on it             servers of tests and sandboxes
 */
const organizationHosts = ["dev.azure.com", "visualstudio.com"];
const blobHosts = [
  "blob.core.windows.net",
  "blob.core.usgovcloudapi.net",
  "blob.core.chinacloudapi.cn",
  "blob.core.cloudapi.de",
  "blob.storage.azure.net",
];

export function isLfsHost(action: URL, remote: URL): boolean {
  if (action.origin === remote.origin) return true;
  if (isLoopback(remote)) return isLoopback(action);
  if (action.protocol !== "https:" || action.port !== "" || action.username !== "") return false;
  const isAt = (host: string): boolean => action.hostname === host || action.hostname.endsWith(`.${host}`);
  return organizationHosts.some(isAt) || blobHosts.some((host) => action.hostname.endsWith(`.${host}`));
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/**
 * Headers that no answer may set for us: they would name another host or another sender, say where a message ends, or
 * open the metadata service of a cloud.
 */
const foreignHeaders =
  /^(?:host|connection|keep-alive|upgrade|te|trailer|transfer-encoding|content-length|expect|range|cookie|via|secret|forwarded|x-forwarded-.*|x-original-.*|proxy-.*|x-aws-.*|x-identity-header|.*metadata.*)$/;

export function isOwnHeader(name: string, value: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name) && !foreignHeaders.test(name) && !/[\r\n\0]/.test(value);
}
