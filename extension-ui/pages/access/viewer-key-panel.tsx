import { Checkbox } from "azure-devops-ui/Checkbox";
import * as React from "react";
import { webCryptography } from "../../../engine/crypto/web-cryptography.ts";
import { SidePanel } from "../../components/side-panel.tsx";
import { TextInput } from "../../components/text-input.tsx";
import { useLoaded } from "../../components/use-loaded.ts";
import { isRecoveryKey, recoveryKeyRefusal, viewerKeyProblem } from "../../model/viewer-key-form.ts";
import { useHub } from "../hub/hub-context.ts";

/** Asks for the key that opens names. It never leaves this browser. `isRefused`: the last one was a recovery key. */
export function ViewerKeyPanel({ isRefused }: { readonly isRefused: boolean }): React.ReactElement {
  const { viewer, vault, setViewer, closePanel } = useHub();
  const [key, writeKey] = React.useState("");
  const [isKept, keep] = React.useState(false);
  const recipients = vault.view?.recipients ?? [];
  const judged = useLoaded(() => isRecoveryKey(key, recipients, webCryptography()), [key, recipients.join()]);
  const wrong = viewerKeyProblem(key) ?? (judged.value === true ? recoveryKeyRefusal : undefined);
  const told = wrong ?? (isRefused && key === "" ? recoveryKeyRefusal : undefined);
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
          disabled: key.trim() === "" || wrong !== undefined || judged.value === undefined,
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
        isWrong={told !== undefined}
        message={told ?? "It stays in this browser tab and is sent nowhere."}
      />
      <Checkbox label="Keep it until this tab is closed" checked={isKept} onChange={(_event, next) => keep(next)} />
    </SidePanel>
  );
}
