import { Card } from "azure-devops-ui/Card";
import * as React from "react";

/** One figure with its name above it. */
export function Tile(props: { readonly title: string; readonly children: React.ReactNode }): React.ReactElement {
  return (
    <Card className="hub-tile" contentProps={{ contentPadding: true }}>
      <div className="flex-column">
        <div className="secondary-text">{props.title}</div>
        <div className="hub-tile-value">{props.children}</div>
      </div>
    </Card>
  );
}
