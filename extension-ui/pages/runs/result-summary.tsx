import { Link } from "azure-devops-ui/Link";
import { MessageCard, MessageCardSeverity } from "azure-devops-ui/MessageCard";
import * as React from "react";
import { counted } from "../../../engine/foundation/text.ts";
import { durationForPeople, kindTitle } from "../../../engine/foundation/wording.ts";
import { Details, ItemGroup, type GroupWords } from "../../components/item-group.tsx";
import { restoreOutcomes, type RestoreOutcome, type ResultRow, type ResultView } from "../../model/restore-result.ts";
import { outcomeLine } from "../../model/restore-runs.ts";

const words: Readonly<Record<RestoreOutcome, GroupWords>> = {
  failed: { mark: "bad", text: "Failed" },
  created: { mark: "good", text: "Created" },
  undeleted: { mark: "good", text: "Taken out of the recycle bin" },
  adopted: { mark: "good", text: "Found, made by an earlier restore" },
  updated: { mark: "good", text: "Changed" },
  skipped: { mark: "none", text: "Left as it was" },
};

/** What came of a restore, failures first, with links to what was restored. */
export function ResultSummary({ result }: { readonly result: ResultView }): React.ReactElement {
  return (
    <div className="flex-column rhythm-vertical-16">
      <div role="status" className="font-weight-semibold">
        {`${outcomeLine(result)} in ${durationForPeople(result.durationMs)}`}
      </div>
      {result.resumed && <div>An earlier restore of the same request was continued.</div>}
      {result.secretsToEnter > 0 && (
        <MessageCard severity={MessageCardSeverity.Warning}>
          {`${counted(result.secretsToEnter, "secret")} must be entered again: the run's page lists them.`}
        </MessageCard>
      )}
      {restoreOutcomes.map((outcome) => {
        const rows = result.rows.filter((row) => row.outcome === outcome);
        return rows.length === 0 ? null : (
          <ItemGroup key={outcome} {...words[outcome]} rows={rows} count={result.counts[outcome]}>
            {(row) => <ResultItem row={row} />}
          </ItemGroup>
        );
      })}
    </div>
  );
}

function ResultItem({ row }: { readonly row: ResultRow }): React.ReactElement {
  const name = row.name === "" ? row.key : row.name;
  return (
    <>
      <div>
        <span className="secondary-text">{`${kindTitle(row.kind)} `}</span>
        {row.url === undefined ? (
          <span className="font-weight-semibold">{name}</span>
        ) : (
          <Link href={row.url} target="_blank" rel="noopener noreferrer" ariaLabel={`Open ${name}`}>
            {name}
          </Link>
        )}
        {row.newId !== "" && row.newId !== row.key && <span className="secondary-text">{` now ${row.newId}`}</span>}
      </div>
      <Details lines={[...row.messages, ...row.fidelity]} />
    </>
  );
}
