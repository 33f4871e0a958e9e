import { Card } from "azure-devops-ui/Card";
import { MessageCard, MessageCardSeverity } from "azure-devops-ui/MessageCard";
import * as React from "react";
import { kindTitle } from "../../engine/foundation/wording.ts";
import { Lines } from "../components/lines.tsx";
import { StateLabel, type Mark } from "../components/state-label.tsx";
import { localTime } from "../components/times.tsx";
import { planActions, type PlanAction, type PlanRow, type PlanView } from "../model/restore-plan.ts";

const words: Readonly<Record<PlanAction, { readonly mark: Mark; readonly text: string }>> = {
  cannot: { mark: "bad", text: "Cannot be restored" },
  create: { mark: "good", text: "Create" },
  undelete: { mark: "good", text: "Take out of the recycle bin" },
  update: { mark: "warning", text: "Change" },
  skip: { mark: "none", text: "Leave as it is" },
};

/** Items of one action that are listed; the run's own page lists all. */
const listed = 200;

/** What a restore would do, by action, worst first. */
export function PlanSummary({ plan }: { readonly plan: PlanView }): React.ReactElement {
  const { target, counts, stale, secrets, changesNothing } = plan;
  return (
    <div className="flex-column rhythm-vertical-16">
      <div>
        {`From the snapshot of ${localTime(plan.takenAt)} into `}
        <strong>{target.project === "" ? "the project that was backed up" : target.project}</strong>
        {target.createsProject ? ", which will be created" : ""}.
      </div>
      {changesNothing && (
        <MessageCard severity={MessageCardSeverity.Info}>
          Everything is there already as in the snapshot: nothing would change.
        </MessageCard>
      )}
      {stale.length > 0 && (
        <MessageCard severity={MessageCardSeverity.Warning}>
          {`Older than the snapshot, because it could not be read then: ${stale
            .map(({ stream, asOf }) => `${stream} (${localTime(asOf)})`)
            .join(", ")}`}
        </MessageCard>
      )}
      {planActions
        .filter((action) => counts[action] > 0)
        .map((action) => (
          <PlanGroup key={action} action={action} rows={plan.rows.filter((row) => row.action === action)} />
        ))}
      {secrets.length > 0 && <Lines title="To enter again afterwards" lines={secrets} />}
    </div>
  );
}

function PlanGroup(props: { readonly action: PlanAction; readonly rows: readonly PlanRow[] }): React.ReactElement {
  const { mark, text } = words[props.action];
  const more = props.rows.length - listed;
  return (
    <section aria-label={`${text}: ${props.rows.length}`} className="flex-column rhythm-vertical-8">
      <h3 className="hub-heading">
        <StateLabel mark={mark} text={`${text} (${props.rows.length.toLocaleString()})`} />
      </h3>
      <Card contentProps={{ contentPadding: false }}>
        <ul className="hub-rows">
          {props.rows.slice(0, listed).map((row) => (
            <PlanItem key={row.id} row={row} />
          ))}
          {more > 0 && (
            <li className="secondary-text">{`and ${more.toLocaleString()} more, listed on the run's page`}</li>
          )}
        </ul>
      </Card>
    </section>
  );
}

function PlanItem({ row }: { readonly row: PlanRow }): React.ReactElement {
  const details = [...row.reasons, ...row.changes];
  return (
    <li>
      <div>
        <span className="secondary-text">{`${kindTitle(row.kind)} `}</span>
        <span className="font-weight-semibold">{row.name === "" ? row.key : row.name}</span>
        {row.name !== "" && row.name !== row.key && <span className="secondary-text">{` ${row.key}`}</span>}
      </div>
      {details.length > 0 && (
        <ul className="hub-details secondary-text">
          {details.map((line, index) => (
            <li key={index}>{line}</li>
          ))}
        </ul>
      )}
    </li>
  );
}
