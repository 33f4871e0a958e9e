/** What people choose in the tree as selectors of RestoreItem (input `items`): by ids, so that no name is ambiguous. */
import { BackupError } from "../../engine/foundation/errors.ts";
import { everything } from "./pipeline-parameters.ts";
import { selectorOf } from "./restore-request.ts";
import { shownText } from "./shown-text.ts";
import { kindOf } from "../../engine/vault/format/stream-ids.ts";

export type Chosen =
  | { readonly what: "snapshot" }
  | { readonly what: "kind"; readonly kind: string }
  | { readonly what: "stream"; readonly stream: string }
  | { readonly what: "item"; readonly stream: string; readonly itemId: string };

/** One line of the input. Throws SELECTOR_FORM for an id that no line can hold. */
export function selectorFor(chosen: Chosen): string {
  switch (chosen.what) {
    case "snapshot":
      return everything;
    case "kind":
      return `${chosen.kind}/*`;
    case "stream":
      return selectorOf(chosen.stream);
    case "item":
      return selectorOf(chosen.stream, checkedId(chosen.itemId));
  }
}

/** Selectors without those that another one of them includes. */
export function selectorsFor(chosen: readonly Chosen[]): readonly string[] {
  if (chosen.some(({ what }) => what === "snapshot")) return [everything];
  const kinds = new Set(chosen.flatMap((one) => (one.what === "kind" ? [one.kind] : [])));
  const streams = new Set(chosen.flatMap((one) => (one.what === "stream" ? [one.stream] : [])));
  const needed = chosen.filter((one) => {
    if (one.what === "kind" || one.what === "snapshot") return true;
    if (kinds.has(kindOf(one.stream))) return false;
    return one.what === "stream" || !streams.has(one.stream);
  });
  return [...new Set(needed.map(selectorFor))];
}

function checkedId(id: string): string {
  if (id !== "" && id === id.trim() && !/[\p{Cc}\u2028\u2029]/u.test(id)) return id;
  throw new BackupError({
    code: "SELECTOR_FORM",
    message: `The item "${shownText(id)}" cannot be named in a restore: its id is empty, has line breaks or begins or ends with a space`,
    hint: "Restore the whole repository or kind that it belongs to.",
  });
}
