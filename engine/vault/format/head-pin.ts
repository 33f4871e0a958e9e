/** Head pins: what someone outside the storage remembers of the log's head (docs/threat-model.md). */
import { BackupError } from "../../foundation/errors.ts";
import { withoutSecrets } from "../../foundation/secret-shapes.ts";
import { isObject, parseObject } from "../../foundation/json.ts";
import { isVaultId, maxLogSeq } from "./layout.ts";
import type { Head } from "./log-entry.ts";

/** `<seq>:<sha256>`. */
export function formatHead(head: Head): string {
  return `${head.seq}:${head.sha256}`;
}

/** Undefined for anything that is not `<seq>:<sha256>`. */
export function parseHead(text: string): Head | undefined {
  const [, digits, sha256] = /^([0-9]{1,10}):([0-9a-f]{64})$/.exec(text) ?? [];
  const seq = Number(digits);
  return sha256 === undefined || seq > maxLogSeq ? undefined : { seq, sha256 };
}

/**
 * Input `vaultHead`: one line per vault, `<seq>:<sha256>` where only one vault is meant, else
 * `<vault GUID>=<seq>:<sha256>`; or the JSON object that a run over several projects prints. Lines of vaults that
 * are not meant are ignored. Throws INPUT_VAULT_HEAD.
 */
export function parseVaultHeads(input: string, vaults: readonly string[]): ReadonlyMap<string, Head> {
  const heads = new Map<string, Head>();
  for (const [vault, text] of pinLines(input)) {
    const head = parseHead(text);
    if (head === undefined || (vault !== undefined && !isVaultId(vault))) throw badHead(vault ?? text);
    const pinned = vault ?? onlyOne(vaults);
    if (pinned === undefined) {
      throw new BackupError({
        code: "INPUT_VAULT_HEAD",
        message: `Input vaultHead does not say which of ${vaults.length} vaults the head ${withoutSecrets(text).slice(0, 24)}… belongs to`,
        hint: "Write one line per vault: <project GUID>=<seq>:<sha256>.",
      });
    }
    if (heads.has(pinned)) throw badHead(`two heads for ${pinned}`);
    heads.set(pinned, head);
  }
  return heads;
}

function pinLines(input: string): readonly (readonly [vault: string | undefined, head: string])[] {
  const object = parseObject(input);
  if (isObject(object))
    return Object.entries(object).map(([vault, head]) => [vault.toLowerCase(), typeof head === "string" ? head : ""]);

  const lines = input.split(/\r?\n/).map((line) => line.trim());
  return lines
    .filter((line) => line !== "")
    .map((line) => {
      const [head = "", vault] = line.split("=").reverse();
      return [vault?.trim().toLowerCase(), head.trim()];
    });
}

function onlyOne(vaults: readonly string[]): string | undefined {
  return vaults.length === 1 ? vaults[0] : undefined;
}

function badHead(found: string): BackupError {
  return new BackupError({
    code: "INPUT_VAULT_HEAD",
    message: `Input vaultHead holds ${JSON.stringify(withoutSecrets(found).slice(0, 100))}, which is no head of a vault`,
    hint: "Give the vaultHead line that the last run of BackupProject printed: <seq>:<sha256>.",
  });
}
