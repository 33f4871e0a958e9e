import { BackupError } from "../foundation/errors.ts";
import { objectAt, stringAt } from "../foundation/json.ts";
import type { JsonObject } from "../foundation/json.ts";
import type { AzureDevOps } from "./azure-devops.ts";
import { requiredObject, requiredPart, requiredText } from "./reading/fields.ts";

/** Who we are to the organisation, and which one it is. */
export interface ConnectionData {
  /** Collection GUID, lower case. */
  readonly collectionId: string;
  readonly user: {
    readonly id: string;
    readonly displayName: string;
    readonly descriptor: string | undefined;
    readonly subjectDescriptor: string | undefined;
    /** Mail address or account name, where the service tells it. */
    readonly account: string | undefined;
  };
  readonly isHosted: boolean;
  readonly raw: JsonObject;
}

const what = "GET connectionData";
const anonymousId = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa";

/**
 * The credential test. Throws ADO_UNAUTHORIZED also when the service lets us in, but as nobody:
 * it does that for organisations with public projects.
 */
export async function readConnection(azureDevOps: Pick<AzureDevOps, "call">): Promise<ConnectionData> {
  const { body } = await azureDevOps.call({ area: "location", path: ["connectionData"], version: "7.1-preview.1" });
  const raw = requiredObject(body, what);
  const user = requiredPart(raw, "authenticatedUser", what);
  const id = requiredText(user, "id", what);
  const descriptor = stringAt(user, "descriptor");
  if (id.toLowerCase() === anonymousId || descriptor?.startsWith("System:PublicAccess") === true) throw nobody();
  const account = objectAt(objectAt(user, "properties") ?? {}, "Account");
  return {
    collectionId: requiredText(raw, "instanceId", what).toLowerCase(),
    user: {
      id,
      displayName: stringAt(user, "customDisplayName") ?? stringAt(user, "providerDisplayName") ?? id,
      descriptor,
      subjectDescriptor: stringAt(user, "subjectDescriptor"),
      account: account === undefined ? undefined : stringAt(account, "$value"),
    },
    isHosted: stringAt(raw, "deploymentType") !== "onPremises",
    raw,
  };
}

function nobody(): BackupError {
  return new BackupError({
    code: "ADO_UNAUTHORIZED",
    message: `${what}: Azure DevOps treats this sign-in as anonymous`,
    hint: "The token is wrong, has expired or belongs to another organisation: make a new one.",
  });
}
