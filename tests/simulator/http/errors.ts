/** Error answers in the service's form. */
import type { JsonObject } from "../../../engine/foundation/json.ts";
import { SimError } from "../service.ts";

const namespaces: Readonly<Record<string, string>> = {
  Git: "Microsoft.TeamFoundation.Git.Server",
  Project: "Microsoft.TeamFoundation.Core.WebApi",
  Team: "Microsoft.TeamFoundation.Core.WebApi",
  WorkItem: "Microsoft.TeamFoundation.WorkItemTracking.Server",
  Build: "Microsoft.TeamFoundation.Build.WebApi",
  Vss: "Microsoft.VisualStudio.Services.WebApi",
};

export function errorBody(error: SimError): JsonObject {
  const prefix = Object.keys(namespaces).find((name) => error.typeKey.startsWith(name)) ?? "Vss";
  const assembly = namespaces[prefix] ?? "";
  return {
    $id: "1",
    innerException: null,
    message: error.message,
    typeName: `${assembly}.${error.typeKey}, ${assembly}`,
    typeKey: error.typeKey,
    errorCode: 0,
    eventId: 3000,
    ...(error.customProperties === undefined ? {} : { customProperties: error.customProperties }),
  };
}

export function projectNotFound(name: string): SimError {
  const message = `TF200016: The following project does not exist: ${name}. Verify that the name of the project is correct and that the project exists on the specified Azure DevOps Server.`;
  return new SimError(404, "ProjectDoesNotExistWithNameException", message);
}

export function repositoryNotFound(name: string): SimError {
  const message = `TF401019: The Git repository with name or identifier ${name} does not exist or you do not have permissions for the operation you are attempting.`;
  return new SimError(404, "GitRepositoryNotFoundException", message);
}

export function notAuthorized(user: string): SimError {
  const message = `TF400813: The user '${user}' is not authorized to access this resource.`;
  return new SimError(403, "UnauthorizedRequestException", message);
}

export function badRequest(typeKey: string, message: string): SimError {
  return new SimError(400, typeKey, message);
}

/** No route: the service's own answer for a resource it does not know. */
export function resourceNotFound(path: string): SimError {
  const message = `The controller for path '/${path}' was not found or does not implement IController.`;
  return new SimError(404, "VssResourceNotFoundException", message);
}
