/** What differs between two documents, one line each, as plans show it. */
import { canonicalJson, isObject, type JsonObject } from "../../foundation/json.ts";

const shownDepth = 2;

/** Member by member, one level deeper where both are objects. Nothing of the values is shown: they may be secret. */
export function differences(wanted: JsonObject, present: JsonObject, above: readonly string[] = []): readonly string[] {
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(present)])].sort();
  return names.flatMap((name) => {
    const [then, now] = [wanted[name] ?? null, present[name] ?? null];
    if (canonicalJson(then) === canonicalJson(now)) return [];
    const path = [...above, name];
    if (path.length < shownDepth && isObject(then) && isObject(now)) return differences(then, now, path);
    const place = path.join(".");
    if (now === null) return [`add ${place}`];
    return then === null ? [`take off ${place}`] : [`set back ${place}`];
  });
}
