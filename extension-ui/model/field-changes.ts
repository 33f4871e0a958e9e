/** What was different about an item, with the values before and after. */
import type { CatalogueItem } from "../../engine/vault/format/state.ts";
import type { ItemField } from "./compare.ts";
import { itemFieldsText } from "./format.ts";
import { shownText } from "./shown-text.ts";
import { localTime } from "./times.ts";

export interface FieldChanges {
  readonly fields: readonly ItemField[];
  readonly before: CatalogueItem | undefined;
  readonly after: CatalogueItem | undefined;
}

/** `state: New → Active`, one line for each field. */
export function fieldChangeLines(changes: FieldChanges): readonly string[] {
  return changes.fields.map((field) => `${itemFieldsText([field])}: ${changeText(changes, field)}`);
}

/** `New → Active`. */
export function changeText({ before, after }: Omit<FieldChanges, "fields">, field: ItemField): string {
  return `${valueOf(before, field)} → ${valueOf(after, field)}`;
}

function valueOf(item: CatalogueItem | undefined, field: ItemField): string {
  const value = item?.[field];
  if (value === undefined || value === "") return "nothing";
  if (field === "at") return localTime(String(value));
  const text = shownText(String(value));
  return isCommit(text) ? text.slice(0, 12) : text;
}

/** Nobody reads all digits of a commit; the first ones tell it apart. */
function isCommit(text: string): boolean {
  return /^[0-9a-f]{40}([0-9a-f]{24})?$/.test(text);
}
