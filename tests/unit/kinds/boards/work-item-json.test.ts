/** Records composed of text are the records that would be written from the parsed parts. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../../engine/foundation/json.ts";
import {
  hasComments,
  mayMentionFile,
  recordJson,
  type ReadRecord,
  type RevisionText,
} from "../../../../engine/kinds/boards/work-items/record-json.ts";
import { filesOf } from "../../../../engine/kinds/boards/work-items/record.ts";

const plenty = 1 << 30;

function revision(rev: number, fields: JsonObject): RevisionText {
  return { rev, json: JSON.stringify({ id: 7, rev, fields }) };
}

function record(revisions: readonly RevisionText[], rest: Partial<ReadRecord> = {}): ReadRecord {
  return { id: 7, rev: revisions.length, item: { id: 7 }, revisions, ...rest };
}

describe("the record's text", () => {
  test("parses to the parts it was composed of, whatever is in them (property)", () => {
    const fields = fc.dictionary(fc.string({ unit: "grapheme" }), fc.string({ unit: "binary" }));
    fc.assert(
      fc.property(fc.array(fields, { maxLength: 3 }), fc.boolean(), fc.boolean(), (all, hasFiles, isDeleted) => {
        const revisions = all.map((one, index) => revision(index + 1, one));
        const rest = {
          ...(hasFiles ? { files: { guid: { name: "a.txt" } }, comments: [{ id: 1, text: "]}" }] } : {}),
          ...(isDeleted ? { deleted: true as const } : {}),
        };
        const { json, dropped } = recordJson(record(revisions, rest), plenty);
        const parsed = revisions.map((one) => JSON.parse(one.json) as JsonObject);
        expect(JSON.parse(json)).toEqual({ id: 7, rev: all.length, item: { id: 7 }, ...rest, revisions: parsed });
        expect(json.startsWith('{"id":7,')).toBe(true);
        expect(dropped).toBe(0);
      }),
    );
  });

  test("leaves out the oldest revisions of a history that does not fit", () => {
    const revisions = [1, 2, 3, 4].map((rev) => revision(rev, { "System.Title": "ä".repeat(100) }));
    const { json, dropped } = recordJson(record(revisions), 600);
    expect(new TextEncoder().encode(json).length).toBeLessThanOrEqual(600);
    expect(dropped).toBeGreaterThan(0);
    const { revisions: kept } = JSON.parse(json) as { revisions: { rev: number }[] };
    expect(kept.map(({ rev }) => rev)).toEqual([1, 2, 3, 4].slice(dropped));
  });
});

describe("looking into a revision's text", () => {
  test("comments are seen by their number, not by what a text says of it", () => {
    expect(hasComments(revision(1, { "System.CommentCount": 12 }))).toBe(true);
    expect(hasComments(revision(1, { "System.CommentCount": 0 }))).toBe(false);
    expect(hasComments(revision(1, { "System.Description": '"System.CommentCount":3' }))).toBe(false);
    expect(hasComments(revision(1, {}))).toBe(false);
  });

  test.each([
    '<img src="https://dev.azure.com/contoso/_apis/wit/attachments/0f6c1a52-31f5-4d0c-9a0f-2f1f8a1a6c11?fileName=a.png">',
    "see /_apis/WIT/Attachments/0F6C1A52-31F5-4D0C-9A0F-2F1F8A1A6C11",
    "https://contoso.visualstudio.com/WorkItemTracking/v1.0/AttachFileHandler.ashx?FileNameGuid=0f6c1a52-31f5-4d0c-9a0f-2f1f8a1a6c11&FileName=a.png",
  ])("a text that holds the address of a file is not passed over: %s", (text) => {
    expect(filesOf([text]).size).toBe(1);
    expect(mayMentionFile(revision(1, { "System.Description": text }).json)).toBe(true);
  });

  test("neither is an attached file; most texts are", () => {
    const relations = [{ rel: "AttachedFile", url: "https://dev.azure.com/contoso/x" }];
    expect(mayMentionFile(JSON.stringify({ relations }))).toBe(true);
    expect(mayMentionFile(revision(1, { "System.AttachedFileCount": 2, "System.Title": "Attach it" }).json)).toBe(
      false,
    );
  });
});
