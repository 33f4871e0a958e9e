/** Work items as the service shows them after a restore, and what a restore's result says of them. */
import { expect } from "vitest";
import type { RestoreResult } from "../../engine/operations/results.ts";
import type { ProjectRecord } from "../simulator/project/project-store.ts";
import type { WorkItem } from "../simulator/boards/model.ts";
import { ask, type TestSimulator } from "./simulator.ts";

export interface ShownItem {
  readonly id: number;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly relations: readonly {
    readonly rel: string;
    readonly url: string;
    readonly attributes: Record<string, unknown>;
  }[];
  readonly multilineFieldsFormat?: Readonly<Record<string, string>>;
}

export interface ShownItems {
  readonly readItem: (id: number) => Promise<ShownItem>;
  /** Links but for files, each with its type and its other end, sorted. */
  readonly linksOf: (id: number) => Promise<readonly string[]>;
  readonly commentTexts: (where: ProjectRecord, id: number) => Promise<readonly string[]>;
  /** Content of one stored file. */
  readonly contentOf: (guid: string) => Promise<string>;
  /** Contents of the files attached to an item. */
  readonly contentsOf: (id: number) => Promise<readonly string[]>;
  readonly patch: (id: number, operations: readonly unknown[]) => Promise<void>;
}

/** Asks through REST, as any client does. */
export function shownItems(azure: () => TestSimulator): ShownItems {
  const shown: ShownItems = {
    async readItem(id) {
      const { json, status } = await ask(azure(), `_apis/wit/workitems/${id}?$expand=relations`);
      expect([id, status]).toEqual([id, 200]);
      return { relations: [], ...json } as never;
    },
    async linksOf(id) {
      const { relations } = await shown.readItem(id);
      const ends = relations.filter(({ rel }) => rel !== "AttachedFile");
      return ends.map(({ rel, url }) => `${rel} ${rel === "Hyperlink" ? url : (url.split("/").at(-1) ?? "")}`).sort();
    },
    async commentTexts(where, id) {
      const path = `${where.id}/_apis/wit/workItems/${id}/comments?order=asc&api-version=7.1-preview.4`;
      const { json } = await ask(azure(), path);
      return (json.comments as { text: string }[]).map(({ text }) => text);
    },
    async contentOf(guid) {
      return (await ask(azure(), `_apis/wit/attachments/${guid}?download=true`)).text;
    },
    async contentsOf(id) {
      const files = (await shown.readItem(id)).relations.filter(({ rel }) => rel === "AttachedFile");
      return Promise.all(files.map(({ url }) => shown.contentOf(url.split("/").at(-1) ?? "")));
    },
    async patch(id, operations) {
      const headers = { "content-type": "application/json-patch+json" };
      const { status } = await ask(azure(), `_apis/wit/workitems/${id}`, {
        method: "PATCH",
        body: operations,
        headers,
      });
      expect(status).toBe(200);
    },
  };
  return shown;
}

/** Fields that a restore can set: without counters and what the service counts up by itself. */
export function settable({ fields }: ShownItem): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(fields).filter(([name]) => !/^System\.(?:Rev|Changed|Watermark|Board)|Count$/.test(name)),
  );
}

/** Id under which an item has been recreated; NaN when it was not. */
export function newIdOf({ steps }: RestoreResult, item: WorkItem): number {
  return Number(
    [...steps].find(({ key, result }) => key === String(item.id) && result.newId !== undefined)?.result.newId,
  );
}

export function failuresOf({ steps }: RestoreResult): readonly unknown[] {
  return [...steps]
    .filter(({ result }) => result.outcome === "failed")
    .map(({ name, result }) => [name, result.message]);
}
