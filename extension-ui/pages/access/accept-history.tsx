import { Button } from "azure-devops-ui/Button";
import * as React from "react";
import { useHub } from "../hub/hub-context.ts";

/** Opens the question whether the history that storage holds now is the true one. */
export function AcceptHistory(): React.ReactElement {
  const { openPanel } = useHub();
  return (
    <div className="hub-decision">
      <Button text="Accept this history…" onClick={() => openPanel({ form: "accept-history" })} />
    </div>
  );
}
