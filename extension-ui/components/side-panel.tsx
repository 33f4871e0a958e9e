import type { IButtonProps } from "azure-devops-ui/Button";
import { ContentSize } from "azure-devops-ui/Callout";
import { Panel } from "azure-devops-ui/Panel";
import * as React from "react";
import { giveFocusBack } from "./focus-trail.ts";

export interface SidePanelProps {
  readonly title: string;
  readonly description?: string;
  readonly isLarge?: boolean;
  readonly buttons: readonly IButtonProps[];
  readonly onDismiss: () => void;
  readonly children: React.ReactNode;
}

/** A form or a report over the page; Escape closes it wherever the focus is, a click beside it does not. */
export function SidePanel(props: SidePanelProps): React.ReactElement {
  const { title, description, isLarge, buttons, onDismiss, children } = props;
  useEscape(onDismiss);
  useFocusBack();
  return (
    <Panel
      size={isLarge === true ? ContentSize.Large : ContentSize.Medium}
      titleProps={{ text: title }}
      {...(description === undefined ? {} : { description })}
      onDismiss={onDismiss}
      escDismiss={false}
      lightDismiss={false}
      blurDismiss={false}
      footerButtonProps={[...buttons]}
    >
      <div className="hub-panel flex-column flex-grow rhythm-vertical-16">{children}</div>
    </Panel>
  );
}

/** The panel's own handler hears of a key only while the focus is inside, and a button that has gone takes it away. */
function useEscape(onDismiss: () => void): void {
  const listener = React.useRef(onDismiss);
  listener.current = onDismiss;
  React.useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      if (event.key === "Escape" && !event.defaultPrevented && !event.isComposing) listener.current();
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, []);
}

let openPanels = 0;

/** One panel may follow another: the focus goes back when none does. */
function useFocusBack(): void {
  React.useEffect(() => {
    openPanels += 1;
    return () => {
      openPanels -= 1;
      setTimeout(() => {
        if (openPanels === 0) giveFocusBack();
      });
    };
  }, []);
}
