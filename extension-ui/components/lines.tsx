import * as React from "react";

/** A heading and one line each. */
export function Lines({
  title,
  lines,
}: {
  readonly title: string;
  readonly lines: readonly string[];
}): React.ReactElement {
  return (
    <section aria-label={title}>
      <h3 className="hub-heading">{title}</h3>
      <ul className="hub-details">
        {lines.map((line, index) => (
          <li key={index}>{line}</li>
        ))}
      </ul>
    </section>
  );
}
