/**
 * What restores from this vault have left behind, as far as this run's recovery keys can tell: the register of restores
 * and their journals. Journals of other recovery keys, and whatever else lies there, are as if they were not.
 */
import { sha256Hex } from "../../crypto/cryptography.ts";
import { utf8 } from "../../foundation/bytes.ts";
import { canonicalJson } from "../../foundation/json.ts";
import { counted } from "../../foundation/text.ts";
import { journalKey, type JournalChain, type JournalPlace } from "../../vault/journal/journal-objects.ts";
import { restoresPrefix } from "../../vault/format/layout.ts";
import type { Log } from "../../vault/log/log.ts";
import { pastRestores, type JournalTarget } from "../../vault/journal/restore-journal.ts";
import { openRegister, type RestoreRegister } from "../../vault/journal/restore-register.ts";
import { recipientsEver } from "../check-keys.ts";
import type { RestoreRequest, RestoreTools } from "./request.ts";
import { idMap, type FillingIdMap } from "../../kinds/restore/id-map.ts";

/** Where the journals of one recovery key lie, and this restore's id there. */
export interface KeptRestores {
  readonly place: JournalPlace;
  readonly register: RestoreRegister;
  readonly restoreId: string;
}

/** For each recovery key of the run that is the vault's; the first is the one that new journals are written with. */
export async function openHistory(
  request: RestoreRequest,
  tools: RestoreTools,
  { log, snapshot }: { readonly log: Log; readonly snapshot: string },
): Promise<readonly KeptRestores[]> {
  const { store, cryptography } = tools;
  const all = recipientsEver(log);
  const own = new Map<string, string>();
  for (const identity of request.recoveryIdentities) own.set(await cryptography.recipientOf(identity), identity);
  const kept: KeptRestores[] = [];
  for (const recipient of all) {
    const identity = own.get(recipient);
    if (identity === undefined) continue;
    const key = await journalKey(identity, cryptography);
    const recipients = [...new Set([recipient, ...(log.keys?.recipients ?? [])])];
    const place = { store, cryptography, vault: request.vault, key, recipients };
    const restoreId = restoreIdOf(request, tools, { snapshot, key: key.fingerprint });
    kept.push({ place, restoreId, register: await openRegister(place) });
  }
  return kept;
}

/** The same request with the same recovery key gives the same id. */
function restoreIdOf(
  request: RestoreRequest,
  { azureDevOps, cryptography }: RestoreTools,
  { snapshot, key }: { readonly snapshot: string; readonly key: string },
): string {
  const facts = {
    vault: request.vault,
    snapshot,
    selectors: [...request.selectors].sort(),
    target: [azureDevOps.organization.id, request.targetProject.name.toLowerCase()],
    policy: [request.conflictPolicy, request.workItemHistory],
    mapping: request.mapping,
    key,
  };
  return sha256Hex(cryptography, utf8(canonicalJson(facts)));
}

export interface KnownRestores {
  /** What earlier restores of the same source have made in this target, this one's unfinished part included. */
  readonly ids: FillingIdMap;
  /** One line for each thing that people should know of the journals. */
  readonly notes: readonly string[];
}

/** Reads the journals of restores into the target, one after another. */
export async function knownRestores(
  history: readonly KeptRestores[],
  target: JournalTarget,
  request: RestoreRequest,
): Promise<KnownRestores> {
  const ids = idMap();
  const chains: Pick<JournalChain, "names" | "strangers">[] = history.map(({ register }) => register.chain);
  const journals = history.flatMap(({ place, register }) =>
    register.into(target).map((restoreId) => ({ ...place, restoreId })),
  );
  for (const journal of journals) {
    const { passes, chain } = await pastRestores(journal, target);
    chains.push(chain);
    for (const { source, ids: made } of passes) {
      if (source.projectId !== undefined && source.projectId !== request.source.project.id) continue;
      for (const [space, old, now] of made) ids.made(space, old, now);
    }
  }
  return { ids, notes: await notesOf(history, chains, target) };
}

/** More objects than this are not even counted. */
const maxListed = 1000;

async function notesOf(
  history: readonly KeptRestores[],
  chains: readonly Pick<JournalChain, "names" | "strangers">[],
  target: JournalTarget,
): Promise<readonly string[]> {
  const [first] = history;
  if (first === undefined) return [];
  const { store, vault } = first.place;
  const known = new Set(chains.flatMap(({ names }) => names));
  // Journals of these keys that concern other targets were not read.
  const elsewhere = new Set(history.flatMap(({ register }) => [...register.ids]));
  for (const { register } of history) for (const id of register.into(target)) elsewhere.delete(id);
  const strange = new Set(chains.flatMap(({ strangers }) => [...strangers]));
  const prefix = restoresPrefix(vault);
  let listed = 0;
  for await (const { name } of store.list(prefix)) {
    const [id = ""] = name.slice(prefix.length).split("/");
    if (!known.has(name) && !elsewhere.has(id)) strange.add(name);
    listed += 1;
    if (listed === maxListed) break;
  }
  return strange.size === 0 ? [] : [strangeLine(strange.size, listed === maxListed)];
}

function strangeLine(count: number, isCutOff: boolean): string {
  const many = `${isCutOff ? "at least " : ""}${counted(count, "object")}`;
  const which = "they are journals of restores that were made with another recovery key, or somebody put them there";
  return (
    `Under restores/ of the vault ${many} do not authenticate with this recovery key: ${which}. ` +
    "They are left out of account: what such restores have made is known by its name, or by the link to its origin"
  );
}
