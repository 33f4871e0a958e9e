/**
 * What became of documents that were stored and are not listed any more. A list leaves out what the identity may not
 * see, so that alone says nothing: each needs evidence. Many that vanish at once are more likely a permission that was
 * taken away than so many deletions.
 */
import { BackupError, describeError } from "../../foundation/errors.ts";

export interface DeletionEvidence {
  /** What one is called, at the beginning of a sentence: `Variable group`. */
  readonly one: string;
  /** Reads one by its id; throws ADO_NOT_FOUND when it is not there, ADO_FORBIDDEN when it is kept from us. */
  read(key: string): Promise<unknown>;
  /** Those of the keys that lie in a recycle bin, where the service has one. */
  deleted?(keys: readonly string[]): Promise<readonly string[]>;
}

export interface ListingFacts {
  /** Documents in the parent snapshot. */
  readonly known: number;
  /** Keys that are listed now. */
  readonly listed: readonly string[];
}

export interface MissingDocument {
  readonly key: string;
  readonly reason: string;
}

/** Those of the absent documents that were not shown to be deleted, each with what was found. */
export async function absentDocuments(
  absent: readonly string[],
  evidence: DeletionEvidence,
  facts: ListingFacts,
): Promise<readonly MissingDocument[]> {
  if (absent.length === 0) return [];
  const inBin = new Set(await evidence.deleted?.(absent));
  const unexplained = absent.filter((key) => !inBin.has(key));
  if (unexplained.length === 0) return [];
  const doubt = await doubtAbout(unexplained.length, evidence, facts);
  if (doubt !== undefined) return unexplained.map((key) => ({ key, reason: doubt }));
  const missing: MissingDocument[] = [];
  for (const key of unexplained) {
    const reason = await whyNotDeleted(key, evidence);
    if (reason !== undefined) missing.push({ key, reason });
  }
  return missing;
}

/** Why not even a plain "not found" would prove a deletion. */
async function doubtAbout(
  count: number,
  evidence: DeletionEvidence,
  { known, listed: [sibling] }: ListingFacts,
): Promise<string | undefined> {
  if (isMany(count, known))
    return `${count} of ${known} are not listed any more, too many at once to be taken for deleted`;
  if (sibling === undefined) return "nothing is listed any more";
  const trouble = await whyNotDeleted(sibling, evidence);
  if (trouble === undefined) return "what is listed cannot be read by its id either";
  return trouble === isThere ? undefined : trouble;
}

/** As insight takes a disappearance for one of many. */
function isMany(count: number, known: number): boolean {
  return count >= Math.max(3, 0.2 * known) || (count > 1 && count >= 0.5 * known);
}

const isThere = "it is not listed, but can be read by its id";

/** Undefined when the service says that there is none of this id. */
async function whyNotDeleted(key: string, evidence: DeletionEvidence): Promise<string | undefined> {
  try {
    await evidence.read(key);
    return isThere;
  } catch (error) {
    if (!(error instanceof BackupError) || !error.code.startsWith("ADO_")) throw error;
    return error.code === "ADO_NOT_FOUND" ? undefined : describeError(error);
  }
}
