import { MessageCard, MessageCardSeverity } from "azure-devops-ui/MessageCard";
import * as React from "react";
import { CopyText } from "../../components/copy-text.tsx";
import { ErrorCard } from "../../components/error-card.tsx";
import { withLocalTimes } from "../../model/times.ts";
import { explainConnection, isConnectionError, type ConnectionHelp } from "../../model/connection-errors.ts";
import { useHub } from "../hub/hub-context.ts";

export interface StorageErrorProps {
  readonly error: unknown;
}

/** Why storage cannot be read, with the exact remedy. */
export function StorageError({ error }: StorageErrorProps): React.ReactElement {
  const { vault, settings, access, clock, openPanel } = useHub();
  if (!isConnectionError(error)) return <ErrorCard error={error} retry={vault.reload} />;
  const explained = explainConnection({
    error,
    containerUrl: settings?.containerUrl ?? "",
    origin: location.origin,
    signIn: access?.by ?? "none",
    now: clock.now(),
  });
  return <ConnectionCard help={explained} retry={vault.reload} enterSas={() => openPanel({ form: "storage" })} />;
}

interface ConnectionCardProps {
  readonly help: ConnectionHelp;
  readonly retry?: () => void;
  readonly enterSas?: () => void;
}

/** One reason why storage could not be read, and what helps. */
function ConnectionCard({ help, retry, enterSas }: ConnectionCardProps): React.ReactElement {
  const { title, found, remedy, commands, offersSas } = help;
  const buttons = [
    ...(retry === undefined ? [] : [{ text: "Try again", onClick: retry }]),
    ...(offersSas && enterSas !== undefined ? [{ text: "Enter a SAS", onClick: enterSas }] : []),
  ];
  return (
    <MessageCard severity={MessageCardSeverity.Error} buttonProps={buttons} role="alert">
      <div className="hub-message">
        <div className="font-weight-semibold">{title}</div>
        <div>{remedy}</div>
        <div className="hub-wrap">{withLocalTimes(found)}</div>
        {commands.map((command) => (
          <CopyText key={command} label="the command" text={command} />
        ))}
      </div>
    </MessageCard>
  );
}
