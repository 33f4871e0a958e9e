import { MessageCard, MessageCardSeverity } from "azure-devops-ui/MessageCard";
import * as React from "react";
import { BackupError } from "../../engine/foundation/errors.ts";
import { withLocalTimes } from "../model/times.ts";

export interface ErrorCardProps {
  readonly error: unknown;
  readonly retry?: () => void;
}

/** What went wrong and what to do about it. Everything in it is shown as text. */
export function ErrorCard({ error, retry }: ErrorCardProps): React.ReactElement {
  const { message, hint } = wording(error);
  const buttons = retry === undefined ? [] : [{ text: "Try again", onClick: retry }];
  return (
    <MessageCard severity={MessageCardSeverity.Error} buttonProps={buttons} role="alert">
      <div className="hub-message">
        <div>{withLocalTimes(message)}</div>
        {hint !== "" && <div className="hub-preserve-lines">{hint}</div>}
      </div>
    </MessageCard>
  );
}

function wording(error: unknown): { readonly message: string; readonly hint: string } {
  if (error instanceof BackupError) return { message: `${error.message}.`, hint: error.hint };
  return { message: error instanceof Error ? error.message : String(error), hint: "" };
}
