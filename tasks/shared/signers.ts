/** Input `signer`: who may stand behind a vault, and as what. */
import { parseSigners, type PinnedSigner } from "../../engine/crypto/keys.ts";
import type { Agent } from "./agent.ts";

/** Empty when the input is: the vault is then trusted on first use. Throws KEY_FORM. */
export function pinnedSigners(agent: Agent): readonly PinnedSigner[] {
  const given = agent.input("signer");
  return given === undefined ? [] : parseSigners(given);
}
