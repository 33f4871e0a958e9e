/** Where callers look how far a long-running operation is. */
import type { Route } from "../service.ts";
import { SimError } from "../service.ts";
import type { SimulatorState } from "../state.ts";

export function operationRoutes(state: SimulatorState): readonly Route[] {
  return [
    {
      method: "GET",
      template: "_apis/operations/{operationId}",
      version: "7.1",
      scope: "",
      handle: ({ params, organizationUrl }) => {
        const id = params.operationId ?? "";
        const found = state.operations.statusOf(id);
        if (found === undefined) {
          throw new SimError(404, "OperationNotFoundException", `VS403346: The operation ${id} does not exist.`);
        }
        const url = `${organizationUrl}/_apis/operations/${id}`;
        const failure =
          found.failure === undefined ? {} : { resultMessage: found.failure, detailedMessage: found.failure };
        return { body: { id, status: found.status, url, _links: { self: { href: url } }, ...failure } };
      },
    },
  ];
}
