/** The people and accounts of the simulated organisation, and how answers show them. */
import type { JsonObject } from "../../../engine/foundation/json.ts";
import type { SimIdentity } from "../service.ts";

type Person = readonly [name: string, account: string];

const people: readonly [Person, ...Person[]] = [
  ["Ada Nowak", "ada"],
  ["Ben Okafor", "ben"],
  ["Chiara Russo", "chiara"],
  ["Dmitri Volkov", "dmitri"],
  ["Elif Kaya", "elif"],
  ["Farid Haddad", "farid"],
  ["Grace Lin", "grace"],
];

/** The team; the first one owns the organisation. */
export function teamOf(organization: string, newId: () => string): [SimIdentity, ...SimIdentity[]] {
  const identityOf = ([displayName, account]: Person): SimIdentity =>
    personOf({ displayName, uniqueName: `${account}@${organization.toLowerCase()}.example` }, newId());
  const [first, ...others] = people;
  return [identityOf(first), ...others.map(identityOf)];
}

export function personOf(
  { displayName, uniqueName }: { readonly displayName: string; readonly uniqueName: string },
  id: string,
): SimIdentity {
  return { id, displayName, uniqueName, descriptor: `aad.${encoded(id)}` };
}

/** `Contoso Build Service (org)`: who a pipeline job is. */
export function buildServiceOf(
  { name, organizationName }: { readonly name: string; readonly organizationName: string },
  id: string,
): SimIdentity {
  const displayName = `${name} Build Service (${organizationName})`;
  return { id, displayName, uniqueName: `Build\\${id}`, descriptor: `svc.${encoded(id)}` };
}

function encoded(id: string): string {
  return Buffer.from(id).toString("base64").replace(/=+$/, "");
}

/** An identity as it stands inside other answers. */
export function identityRef(identity: SimIdentity, organizationUrl: string): JsonObject {
  const avatar = `${organizationUrl}/_apis/GraphProfile/MemberAvatars/${identity.descriptor}`;
  return {
    displayName: identity.displayName,
    url: `${organizationUrl}/_apis/Identities/${identity.id}`,
    _links: { avatar: { href: avatar } },
    id: identity.id,
    uniqueName: identity.uniqueName,
    imageUrl: `${organizationUrl}/_api/_common/identityImage?id=${identity.id}`,
    descriptor: identity.descriptor,
  };
}

function isService({ descriptor }: SimIdentity): boolean {
  return descriptor.startsWith("svc.");
}

/** An identity in the long form of the identity service. */
export function fullIdentity(identity: SimIdentity): JsonObject {
  const text = (value: string): JsonObject => ({ $type: "System.String", $value: value });
  return {
    id: identity.id,
    descriptor: isService(identity)
      ? `Microsoft.TeamFoundation.ServiceIdentity;${identity.id}:Build:${identity.id}`
      : `Microsoft.IdentityModel.Claims.ClaimsIdentity;tenant\\${identity.uniqueName}`,
    subjectDescriptor: identity.descriptor,
    providerDisplayName: identity.displayName,
    customDisplayName: identity.displayName,
    isActive: true,
    members: [],
    memberOf: [],
    memberIds: [],
    properties: {
      SchemaClassName: text("User"),
      Account: text(identity.uniqueName),
      Mail: text(identity.uniqueName),
    },
    resourceVersion: 2,
    metaTypeId: 0,
  };
}

/** By id, unique name, descriptor, display name or `Display <unique@name>`. */
export function identityIn(identities: readonly SimIdentity[], text: string): SimIdentity | undefined {
  const inBrackets = /<([^<>]+)>\s*$/.exec(text)?.[1];
  const wanted = (inBrackets ?? text).trim().toLowerCase();
  const isIt = ({ id, uniqueName, descriptor, displayName }: SimIdentity): boolean =>
    [id, uniqueName, descriptor, displayName].some((name) => name.toLowerCase() === wanted);
  return identities.find(isIt);
}
