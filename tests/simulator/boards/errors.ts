/** Refusals of work item tracking, with the service's codes. */
import { SimError } from "../service.ts";

export function badRequest(typeKey: string, message: string): SimError {
  return new SimError(400, typeKey, message);
}

export function invalidArgument(name: string, found: string): SimError {
  return badRequest("VssPropertyValidationException", `${name}: the value '${found}' is not valid.`);
}

export function itemNotFound(id: number | string): SimError {
  return new SimError(
    404,
    "WorkItemUnauthorizedAccessException",
    `TF401232: Work item ${id} does not exist, or you do not have permissions to read it.`,
  );
}

export function typeNotFound(type: string, project: string): SimError {
  return new SimError(
    404,
    "WorkItemTypeNotFoundException",
    `VS402323: Work item type ${type} does not exist in project ${project} or you do not have permission to access it.`,
  );
}

export function fieldNotFound(field: string): SimError {
  return badRequest("WorkItemTrackingFieldDefinitionNotFoundException", `TF51535: Cannot find field ${field}.`);
}

export function nodeNotFound(path: string): SimError {
  return new SimError(
    404,
    "ClassificationNodeNotFoundException",
    `TF400499: The classification node '${path}' does not exist or you do not have permission to access it.`,
  );
}

/** `flags` are the service's status flags, e.g. `Required, InvalidEmpty`. */
export function ruleError(field: { referenceName: string; name: string }, flags: string, reason?: string): SimError {
  const message = reason ?? `TF401320: Rule Error for field ${field.name}. Error code: ${flags}.`;
  const error = { fieldReferenceName: field.referenceName, fieldStatusFlags: flags, errorMessage: message };
  return new SimError(400, "RuleValidationException", message, {
    FieldReferenceName: field.referenceName,
    FieldStatusFlags: flags,
    ErrorMessage: message,
    RuleValidationErrors: [{ ...error, fieldStatusCode: 524289, ruleValidationErrors: null }],
  });
}

export function linkRefused(typeKey: string, message: string): SimError {
  return badRequest(typeKey, message);
}
