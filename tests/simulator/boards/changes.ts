/** What somebody might change in the sample project between two nights. */
import type { SampleChanges } from "../sample/index.ts";
import { Wit } from "./builder.ts";

export const changes: SampleChanges = {
  "work-items": ({ state, workItems }) => {
    new Wit(state).edit(workItems.bug, { "System.State": "Active", "System.Tags": "invoice" });
  },
};
