import { MessageCard, MessageCardSeverity } from "azure-devops-ui/MessageCard";
import * as React from "react";
import { kindTitle } from "../../engine/foundation/wording.ts";
import { Details, ItemGroup, type GroupWords } from "../components/item-group.tsx";
import { Lines } from "../components/lines.tsx";
import { NeverStored } from "../components/never-stored.tsx";
import { localTime } from "../components/times.tsx";
import { planActions, type PlanAction, type PlanRow, type PlanView } from "../model/restore-plan.ts";

const words: Readonly<Record<PlanAction, GroupWords>> = {
  cannot: { mark: "bad", text: "Cannot be restored" },
  create: { mark: "good", text: "Create" },
  undelete: { mark: "good", text: "Take out of the recycle bin" },
  update: { mark: "warning", text: "Change" },
  skip: { mark: "none", text: "Leave as it is" },
};

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
      <NeverStored lines={plan.neverStored} />
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
          <ItemGroup
            key={action}
            {...words[action]}
            rows={plan.rows.filter((row) => row.action === action)}
            count={counts[action]}
          >
            {(row) => <PlanItem row={row} />}
          </ItemGroup>
        ))}
      {secrets.length > 0 && <Lines title="To enter again afterwards" lines={secrets} />}
    </div>
  );
}

function PlanItem({ row }: { readonly row: PlanRow }): React.ReactElement {
  return (
    <>
      <div>
        <span className="secondary-text">{`${kindTitle(row.kind)} `}</span>
        <span className="font-weight-semibold">{row.name === "" ? row.key : row.name}</span>
        {row.name !== "" && row.name !== row.key && <span className="secondary-text">{` ${row.key}`}</span>}
      </div>
      <Details lines={[...row.reasons, ...row.changes]} />
    </>
  );
}
