import { Button } from "azure-devops-ui/Button";
import * as React from "react";

export interface CopyTextProps {
  /** What it is: the button reads `Copy <label>`. */
  readonly label: string;
  readonly text: string;
}

/** Text to take elsewhere, as it stands, with a button that copies it. */
export function CopyText({ label, text }: CopyTextProps): React.ReactElement {
  const [outcome, setOutcome] = React.useState("");
  const block = React.useRef<HTMLPreElement>(null);
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setOutcome("Copied"),
      () => {
        // The host may keep pages from the clipboard: then the text is marked, for the person's own shortcut.
        selectAll(block.current);
        setOutcome("Marked: press Ctrl+C");
      },
    );
  };
  return (
    <div className="hub-copy flex-column">
      <pre ref={block} className="hub-code" tabIndex={0} aria-label={label}>
        {text}
      </pre>
      <div className="flex-row flex-center rhythm-horizontal-8">
        <Button text="Copy" ariaLabel={`Copy ${label}`} iconProps={{ iconName: "Copy" }} onClick={copy} />
        <span role="status" className="secondary-text">
          {outcome}
        </span>
      </div>
    </div>
  );
}

function selectAll(element: HTMLElement | null): void {
  if (element !== null) getSelection()?.selectAllChildren(element);
}
