/** The storage steps as Azure CLI to copy: account, container, protection against deletion, CORS, roles. */
import {
  azCall,
  azLine,
  bashCommand,
  corsCall,
  placeOf,
  roleCall,
  type AzCall,
  type CliOption,
  type ContainerPlace,
  type Shell,
} from "./azure-cli.ts";

/**
 * How the container keeps people from deleting: by version (each blob says until when, and the hub shows it), for the
 * container as a whole (readers see only that there is a policy), or not at all.
 */
export const protections = ["versions", "container", "none"] as const;
export type Protection = (typeof protections)[number];

/** Managed identity that the script makes for the service connection. */
export const pipelineIdentity = "backup-pipelines";

export interface StorageSetup {
  /** Name or id. */
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly location: string;
  readonly account: string;
  readonly container: string;
  /** Of this page. */
  readonly origin: string;
  /** By a service connection the script makes an identity; by an address it makes a SAS. */
  readonly pipelinesBy: "serviceConnection" | "containerUrl";
  /** Application (client) id of a service connection that there is already; else empty. */
  readonly writer: string;
  /** Sign-in names or object ids of people or groups who may browse; may be empty. */
  readonly readers: readonly string[];
  /** End of the pipelines' SAS, a day: `2027-11-22`. */
  readonly sasExpires: string;
  /** Days for which nothing can be deleted or changed. */
  readonly keepDays: number;
  readonly protection: Protection;
}

export type StorageField = Exclude<keyof StorageSetup, "origin" | "pipelinesBy" | "protection" | "sasExpires">;

export interface StorageProblem {
  readonly field: StorageField;
  readonly message: string;
}

/** Empty when the commands can be shown. */
export function storageProblems(setup: StorageSetup): readonly StorageProblem[] {
  const wrong: readonly (readonly [StorageField, boolean, string])[] = [
    [
      "subscription",
      !/^[^\p{Cc}\u2028\u2029]{1,100}$/u.test(setup.subscription),
      "Name or id of the Azure subscription, as the portal shows it.",
    ],
    [
      "resourceGroup",
      !/^[\w().-]{1,89}[\w()-]$/.test(setup.resourceGroup),
      "Up to 90 letters, digits, and _ - . ( ), not ending with a full stop.",
    ],
    ["location", !/^[a-z][a-z0-9]{2,40}$/.test(setup.location), "The region's short name, for example westeurope."],
    ["account", !/^[a-z0-9]{3,24}$/.test(setup.account), "3 to 24 lower-case letters and digits."],
    ["container", !isContainerName(setup.container), "3 to 63 lower-case letters, digits and single hyphens."],
    [
      "writer",
      setup.writer !== "" && !isGuid(setup.writer),
      "The application (client) id of the service connection: 32 hexadecimal digits with hyphens.",
    ],
    ["readers", !setup.readers.every(isAssignee), "A sign-in name (ada@contoso.com) or an object id in each line."],
    [
      "keepDays",
      !Number.isInteger(setup.keepDays) || setup.keepDays < 1 || setup.keepDays > 3650,
      "A whole number of days from 1 to 3650.",
    ],
  ];
  return wrong.filter(([, isWrong]) => isWrong).map(([field, , message]) => ({ field, message }));
}

function isContainerName(name: string): boolean {
  return /^(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name);
}

function isGuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

