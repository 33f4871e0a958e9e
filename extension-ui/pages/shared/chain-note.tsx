import { Link } from "azure-devops-ui/Link";
import { MessageCard, MessageCardSeverity } from "azure-devops-ui/MessageCard";
import * as React from "react";
import { StateLabel } from "../../components/state-label.tsx";
import { chainText } from "../../model/format.ts";
import { hasLostHead } from "../../../engine/insight/health-chain.ts";
import { withLocalTimes } from "../../model/times.ts";
import { AcceptHistory } from "../access/accept-history.tsx";
import { useHub } from "../hub/hub-context.ts";

/** How far what is shown has been checked; problems of the log as an alarm. */
export function ChainNote(): React.ReactElement | null {
  const { vault, access, openPanel } = useHub();
  const chain = vault.view?.chain;
  if (chain === undefined) return null;
  if (chain.state === "unchecked")
    return (
      <MessageCard severity={MessageCardSeverity.Info}>
        <div>
          {`${chainText(chain)}. `}
          {access === undefined && (
            <Link onClick={() => openPanel({ form: "storage" })}>Connect to storage to check them</Link>
          )}
        </div>
      </MessageCard>
    );
  if (chain.state === "checked" && chain.problems.length > 0)
    return (
      <MessageCard severity={MessageCardSeverity.Error} role="alert">
        <div className="font-weight-semibold">{chainText(chain)}</div>
        <ul className="hub-details">
          {chain.problems.map(({ code, message }, index) => (
            <li key={index}>{`${withLocalTimes(message)} (${code})`}</li>
          ))}
        </ul>
        {hasLostHead(chain) && <AcceptHistory />}
      </MessageCard>
    );
  return (
    <div className="secondary-text" role="status">
      <StateLabel mark={chain.state === "checking" ? "running" : "good"} text={chainText(chain)} wraps />
    </div>
  );
}
