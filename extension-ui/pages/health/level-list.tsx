import { Card } from "azure-devops-ui/Card";
import * as React from "react";
import { counted } from "../../../engine/foundation/text.ts";
import { StateLabel, type Mark } from "../../components/state-label.tsx";
import { Age } from "../../components/times.tsx";
import { coveringLevel } from "../../model/covered-level.ts";
import { levelName, levelText } from "../../model/format.ts";
import type { LevelFigure } from "../../../engine/insight/health.ts";
import type { Verification } from "../../model/vault-source.ts";

/** Each level of verification with what is known of it; what a deeper one has passed counts as passed. */
export function LevelList({ levels }: { readonly levels: readonly LevelFigure[] }): React.ReactElement {
  return (
    <section aria-label="Verifications" className="flex-column rhythm-vertical-8">
      <h2 className="hub-heading">Verifications</h2>
      <Card className="bolt-table-card" contentProps={{ contentPadding: false }}>
        <ul className="hub-rows">
          {levels.map((figure) => (
            <li key={figure.level} className="flex-row flex-center flex-wrap rhythm-horizontal-8">
              <LevelRow figure={figure} deeper={coveringLevel(levels, figure)} />
            </li>
          ))}
        </ul>
      </Card>
    </section>
  );
}

interface LevelRowProps {
  readonly figure: LevelFigure;
  readonly deeper: LevelFigure | undefined;
}

function LevelRow({ figure: { level, newest }, deeper }: LevelRowProps): React.ReactElement {
  const text = levelText(level);
  if (deeper?.newest !== undefined && (newest === undefined || newest.damaged === 0))
    return (
      <>
        <StateLabel mark="good" text={text} />
        <span className="secondary-text">
          {`included in ${levelName(deeper.level).toLowerCase()}, `}
          <Age instant={deeper.newest.at} />
        </span>
      </>
    );
  return (
    <>
      <StateLabel mark={markOf(newest)} text={text} />
      <span className="secondary-text">
        {newest === undefined ? (
          "not yet"
        ) : (
          <>
            <Age instant={newest.at} />
            {`, sample ${newest.sample}, ${counted(newest.checked, "object")} checked`}
            {newest.damaged > 0 ? `, ${newest.damaged.toLocaleString()} damaged` : ""}
          </>
        )}
      </span>
    </>
  );
}

function markOf(newest: Verification | undefined): Mark {
  if (newest === undefined) return "none";
  return newest.damaged > 0 ? "bad" : "good";
}
