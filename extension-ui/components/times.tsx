import { Ago } from "azure-devops-ui/Ago";
import * as React from "react";

/** The instant in the person's own zone and manner: `22 Nov 2026, 20:12`. What is no instant stays as it is. */
export function localTime(instant: string): string {
  const date = new Date(instant);
  if (Number.isNaN(date.getTime())) return instant;
  return new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }).format(date);
}

/** Only the day, `30 Dec 2026`. */
export function localDay(instant: string): string {
  const date = new Date(instant);
  if (Number.isNaN(date.getTime())) return instant;
  return new Intl.DateTimeFormat(undefined, { dateStyle: "medium" }).format(date);
}

/** `6 hours ago`, with the exact time for those who point at it. */
export function Age({ instant }: { readonly instant: string }): React.ReactElement {
  const date = new Date(instant);
  return Number.isNaN(date.getTime()) ? <span>{instant}</span> : <Ago date={date} />;
}
