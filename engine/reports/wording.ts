/** Figures, times and names as reports write them. */
import { kindTitle } from "../foundation/wording.ts";

export { durationForPeople, figure, kindTitle, outcomesText, timeForPeople } from "../foundation/wording.ts";

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What a gap or finding is about. A stream's GUID says nothing to people: its message names the thing. */
export function placeText({ stream, item }: { readonly stream: string; readonly item?: string }): string {
  const [kind = stream, ...rest] = stream.split("/");
  const parts = rest.filter((part) => !guid.test(part));
  return [[kindTitle(kind), ...parts].join(", "), ...(item === undefined ? [] : [item])].join(": ");
}
