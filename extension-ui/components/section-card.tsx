import { Card } from "azure-devops-ui/Card";
import * as React from "react";

export interface SectionCardProps {
  readonly title: string;
  /** What it is for, in a sentence. */
  readonly about: string;
  readonly children: React.ReactNode;
}

/** A part of a long page with a heading of its own. */
export function SectionCard({ title, about, children }: SectionCardProps): React.ReactElement {
  return (
    <section aria-label={title}>
      <Card contentProps={{ contentPadding: true }}>
        <div className="hub-section flex-column rhythm-vertical-16">
          <div>
            <h2 className="hub-title">{title}</h2>
            <div className="secondary-text">{about}</div>
          </div>
          {children}
        </div>
      </Card>
    </section>
  );
}
