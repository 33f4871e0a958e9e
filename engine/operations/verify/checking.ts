/** A verification at work: what it was asked for, what it works with, and what it has found by now. */
import type { Cryptography } from "../../crypto/cryptography.ts";
import type { PinnedSigner } from "../../crypto/keys.ts";
import type { Clock } from "../../foundation/clock.ts";
import type { Reporter } from "../../foundation/reporter.ts";
import type { Finding, ResourceKind, VerifyTools } from "../../kinds/kind.ts";
import type { ObjectReader } from "../../store/object-store.ts";
import type { Head } from "../../vault/format/log-entry.ts";
import type { VaultAccess } from "../../vault/objects/sealed-objects.ts";
import { type Gathered } from "./gather-objects.ts";
import { type Sample } from "./sample.ts";

export interface VerifyRequest {
  readonly vault: string;
  readonly snapshot: string;
  readonly level: "catalogue" | "stored" | "content";
  readonly sample: string;
  /** Catalogue or recovery identities; recovery ones for `content`. */
  readonly identities: readonly string[];
  /** Signer of the agent key that is to record the result. */
  readonly agentSigner?: string | undefined;
  /** The agent key's, to compare states with their digests; without it that is not looked at. */
  readonly macKey?: Uint8Array | undefined;
  readonly pinnedSigners: readonly PinnedSigner[];
  readonly pin: Head | undefined;
  readonly kinds: readonly ResourceKind[];
  readonly parallelism: number;
  readonly maxAgeHours: number | undefined;
}

export interface VerifySurroundings extends Omit<VerifyTools, "snapshot"> {
  readonly store: ObjectReader;
  readonly cryptography: Cryptography;
  readonly clock: Clock;
  readonly reporter: Reporter;
}

/** Per stream: what was found, and how much was looked at. */
export interface StreamTally {
  readonly findings: Finding[];
  checkedBytes: number;
}

export interface Checking {
  readonly request: VerifyRequest;
  readonly tools: VerifySurroundings;
  readonly access: VaultAccess;
  readonly gathered: Gathered;
  readonly sample: Sample;
  readonly tallies: Map<string, StreamTally>;
}

export function tallyOf(tallies: Map<string, StreamTally>, stream: string): StreamTally {
  const tally = tallies.get(stream) ?? { findings: [], checkedBytes: 0 };
  tallies.set(stream, tally);
  return tally;
}
