import type { IButtonProps } from "azure-devops-ui/Button";
import { ContentSize } from "azure-devops-ui/Callout";
import { Panel } from "azure-devops-ui/Panel";
import * as React from "react";

export interface SidePanelProps {
  readonly title: string;
  readonly description?: string;
  readonly isLarge?: boolean;
  readonly buttons: readonly IButtonProps[];
  readonly onDismiss: () => void;
  readonly children: React.ReactNode;
}

/** A form or a report over the page; Escape closes it, a click beside it does not. */
export function SidePanel(props: SidePanelProps): React.ReactElement {
  const { title, description, isLarge, buttons, onDismiss, children } = props;
  return (
    <Panel
      size={isLarge === true ? ContentSize.Large : ContentSize.Medium}
      titleProps={{ text: title }}
      {...(description === undefined ? {} : { description })}
      onDismiss={onDismiss}
      lightDismiss={false}
      blurDismiss={false}
      footerButtonProps={[...buttons]}
    >
      <div className="hub-panel flex-column flex-grow rhythm-vertical-16">{children}</div>
    </Panel>
  );
}
