/**
 * The four keys of a vault (design.md: agent, owner, viewer, recovery) as people hold them: strings.
 * Implementation notes and the derivations stand in docs/format.md; test vectors in tests/format/v1/keys.json.
 */
export interface KeySet {
  readonly agentKey: string;
  readonly ownerKey: string;
  readonly viewerKey: string;
  readonly recoveryKey: string;
  readonly recoveryRecipient: string;
  /** `ed25519:<base64url>` of agent and owner, comma-separated. */
  readonly signer: string;
}

/** What an agent key opens up once parsed. Secrets: never logged, never serialised. */
export interface AgentKeys {
  readonly signingSeed: Uint8Array;
  /** `ed25519:<base64url>`. */
  readonly signer: string;
  /** The viewer key: an age identity that opens the catalogue. */
  readonly catalogueIdentity: string;
  readonly catalogueRecipient: string;
  /** Key of the keyed digests (index `t`, item hashes). */
  readonly macKey: Uint8Array;
}

export interface OwnerKeys {
  readonly signingSeed: Uint8Array;
  readonly signer: string;
}
