import * as React from "react";
import { isWhole, type Coverage } from "../../engine/vault/format/coverage.ts";
import { coverageFigures } from "../../engine/vault/format/coverage-words.ts";
import { StateLabel } from "./state-label.tsx";

/** How much of the project a snapshot covers: green only when the sum adds up. */
export function CoverageText({ coverage }: { readonly coverage: Coverage | undefined }): React.ReactElement {
  if (coverage === undefined) return <span className="secondary-text">Not counted by the version that made it</span>;
  const figures = coverageFigures(coverage).map(({ name, count }) => `${name}: ${count.toLocaleString()}`);
  return (
    <>
      <StateLabel mark={isWhole(coverage) ? "good" : "warning"} text={isWhole(coverage) ? "Whole" : "Not whole"} />
      <div className="secondary-text hub-plain">{figures.join(" · ")}</div>
    </>
  );
}
