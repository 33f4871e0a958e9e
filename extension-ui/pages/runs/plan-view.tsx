import type { IButtonProps } from "azure-devops-ui/Button";
import { MessageCard, MessageCardSeverity } from "azure-devops-ui/MessageCard";
import * as React from "react";
import { kindTitle } from "../../../engine/foundation/wording.ts";
import { Details, ItemGroup, type GroupWords } from "../../components/item-group.tsx";
import { Lines } from "../../components/lines.tsx";
import { NeverStored } from "../../components/never-stored.tsx";
import { localTime } from "../../components/times.tsx";
import type { Action } from "../../components/use-action.ts";
import { leftAloneText, planActions, type PlanAction, type PlanRow, type PlanView } from "../../model/restore-plan.ts";

const words: Readonly<Record<PlanAction, GroupWords>> = {
  cannot: { mark: "bad", text: "Cannot be restored" },
  create: { mark: "good", text: "Create" },
  undelete: { mark: "good", text: "Take out of the recycle bin" },
  update: { mark: "warning", text: "Change" },
  skip: { mark: "none", text: "Leave as it is" },
};

/** What people may do instead of agreeing to a plan. */
export interface PlanOffers {
  /** The same with what exists made as in the snapshot. */
  readonly overwrite: Action;
}

export interface PlanSummaryProps {
  readonly plan: PlanView;
  readonly offers?: PlanOffers;
}

/** What a restore would do, by action, worst first. */
export function PlanSummary({ plan, offers }: PlanSummaryProps): React.ReactElement {
  const { target, counts, stale, secrets } = plan;
  return (
    <div className="flex-column rhythm-vertical-16">
      <div>
        {`From the snapshot of ${localTime(plan.takenAt)} into `}
        <strong>{target.project === "" ? "the project that was backed up" : target.project}</strong>
        {target.createsProject ? ", which will be created" : ""}.
      </div>
      <NeverStored lines={plan.neverStored} />
      <LeftAlone plan={plan} {...(offers === undefined ? {} : { offers })} />
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

/** A plan that does nothing, or less than people may think, says why. */
function LeftAlone({ plan, offers }: PlanSummaryProps): React.ReactElement | null {
  const text = leftAloneText(plan);
  if (text === undefined) return null;
  const canOverwrite = plan.differing > 0 && plan.conflictPolicy === "skip";
  return (
    <MessageCard
      severity={plan.differing > 0 ? MessageCardSeverity.Warning : MessageCardSeverity.Info}
      {...(canOverwrite && offers !== undefined ? { buttonProps: [overwriteButton(offers)] } : {})}
    >
      {text}
    </MessageCard>
  );
}

function overwriteButton({ overwrite }: PlanOffers): IButtonProps {
  return {
    text: overwrite.isBusy ? "Starting…" : "Plan to overwrite them",
    disabled: overwrite.isBusy,
    onClick: overwrite.start,
  };
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
