/** Who may write what into the log (docs/format.md 3.1). The genesis entry and later `keys` entries say it. */
import type { KeyRole, PinnedSigner } from "../../crypto/keys.ts";
import type { LogKind, VaultKeys } from "./log-entry.ts";

/** What an agent key may sign: it runs unattended, so it can add but never take away. */
export const agentKinds: readonly LogKind[] = ["snapshot", "incident", "verification"];
/** What the owner key may sign. */
export const ownerKinds: readonly LogKind[] = ["retire", "keys", "acknowledge", "expect"];

/** By signer, `ed25519:<base64url>`. */
export type Roles = ReadonlyMap<string, ReadonlySet<LogKind>>;

/** Kinds that came later: in vaults begun before them, who may retire may write them. */
const withRetire: readonly LogKind[] = ["acknowledge", "expect"];

export function rolesOf(keys: Pick<VaultKeys, "signers">): Roles {
  const roles = new Map<string, Set<LogKind>>();
  for (const { pub, may } of keys.signers) {
    const implied = may.includes("retire") ? withRetire : [];
    roles.set(pub, new Set([...(roles.get(pub) ?? []), ...may, ...implied]));
  }
  return roles;
}

export function maySign(roles: Roles, signer: string, kind: LogKind): boolean {
  return roles.get(signer)?.has(kind) === true;
}

export function kindsOfRole(role: KeyRole): readonly LogKind[] {
  return role === "agent" ? agentKinds : ownerKinds;
}

/**
 * The signers as people pin them. One with rights of both roles counts as an owner here, and is refused when pinned.
 */
export function pinnable(keys: Pick<VaultKeys, "signers">): readonly PinnedSigner[] {
  return [...rolesOf(keys)].map(([signer, kinds]) => ({ role: roleOf(kinds) ?? "owner", signer }));
}

/** Undefined for a key that has rights of both: nobody gives such keys out. */
export function roleOf(kinds: ReadonlySet<LogKind>): KeyRole | undefined {
  return (["agent", "owner"] as const).find((role) => [...kinds].every((kind) => kindsOfRole(role).includes(kind)));
}
