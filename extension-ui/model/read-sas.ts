/** A shared access signature for people who browse: what it must not allow, and how to make the right one. */
import { azCommand, placeOf, readSasCommand } from "./azure-cli.ts";

const needed = ["r", "l"];

const rights: Readonly<Record<string, string>> = {
  a: "add",
  c: "create",
  w: "write",
  d: "delete",
  x: "delete versions",
  y: "delete permanently",
  t: "tags",
  f: "find by tags",
  m: "move",
  e: "execute",
  o: "change owners",
  p: "change permissions",
  i: "set immutability policies",
};

/**
 * Undefined for a signature that reads and lists and does nothing else. What it allows stands in it (`sp`), or in a
 * policy of the container (`si`), of which nothing can be told here.
 * https://learn.microsoft.com/rest/api/storageservices/create-service-sas
 */
export function readSasProblem(sas: string): string | undefined {
  const parameters = new URLSearchParams(sas.trim().replace(/^\?/, ""));
  const isOfAccount = parameters.has("ss") || parameters.has("srt");
  const granted = [...new Set(parameters.get("sp") ?? "")];
  if (granted.length === 0 && parameters.has("si") && !isOfAccount) return undefined;
  const surplus = granted.filter((right) => !needed.includes(right));
  if (surplus.length > 0) {
    const names = surplus.map((right) => rights[right] ?? `"${right}"`).join(", ");
    return `This SAS also allows to ${names} (sp=${granted.join("")}), which this page never needs: whoever gets hold of it could harm the backups. Make one with sp=rl.`;
  }
  if (isOfAccount) return "This SAS is for the whole storage account. Make one for the container, with sp=rl.";
  const missing = needed.filter((right) => !granted.includes(right));
  if (missing.length === 0) return undefined;
  const found = granted.length === 0 ? "It names no rights" : `sp=${granted.join("")}`;
  return `This SAS does not allow to ${missing.includes("r") ? "read" : "list"} (${found}). Make one with sp=rl.`;
}

/** Azure signs for a person for seven days at most; the clock of Azure may be a little behind. */
const daysOfSas = 6.9;

/** The command that makes the right one, good for a week. */
export function readSasHelp(containerUrl: string, now: Date): string {
  const end = new Date(now.getTime() + daysOfSas * 86_400_000);
  const expiry = `${end.toISOString().slice(0, 16)}Z`;
  const place = placeOf(containerUrl);
  if (place !== undefined) return readSasCommand(place, expiry);
  const container = new URL(containerUrl).pathname.split("/").findLast((part) => part !== "") ?? "";
  // Storage outside of Azure knows no sign-in: AZURE_STORAGE_CONNECTION_STRING says where it is.
  return azCommand(
    "storage container generate-sas",
    ["name", container],
    ["permissions", "rl"],
    ["expiry", expiry],
    ["output", "tsv"],
  );
}
