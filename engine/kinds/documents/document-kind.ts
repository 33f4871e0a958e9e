/**
 * Kinds whose things are JSON documents in one list: each is a declaration of what is special about it (declaration.ts),
 * and everything else (comparing, storing, matching, translating, restoring, archiving, verifying) is done in one way.
 */
import type { StoredRecord, StreamReader } from "../../vault/streams/stream-reader.ts";
import type { BackupWork, Finding, ResourceKind, SourceStream, StreamOutcome } from "../kind.ts";
import { backUpDocuments, type StoredDocument, type UnreadDocument } from "./back-up-documents.ts";
import { nameOf, type DocumentKind, type Listed, type Unreadable } from "./declaration.ts";
import { archiveRecords, verifyRecords } from "./records.ts";
import { restoringDocuments } from "./restore-documents.ts";
import { recordOf, storedForm } from "./stored.ts";

const schema = 1;

/** The kind that the declaration describes. */
export function documentKind(kind: DocumentKind): ResourceKind {
  const { name, title, permissions } = kind;
  return {
    ...{ name, title, permissions },
    narrowedBy: "items",
    streams: async function* () {
      yield { id: name, name: title, facts: {} };
    },
    absence: async () => ({ status: "missing", reason: "the list of them always exists" }),
    backUp: (stream, work) => backUp(kind, stream, work),
    verify: (stream) => verify(kind, stream),
    archive: (selection, into) => archiveRecords(selection, into, (record) => pathOf(kind, record)),
    restore: restoringDocuments(kind),
  };
}

function backUp(kind: DocumentKind, stream: SourceStream, work: BackupWork): Promise<StreamOutcome> {
  const { source } = work;
  const one = `${kind.one.slice(0, 1).toUpperCase()}${kind.one.slice(1)}`;
  return backUpDocuments(stream, work, {
    schema,
    documents: documents(kind, work),
    evidence: {
      one,
      read: (id) => kind.read(source, id),
      deleted: async (ids) => (await kind.deleted?.(source, ids)) ?? [],
    },
  });
}

async function* documents(kind: DocumentKind, work: BackupWork): AsyncGenerator<StoredDocument | UnreadDocument> {
  for await (const listed of kind.list(work.source)) {
    const name = "gap" in listed ? {} : { name: listed.name };
    if (work.takes?.({ id: listed.id, ...name }) !== false) yield await documentOf(kind, listed, work);
  }
}

async function documentOf(
  kind: DocumentKind,
  listed: Listed | Unreadable,
  { source }: BackupWork,
): Promise<StoredDocument | UnreadDocument> {
  if ("gap" in listed) return { key: listed.id, gap: listed.gap };
  const { id, name, raw, version } = listed;
  const base = { key: id, item: { name } };
  if (typeof raw === "function")
    return { ...base, value: async () => recordOf(kind, await raw(), source), significant: version ?? null };
  return { ...base, value: await recordOf(kind, raw, source), significant: version ?? kind.content(raw) };
}

function verify(kind: DocumentKind, stream: StreamReader): AsyncGenerator<Finding> {
  return verifyRecords(stream, ({ value }) => {
    const document = storedForm(value)?.document;
    return document !== undefined && nameOf(kind, kind.content(document)) !== "";
  });
}

/** `variable-groups/Payments-12.json`; folders in a name are folders. */
function pathOf(kind: DocumentKind, { key, value }: StoredRecord): string {
  const document = storedForm(value)?.document ?? {};
  const path = nameOf(kind, kind.content(document)).replaceAll("\\", "/");
  return `${kind.name}/${path}${path === "" ? "" : "-"}${key}.json`;
}
