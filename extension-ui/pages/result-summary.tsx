import { Card } from "azure-devops-ui/Card";
import { Link } from "azure-devops-ui/Link";
import { MessageCard, MessageCardSeverity } from "azure-devops-ui/MessageCard";
import * as React from "react";
import { counted } from "../../engine/foundation/text.ts";
import { durationForPeople, kindTitle } from "../../engine/foundation/wording.ts";
import { StateLabel, type Mark } from "../components/state-label.tsx";
import { restoreOutcomes, type RestoreOutcome, type ResultRow, type ResultView } from "../model/restore-result.ts";
import { outcomeLine } from "../model/restore-runs.ts";

const words: Readonly<Record<RestoreOutcome, { readonly mark: Mark; readonly text: string }>> = {
  failed: { mark: "bad", text: "Failed" },
  created: { mark: "good", text: "Created" },
  undeleted: { mark: "good", text: "Taken out of the recycle bin" },
  adopted: { mark: "good", text: "Found, made by an earlier restore" },
  updated: { mark: "good", text: "Changed" },
  skipped: { mark: "none", text: "Left as it was" },
};

const listed = 200;

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
        return rows.length === 0 ? null : <OutcomeGroup key={outcome} outcome={outcome} rows={rows} />;
      })}
    </div>
  );
}

interface OutcomeGroupProps {
  readonly outcome: RestoreOutcome;
  readonly rows: readonly ResultRow[];
}

function OutcomeGroup({ outcome, rows }: OutcomeGroupProps): React.ReactElement {
  const { mark, text } = words[outcome];
  const more = rows.length - listed;
  return (
    <section aria-label={`${text}: ${rows.length}`} className="flex-column rhythm-vertical-8">
      <h3 className="hub-heading">
        <StateLabel mark={mark} text={`${text} (${rows.length.toLocaleString()})`} />
      </h3>
      <Card contentProps={{ contentPadding: false }}>
        <ul className="hub-rows">
          {rows.slice(0, listed).map((row) => (
            <ResultItem key={row.id} row={row} />
          ))}
          {more > 0 && (
            <li className="secondary-text">{`and ${more.toLocaleString()} more, listed on the run's page`}</li>
          )}
        </ul>
      </Card>
    </section>
  );
}

function ResultItem({ row }: { readonly row: ResultRow }): React.ReactElement {
  const name = row.name === "" ? row.key : row.name;
  const details = [...row.messages, ...row.fidelity];
  return (
    <li>
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
