/**
 * What a run of BackupProject tells of its snapshot (run attachment `devops-backup.snapshot`). Whoever may change a
 * pipeline can forge it, so readers take it for a claim, not for proof.
 */
import { numberAt, objectAt, parseObject, stringAt, type JsonObject } from "../../foundation/json.ts";
import { formatHead, parseHead } from "./head-pin.ts";
import { isVaultId } from "./layout.ts";

export const snapshotAttachmentType = "devops-backup.snapshot";
/** Version of the attachment's shape. */
export const snapshotForm = "project-backup/snapshot/v1";

/** What a later run or the hub needs of it; everything else in `facts`, unchecked. */
export interface ReportedSnapshot {
  readonly vault: string;
  readonly project: { readonly id: string; readonly name: string };
  readonly snapshot: string;
  readonly seq: number;
  /** `<seq>:<sha256>`. */
  readonly head: string;
  readonly status: "complete" | "partial";
  readonly facts: JsonObject;
}

/** Undefined for anything that is not a snapshot's attachment of this form. */
export function parseReportedSnapshot(json: string): ReportedSnapshot | undefined {
  const facts = parseObject(json);
  if (facts?.form !== snapshotForm) return undefined;
  const vault = matching(facts, "vault", isVaultId);
  const snapshot = matching(facts, "snapshot", (text) => /^[0-9A-Za-z-]{1,64}$/.test(text));
  const status = statusAt(facts);
  const head = parseHead(stringAt(facts, "head") ?? "");
  const seq = seqAt(facts);
  const project = projectAt(facts);
  if (vault === undefined || snapshot === undefined || status === undefined) return undefined;
  if (head === undefined || seq === undefined || project === undefined) return undefined;
  return { vault, project, snapshot, seq, head: formatHead(head), status, facts };
}

function matching(facts: JsonObject, key: string, isGood: (text: string) => boolean): string | undefined {
  const text = stringAt(facts, key);
  return text !== undefined && isGood(text) ? text : undefined;
}

function statusAt({ status }: JsonObject): ReportedSnapshot["status"] | undefined {
  return status === "complete" || status === "partial" ? status : undefined;
}

function seqAt(facts: JsonObject): number | undefined {
  const seq = numberAt(facts, "seq");
  return seq !== undefined && Number.isSafeInteger(seq) && seq >= 0 ? seq : undefined;
}

function projectAt(facts: JsonObject): ReportedSnapshot["project"] | undefined {
  const project = objectAt(facts, "project") ?? {};
  const id = stringAt(project, "id");
  const name = stringAt(project, "name");
  return id === undefined || name === undefined ? undefined : { id, name };
}
