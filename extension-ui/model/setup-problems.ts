/** What is wrong with the choices that the pipelines' YAML is made of, by field. */
import { parseRecipients, parseSigners } from "../../engine/crypto/keys.ts";
import { BackupError, describeError } from "../../engine/foundation/errors.ts";
import { parseContainerAddress } from "../../engine/store/container-address.ts";
import { parseHead } from "../../engine/vault/format/head-pin.ts";
import { parseRetention } from "../../engine/vault/retention/rules.ts";
import type { PipelineSetup, PipelineStorage } from "./setup-pipelines.ts";

export type SetupField =
  | "serviceConnection"
  | "storageAccount"
  | "containerName"
  | "containerUrl"
  | "recoveryRecipients"
  | "signers"
  | "head"
  | "pool"
  | "backupGroup"
  | "restoreGroup"
  | "branch"
  | "rpoHours"
  | "retention";

export interface SetupProblem {
  readonly field: SetupField;
  readonly message: string;
}

/** Empty when the YAML can be shown. */
export function pipelineSetupProblems(setup: PipelineSetup): readonly SetupProblem[] {
  return [...storageFields(setup.storage), ...keyFields(setup), ...pipelineFields(setup)];
}

function storageFields(storage: PipelineStorage): readonly SetupProblem[] {
  if (storage.by === "containerUrl")
    return refusalOf("containerUrl", () => {
      const { sas } = parseContainerAddress(storage.containerUrl);
      return sas === undefined
        ? undefined
        : "Leave the SAS out of the address; it belongs in the secret variable ContainerSas.";
    });
  return [
    ...nameField("serviceConnection", storage.serviceConnection, "Name of the Azure service connection."),
    ...formField(
      "storageAccount",
      /^[a-z0-9]{3,24}$/.test(storage.storageAccount),
      "3 to 24 lower-case letters and digits.",
    ),
    ...formField(
      "containerName",
      /^(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*$/.test(storage.containerName),
      "3 to 63 lower-case letters, digits and single hyphens.",
    ),
  ];
}

function keyFields({ recoveryRecipients, signers, head }: PipelineSetup): readonly SetupProblem[] {
  return [
    ...refusalOf("recoveryRecipients", () => void parseRecipients(recoveryRecipients.join("\n"))),
    ...refusalOf("signers", () => void parseSigners(signers.join(","))),
    ...formField(
      "head",
      head === undefined || parseHead(head) !== undefined,
      "As a backup run prints it: <entry>:<sha256>.",
    ),
  ];
}

function pipelineFields(setup: PipelineSetup): readonly SetupProblem[] {
  const { pool, rpoHours, retention, backupGroup, restoreGroup } = setup;
  return [
    ...nameField("pool", "vmImage" in pool ? pool.vmImage : pool.name, "Name of the agent pool."),
    ...nameField("backupGroup", backupGroup, "Name of the variable group."),
    ...nameField("restoreGroup", restoreGroup, "Name of the variable group."),
    ...formField(
      "restoreGroup",
      backupGroup !== restoreGroup,
      "Another group than the backup's: the recovery key must stay out of its reach.",
    ),
    ...nameField("branch", setup.branch, "Name of the branch that holds the YAML."),
    ...formField(
      "rpoHours",
      Number.isInteger(rpoHours) && rpoHours >= 1 && rpoHours <= 8784,
      "A whole number of hours, at least 1.",
    ),
    ...formField(
      "retention",
      retention === undefined || isRetention(retention),
      "For example last=7 daily=30 weekly=12 monthly=12 yearly=7.",
    ),
  ];
}

/** One line that the task takes. */
function isRetention(text: string): boolean {
  if (refusalOf("retention", () => void parseRetention(text)).length > 0) return false;
  return /^(last|daily|weekly|monthly|yearly)=\d{1,5}( (last|daily|weekly|monthly|yearly)=\d{1,5})*$/.test(text);
}

function formField(field: SetupField, isRight: boolean, message: string): readonly SetupProblem[] {
  return isRight ? [] : [{ field, message }];
}

/** A name in one line, without anything that Azure Pipelines would replace. */
function nameField(field: SetupField, name: string, message: string): readonly SetupProblem[] {
  const isRight = name.trim() !== "" && name.length <= 260 && !/[\p{Cc}\u2028\u2029]|\$\(|\$\{\{|\$\[/u.test(name);
  return formField(field, isRight, message);
}

function refusalOf(field: SetupField, check: () => string | undefined): readonly SetupProblem[] {
  try {
    const message = check();
    return message === undefined ? [] : [{ field, message }];
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    return [{ field, message: describeError(error) }];
  }
}
