/**
 * People: the identity service and the users of the graph, both on their own host
 * (learn.microsoft.com/rest/api/azure/devops/ims/identities).
 */
import type { JsonObject } from "../../../engine/foundation/json.ts";
import { fullIdentity } from "./identity-store.ts";
import { listAnswer, tokenPage } from "../http/paging.ts";
import type { Route, SimAnswer, SimIdentity, SimRequest } from "../service.ts";
import { SimError } from "../service.ts";
import type { SimulatorState } from "../state.ts";

export function identityRoutes(state: SimulatorState): readonly Route[] {
  return [
    {
      method: "GET",
      host: "vssps",
      template: "_apis/identities",
      version: "7.1",
      scope: "vso.identity",
      handle: (r) => identities(state, r),
    },
    {
      method: "GET",
      host: "vssps",
      template: "_apis/graph/users",
      version: "7.1-preview.1",
      scope: "vso.graph",
      handle: (r) => users(state, r),
    },
    {
      method: "GET",
      host: "vssps",
      template: "_apis/graph/users/{descriptor}",
      version: "7.1-preview.1",
      scope: "vso.graph",
      handle: (r) => user(state, r),
    },
  ];
}

/** By ids or descriptors: one entry for each asked, null where nobody is; by filter: those found. */
function identities(state: SimulatorState, { query }: SimRequest): SimAnswer {
  const lists = ["identityIds", "subjectDescriptors", "descriptors"].map((name) => query.get(name));
  const asked = lists.find((text) => text !== null && text !== "");
  if (asked !== undefined && asked !== null) {
    const found = asked.split(",").map((one) => state.identityOf(one));
    const value = found.map((one) => (one === undefined ? null : fullIdentity(one)));
    return { body: { count: value.length, value } };
  }
  const filter = (query.get("filterValue") ?? "").toLowerCase();
  const fits = ({ displayName, uniqueName }: SimIdentity): boolean =>
    displayName.toLowerCase() === filter || uniqueName.toLowerCase() === filter;
  return listAnswer(state.identities.filter(fits).map(fullIdentity));
}

function users(state: SimulatorState, { query, organizationUrl }: SimRequest): SimAnswer {
  const { page, headers } = tokenPage(state.identities, query, { defaultTop: 100 });
  return listAnswer(
    page.map((identity) => userBody(identity, organizationUrl)),
    headers,
  );
}

function user(state: SimulatorState, { params, organizationUrl }: SimRequest): SimAnswer {
  const descriptor = params.descriptor ?? "";
  const found = state.identities.find((one) => one.descriptor === descriptor);
  if (found === undefined) {
    const message = `VS860025: The subject with descriptor '${descriptor}' was not found.`;
    throw new SimError(404, "GraphSubjectNotFoundException", message);
  }
  return { body: userBody(found, organizationUrl) };
}

/** The directory the organisation is connected to. */
const directory = "3f6d0c5e-8a0b-4a55-9b7e-5f3a1c7d2e90";

function userBody(identity: SimIdentity, organizationUrl: string): JsonObject {
  const url = `${organizationUrl}/_apis/Graph/Users/${identity.descriptor}`;
  return {
    subjectKind: "user",
    domain: directory,
    principalName: identity.uniqueName,
    mailAddress: identity.uniqueName,
    origin: "aad",
    originId: identity.id,
    displayName: identity.displayName,
    _links: { self: { href: url } },
    url,
    descriptor: identity.descriptor,
  };
}
