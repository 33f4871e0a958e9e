/** What lies beside the log for people: README.txt, and the canaries of recovery keys. No code trusts them; people do. */
import type { Cryptography } from "../../crypto/cryptography.ts";
import type { Finding } from "../../kinds/kind.ts";
import type { ObjectReader } from "../../store/object-store.ts";
import { checkCanaries } from "../../vault/format/canary.ts";
import type { Log } from "../../vault/log/log.ts";
import { storedReadme } from "../../vault/format/recovery-readme.ts";
import type { ReadmeState } from "../../vault/format/recovery-readme.ts";

interface Place {
  readonly store: ObjectReader;
  readonly cryptography: Cryptography;
}

export async function companionFindings(
  request: { readonly vault: string; readonly identities: readonly string[] },
  place: Place,
  log: Log,
): Promise<readonly Finding[]> {
  const { vault, identities } = request;
  return [
    ...(await canaryFindings({ ...place, vault }, log, identities)),
    ...(await readmeFindings({ ...place, vault }, log)),
  ];
}

/** Every recovery key that was given must open its canary: better found out now than on the worst day. */
async function canaryFindings(
  place: Place & { readonly vault: string },
  log: Log,
  identities: readonly string[],
): Promise<readonly Finding[]> {
  const recipients = log.keys?.recipients ?? [];
  const checks = await checkCanaries(place, recipients, identities);
  return checks.flatMap(({ fingerprint, state }): readonly Finding[] => {
    if (state === "opened" || state === "not-tried") return [];
    const message = `the canary of recovery key ${fingerprint} is ${state}`;
    return [{ stream: "log", item: fingerprint, code: "CANARY", message, severity: "damage" }];
  });
}

const readmeTexts: Readonly<Record<Exclude<ReadmeState, "current">, Pick<Finding, "message" | "severity">>> = {
  missing: {
    message: "README.txt, which says how to recover by hand, is missing; the next backup writes it anew",
    severity: "warning",
  },
  earlier: {
    message:
      "README.txt is of an earlier version, whose commands do not check names: to recover by hand, take the page of a newer vault, with this vault's id and keys",
    severity: "note",
  },
  other: {
    message:
      "README.txt is none that this program has written: do not follow its commands, find out who can write over objects, and delete it",
    severity: "damage",
  },
};

async function readmeFindings(place: Place & { readonly vault: string }, log: Log): Promise<readonly Finding[]> {
  if (log.genesis === undefined) return [];
  const { state } = await storedReadme(place, { vault: place.vault, genesis: log.genesis.entry });
  return state === "current" ? [] : [{ stream: "log", item: "README.txt", code: "README", ...readmeTexts[state] }];
}