function isAssignee(text: string): boolean {
  return isGuid(text) || /^[^\s'"`$\\@]{1,100}@[\w.-]{1,100}$/.test(text);
}

export function containerUrlOf({ account, container }: ContainerPlace): string {
  return `https://${account}.blob.core.windows.net/${container}`;
}

export interface StorageStep {
  readonly title: string;
  readonly why: string;
  readonly calls: readonly AzCall[];
  /** The calls for bash. */
  readonly command: string;
  /** Cannot be taken back, or not everybody wants it. */
  readonly isOptional: boolean;
}

function step(title: string, why: string, ...calls: readonly AzCall[]): StorageStep {
  return { title, why, calls, command: calls.map(bashCommand).join("\n"), isOptional: false };
}

/** In the order in which they have to be done. Throws RangeError for a setup with problems. */
export function storageSteps(setup: StorageSetup): readonly StorageStep[] {
  const [problem] = storageProblems(setup);
  if (problem !== undefined) throw new RangeError(`${problem.field}: ${problem.message}`);
  return [...accountSteps(setup), ...protectionSteps(setup), ...pipelineSteps(setup), ...accessSteps(setup)];
}

/** All steps but the optional ones at once; stops at the first that fails, and may be run again. */
export function storageScript(setup: StorageSetup, shell: Shell): string {
  const steps = [
    step("Choose the subscription", "", azCall("account set", ["subscription", setup.subscription])),
    ...storageSteps(setup).filter(({ isOptional }) => !isOptional),
  ];
  const stop = "; if ($LASTEXITCODE -ne 0) { throw 'The step above failed' }";
  const lines = steps.flatMap(({ title, calls }) => [
    `# ${title}`,
    ...calls.map((call) => `${azLine(call, shell)}${shell === "bash" ? "" : stop}`),
  ]);
  const [first, last] = shell === "bash" ? ["(\nset -euo pipefail", ")"] : ["& {", "}"];
  return `${[first, ...lines, last].join("\n")}\n`;
}

function accountSteps({ resourceGroup, location, account }: StorageSetup): readonly StorageStep[] {
  return [
    step(
      "Create the storage account",
      "Best one of its own, in a subscription that other people own than those who own Azure DevOps.",
      azCall("group create", ["name", resourceGroup], ["location", location]),
      azCall(
        "storage account create",
        ["name", account],
        ["resource-group", resourceGroup],
        ["location", location],
        ["kind", "StorageV2"],
        ["sku", "Standard_ZRS"],
        ["https-only", "true"],
        ["min-tls-version", "TLS1_2"],
        ["allow-blob-public-access", "false"],
      ),
    ),
  ];
}

function protectionSteps(setup: StorageSetup): readonly StorageStep[] {
  const { resourceGroup, account, container, keepDays, protection } = setup;
  const place: readonly CliOption[] = [
    ["account-name", account],
    ["resource-group", resourceGroup],
  ];
  const softDays = String(Math.min(keepDays, 365));
  return [
    step(
      "Keep what is deleted or written over",
      "Mistakes and attacks can be taken back for some days.",
      azCall(
        "storage account blob-service-properties update",
        ...place,
        ["enable-versioning", "true"],
        ["enable-delete-retention", "true"],
        ["delete-retention-days", softDays],
        ["enable-container-delete-retention", "true"],
        ["container-delete-retention-days", softDays],
      ),
    ),
    step(
      "Create the container",
      "Every project gets a folder of its own in it.",
      azCall(
        "storage container-rm create",
        ["name", container],
        ["storage-account", account],
        ["resource-group", resourceGroup],
        ...(protection === "versions" ? [["enable-vlw", "true"] as const] : []),
      ),
    ),
    ...(protection === "none" ? [] : policySteps(setup, [...place, ["container-name", container]])),
  ];
}

function policySteps({ keepDays }: StorageSetup, place: readonly CliOption[]): readonly StorageStep[] {
  const words = "storage container immutability-policy";
  const asks = azCall(`${words} show`, ...place, ["query", "etag"], ["output", "tsv"]);
  return [
    step(
      "Let nobody delete or change backups before their time",
      `For ${keepDays} days after it was written, no key and no role can destroy a backup. Not yet locked: an owner can still take the policy away.`,
      azCall(`${words} create`, ...place, ["period", String(keepDays)]),
    ),
    {
      ...step(
        "Lock it",
        "From then on not even an owner of the subscription can shorten it, ever. Do this when everything works.",
        azCall(`${words} lock`, ...place, ["if-match", { asks, then: "" }]),
      ),
      isOptional: true,
    },
  ];
}

const writerRole = "Storage Blob Data Contributor";

function pipelineSteps(setup: StorageSetup): readonly StorageStep[] {
  const { resourceGroup, location, writer, pipelinesBy } = setup;
  if (pipelinesBy === "containerUrl") return [sasStep(setup)];
  if (writer !== "")
    return [
      step(
        "Let the pipelines in",
        "The service connection's identity writes backups.",
        roleCall(writerRole, [["assignee", writer]], setup),
      ),
    ];
  const place: readonly CliOption[] = [
    ["name", pipelineIdentity],
    ["resource-group", resourceGroup],
  ];
  const asks = azCall("identity show", ...place, ["query", "principalId"], ["output", "tsv"]);
  const assignee: readonly CliOption[] = [
    ["assignee-object-id", { asks, then: "" }],
    ["assignee-principal-type", "ServicePrincipal"],
  ];
  return [
    step(
      "Make an identity for the pipelines",
      "The service connection uses it. It may write backups into this container, and nothing else in Azure.",
      azCall("identity create", ...place, ["location", location]),
      roleCall(writerRole, assignee, setup),
    ),
  ];
}

/** Rights of the pipelines' SAS: no deleting. Tied to a stored policy, it can be taken back. */
function sasStep({ account, container, sasExpires }: StorageSetup): StorageStep {
  const policy = pipelineIdentity;
  return step(
    "Make a SAS for the pipelines",
    "Its last line is the value of the secret variable ContainerSas. It ends after a year; removing the policy ends it at once.",
    azCall(
      "storage container policy create",
      ["account-name", account],
      ["container-name", container],
      ["name", policy],
      ["permissions", "racwl"],
      ["expiry", sasExpires],
    ),
    azCall(
      "storage container generate-sas",
      ["account-name", account],
      ["name", container],
      ["policy-name", policy],
      ["https-only"],
      ["output", "tsv"],
    ),
  );
}

/** The rest of what this page and people need. */
function accessSteps(setup: ContainerPlace & Pick<StorageSetup, "origin" | "readers">): readonly StorageStep[] {
  const readers = setup.readers.map((reader) =>
    step(
      `Let ${reader} browse`,
      "Reads only. Content stays sealed: only a recovery key opens it.",
      roleCall("Storage Blob Data Reader", [["assignee", reader]], setup),
    ),
  );
  return [
    ...readers,
    step(
      "Let this page read",
      `Browsers ask the account whether ${setup.origin} may read from it. Who may read is still up to the roles.`,
      corsCall(setup.account, setup.origin),
    ),
  ];
}

/** The same for a container that exists: only what this page needs. Undefined for addresses outside of Azure. */
export function browsingSteps(
  containerUrl: string,
  origin: string,
  readers: readonly string[],
): readonly StorageStep[] | undefined {
  const place = placeOf(containerUrl);
  return place === undefined ? undefined : accessSteps({ ...place, origin, readers: readers.filter(isAssignee) });
}
