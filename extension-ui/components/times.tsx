import { Ago } from "azure-devops-ui/Ago";
import * as React from "react";

export { idWithZone, localDay, localTime, withLocalTimes, zoneName } from "../model/times.ts";

/** `6 hours ago`, with the exact time for those who point at it. */
export function Age({ instant }: { readonly instant: string }): React.ReactElement {
  const date = new Date(instant);
  return Number.isNaN(date.getTime()) ? <span>{instant}</span> : <Ago date={date} />;
}
