/** The storage steps as Azure CLI to copy: account, container, protection against deletion, CORS, roles. */
import { azCommand, corsCommand, placeOf, roleCommand, shellQuoted, type ContainerPlace } from "./azure-cli.ts";

export interface StorageSetup {
  readonly resourceGroup: string;
  readonly location: string;
  readonly account: string;
  readonly container: string;
  /** Of this page. */
  readonly origin: string;
  /** Application (client) id of the service connection's identity; empty when pipelines use a SAS. */
  readonly writer: string;
  /** Sign-in names or object ids of people or groups who may browse; may be empty. */
  readonly readers: readonly string[];
  /** Days for which nothing can be deleted or changed. */
  readonly keepDays: number;
}

export type StorageField = Exclude<keyof StorageSetup, "origin">;

export interface StorageProblem {
  readonly field: StorageField;
  readonly message: string;
}

/** Empty when the commands can be shown. */
export function storageProblems(setup: StorageSetup): readonly StorageProblem[] {
  const wrong: readonly (readonly [StorageField, boolean, string])[] = [
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
  readonly command: string;
  /** Cannot be taken back, or not everybody wants it. */
  readonly isOptional: boolean;
}

/** In the order in which they have to be done. Throws RangeError for a setup with problems. */
export function storageSteps(setup: StorageSetup): readonly StorageStep[] {
  const [problem] = storageProblems(setup);
  if (problem !== undefined) throw new RangeError(`${problem.field}: ${problem.message}`);
  return [...accountSteps(setup), ...protectionSteps(setup), ...accessSteps(setup)];
}

function accountSteps({ resourceGroup, location, account, container }: StorageSetup): readonly StorageStep[] {
  const create = azCommand(
    "storage account create",
    ["name", account],
    ["resource-group", resourceGroup],
    ["location", location],
    ["kind", "StorageV2"],
    ["sku", "Standard_ZRS"],
    ["https-only", "true"],
    ["min-tls-version", "TLS1_2"],
    ["allow-blob-public-access", "false"],
  );
  return [
    {
      title: "Create the storage account",
      why: "Best one of its own, in a subscription that other people own than those who own Azure DevOps.",
      command: `${azCommand("group create", ["name", resourceGroup], ["location", location])}\n${create}`,
      isOptional: false,
    },
    {
      title: "Create the container",
      why: "Every project gets a folder of its own in it.",
      command: azCommand(
        "storage container-rm create",
        ["name", container],
        ["storage-account", account],
        ["resource-group", resourceGroup],
      ),
      isOptional: false,
    },
  ];
}

function protectionSteps({ resourceGroup, account, container, keepDays }: StorageSetup): readonly StorageStep[] {
  const place: readonly (readonly [string, string])[] = [
    ["account-name", account],
    ["resource-group", resourceGroup],
  ];
  const days = String(keepDays);
  const etag = `$(az storage container immutability-policy show --account-name ${shellQuoted(account)} --container-name ${shellQuoted(container)} --query etag --output tsv)`;
  return [
    {
      title: "Keep what is deleted or written over",
      why: "Mistakes and attacks can be taken back for some days.",
      command: azCommand(
        "storage account blob-service-properties update",
        ...place,
        ["enable-versioning", "true"],
        ["enable-delete-retention", "true"],
        ["delete-retention-days", String(Math.min(keepDays, 365))],
        ["enable-container-delete-retention", "true"],
        ["container-delete-retention-days", String(Math.min(keepDays, 365))],
      ),
      isOptional: false,
    },
    {
      title: "Let nobody delete or change backups before their time",
      why: `For ${days} days after it was written, no key and no role can destroy a backup. Not yet locked: an owner can still take the policy away.`,
      command: azCommand(
        "storage container immutability-policy create",
        ...place,
        ["container-name", container],
        ["period", days],
      ),
      isOptional: false,
    },
    {
      title: "Lock it",
      why: "From then on not even an owner of the subscription can shorten it, ever. Do this when everything works.",
      command: `${azCommand("storage container immutability-policy lock", ...place, ["container-name", container])} \\\n  --if-match "${etag}"`,
      isOptional: true,
    },
  ];
}

function accessSteps(setup: StorageSetup): readonly StorageStep[] {
  const place = { account: setup.account, container: setup.container };
  const writer: readonly StorageStep[] =
    setup.writer === ""
      ? []
      : [
          {
            title: "Let the pipelines in",
            why: "The service connection's identity writes backups.",
            command: roleCommand("Storage Blob Data Contributor", setup.writer, place),
            isOptional: false,
          },
        ];
  const readers = setup.readers.map((reader) => ({
    title: `Let ${reader} browse`,
    why: "Reads only. Content stays sealed: only a recovery key opens it.",
    command: roleCommand("Storage Blob Data Reader", reader, place),
    isOptional: false,
  }));
  return [
    ...writer,
    ...readers,
    {
      title: "Let this page read",
      why: `Browsers ask the account whether ${setup.origin} may read from it. Who may read is still up to the roles.`,
      command: corsCommand(setup.account, setup.origin),
      isOptional: false,
    },
  ];
}

/** The same for a container that exists: only what this page needs. Undefined for addresses outside of Azure. */
export function browsingSteps(
  containerUrl: string,
  origin: string,
  readers: readonly string[],
): readonly StorageStep[] | undefined {
  const place = placeOf(containerUrl);
  if (place === undefined) return undefined;
  const own = { ...place, origin, readers, writer: "", resourceGroup: "", location: "", keepDays: 0 };
  return accessSteps({ ...own, readers: readers.filter(isAssignee) });
}
