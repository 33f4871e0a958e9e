import * as React from "react";
import {
  protectionDetail,
  protectionText,
  type Protection,
  type ProtectionState,
} from "../../engine/insight/immutability.ts";
import { StateLabel, type Mark } from "./state-label.tsx";
import { Age, localDay, localTime } from "./times.tsx";

/** A date speaks for itself, and what is not known is no alarm. */
const marks: Readonly<Partial<Record<ProtectionState, Mark>>> = {
  held: "good",
  ended: "warning",
  unlocked: "warning",
  open: "warning",
};

/** The day until which nothing of a snapshot can be deleted, or why there is none. */
export function ProtectionText({ protection }: { readonly protection: Protection }): React.ReactElement {
  const { state, until, seenAt } = protection;
  if (state === "unchecked") return <span className="secondary-text">{protectionText(protection)}</span>;
  const text = state === "locked" && until !== undefined ? localDay(until) : protectionText(protection);
  const seen = seenAt === undefined ? "" : ` Seen ${localTime(seenAt)}.`;
  const end = until === undefined ? "" : ` ${localTime(until)}.`;
  const title = `${protectionText(protection)}:${end} ${protectionDetail(protection)}${seen}`;
  const mark = marks[state];
  return <span title={title}>{mark === undefined ? text : <StateLabel mark={mark} text={text} />}</span>;
}

/** How many objects are to blame, or how old the knowledge is. */
export function ProtectionNote({ protection }: { readonly protection: Protection }): React.ReactElement | null {
  const { state, seenAt, figures } = protection;
  if (figures !== undefined && figures.unprotected > 0)
    return <>{`${figures.unprotected.toLocaleString()} of ${figures.objects.toLocaleString()} objects`}</>;
  if (seenAt === undefined) return null;
  return (
    <>
      {state === "container" || state === "untold" ? "end not told, " : "seen "}
      <Age instant={seenAt} />
    </>
  );
}
