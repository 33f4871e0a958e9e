/**
 * Kinds that were not read as a whole. One of which the vault has never stored anything and that the identity may not
 * read is *not covered*: a new version brings new kinds, and tokens stay as they were. That is said in every run and
 * counted, and makes no snapshot partial, unless `include` asks for the kind. Once anything of it is stored, not being
 * able to read it is a gap like any other.
 */
import type { Gap, ResourceKind } from "../../kinds/kind.ts";
import type { StreamDraft } from "./back-up-stream.ts";
import type { ParentIndex } from "./previous-stream.ts";
import type { StreamFilter } from "./stream-filter.ts";
import { kindOf } from "../../vault/format/stream-ids.ts";

export interface KindTroubles {
  /** Of kinds as a whole; those of streams stand in their drafts. */
  readonly gaps: readonly Gap[];
  /** What is not covered, each with its cure. */
  readonly notCovered: readonly Gap[];
  /** Kinds that could not be listed or are not covered. */
  readonly notRead: readonly string[];
  /** Kinds that may hold more than the identity was shown. */
  readonly unsure: readonly string[];
}

export const noTroubles: KindTroubles = { gaps: [], notCovered: [], notRead: [], unsure: [] };

interface KindRead {
  readonly trouble: KindTroubles;
  readonly walk: { readonly filter: StreamFilter; readonly parent: ParentIndex };
  /** Loses the draft of a kind that is not covered: an index does not list what was never there. */
  readonly drafts: Map<string, StreamDraft>;
}

/** The troubles of one kind, after it was read: with what is a matter of permissions told apart. */
export function uncovered(kind: ResourceKind, { trouble, walk, drafts }: KindRead): KindTroubles {
  if (walk.filter.isNamed(kind.name) || wasStored(kind, walk.parent)) return trouble;
  const [unlisted] = trouble.notRead.includes(kind.name) ? trouble.gaps : [];
  const single = drafts.get(kind.name); // a kind with one stream is forbidden when that is read
  const gap = unlisted ?? (single?.changed === true ? undefined : single?.gaps[0]);
  if (gap === undefined || !isForbidden(gap)) return trouble;
  drafts.delete(kind.name);
  return { ...noTroubles, notCovered: [gap], notRead: [kind.name] };
}

function wasStored({ name }: ResourceKind, parent: ParentIndex): boolean {
  return [...parent.values()].some(({ s, state }) => state !== undefined && kindOf(s) === name);
}

function isForbidden({ code }: Gap): boolean {
  return code === "ADO_FORBIDDEN";
}

/** Of all kinds. Where nothing at all could be read, nothing is merely not covered. */
export function togetherOf(troubles: readonly KindTroubles[], drafts: ReadonlyMap<string, StreamDraft>): KindTroubles {
  const together: KindTroubles = {
    gaps: troubles.flatMap(({ gaps }) => gaps),
    notCovered: troubles.flatMap(({ notCovered }) => notCovered),
    notRead: troubles.flatMap(({ notRead }) => notRead),
    unsure: troubles.flatMap(({ unsure }) => unsure),
  };
  const holdsSomething = [...drafts.values()].some(({ lines }) => lines.some(({ state }) => state !== undefined));
  if (holdsSomething) return together;
  return { ...together, gaps: [...together.gaps, ...together.notCovered], notCovered: [] };
}
