/** Who may write what into the log (design.md §6.3). The genesis entry and later `keys` entries say it. */
import type { LogKind, VaultKeys } from "./log-entry.ts";

/** What an agent key may sign: it runs unattended, so it can add but never take away. */
export const agentKinds: readonly LogKind[] = ["snapshot", "incident", "verification"];
/** What the owner key may sign. */
export const ownerKinds: readonly LogKind[] = ["retire", "keys", "acknowledge", "expect"];

/** By signer, `ed25519:<base64url>`. */
export type Roles = ReadonlyMap<string, ReadonlySet<LogKind>>;

export function rolesOf(keys: Pick<VaultKeys, "signers">): Roles {
  const roles = new Map<string, Set<LogKind>>();
  for (const { pub, may } of keys.signers) roles.set(pub, new Set([...(roles.get(pub) ?? []), ...may]));
  return roles;
}

export function maySign(roles: Roles, signer: string, kind: LogKind): boolean {
  return roles.get(signer)?.has(kind) === true;
}
