import { Checkbox } from "azure-devops-ui/Checkbox";
import * as React from "react";
import { parseIdentities } from "../../engine/crypto/keys.ts";
import { describeError } from "../../engine/foundation/errors.ts";
import { SidePanel } from "../components/side-panel.tsx";
import { TextInput } from "../components/text-input.tsx";
import { useHub } from "./hub-context.ts";

/** Asks for the key that opens names. It never leaves this browser. */
export function ViewerKeyPanel(): React.ReactElement {
  const { viewer, setViewer, closePanel } = useHub();
  const [key, writeKey] = React.useState("");
  const [isKept, keep] = React.useState(false);
  const wrong = problemOf(key);
  const use = (identity: string | undefined): void => {
    setViewer(identity === undefined ? undefined : { identity }, identity !== undefined && isKept);
    closePanel();
  };
  return (
    <SidePanel
      title="Viewer key"
      onDismiss={closePanel}
      buttons={[
        { text: "Cancel", onClick: closePanel },
        ...(viewer === undefined ? [] : [{ text: "Forget the key", onClick: () => use(undefined) }]),
        {
          text: "Use the key",
          primary: true,
          disabled: key.trim() === "" || wrong !== undefined,
          onClick: () => use(key.trim()),
        },
      ]}
    >
      <div>
        It opens names of repositories, branches and work items, never their content. Set up has shown it when the keys
        were made.
      </div>
      <TextInput
        label="Viewer key"
        value={key}
        onChange={writeKey}
        isSecret
        placeholder="AGE-SECRET-KEY-1…"
        isWrong={wrong !== undefined}
        message={wrong ?? "It stays in this browser tab and is sent nowhere."}
      />
      <Checkbox label="Keep it until this tab is closed" checked={isKept} onChange={(_event, next) => keep(next)} />
    </SidePanel>
  );
}

function problemOf(key: string): string | undefined {
  if (key.trim() === "") return undefined;
  try {
    return parseIdentities(key, "Viewer key").length === 1 ? undefined : "Enter one key.";
  } catch (error) {
    return describeError(error);
  }
}
