import { Checkbox } from "azure-devops-ui/Checkbox";
import { MessageCard, MessageCardSeverity } from "azure-devops-ui/MessageCard";
import * as React from "react";
import { parseContainerAddress } from "../../../engine/store/container-address.ts";
import { checkStorageHost } from "../../../engine/store/storage-hosts.ts";
import { describeError } from "../../../engine/foundation/errors.ts";
import { CopyText } from "../../components/copy-text.tsx";
import { SidePanel } from "../../components/side-panel.tsx";
import { TextInput } from "../../components/text-input.tsx";
import { placeOf } from "../../model/azure-cli.ts";
import { readSasHelp, readSasProblem } from "../../model/read-sas.ts";
import { browsingSteps } from "../../model/setup-storage.ts";
import { useHub } from "../hub/hub-context.ts";

/** Lets a person read the container in this visit: by a shared access signature, or as who they are signed in. */
export function StoragePanel(): React.ReactElement {
  const { settings, trust, access, setSas, closePanel } = useHub();
  const [sas, writeSas] = React.useState("");
  const [isKept, keep] = React.useState(false);
  const containerUrl = settings?.containerUrl;
  const wrong = problemOf(containerUrl, sas);
  const isConfirmed = trust.state === "confirmed";
  if (containerUrl === undefined) return <NoContainer />;
  const connect = (): void => {
    setSas(sas.trim().replace(/^\?/, ""), isKept);
    closePanel();
  };
  const forget = (): void => {
    setSas(undefined, false);
    closePanel();
  };
  return (
    <SidePanel
      title="Storage access"
      description={containerUrl}
      onDismiss={closePanel}
      buttons={[
        { text: "Cancel", onClick: closePanel },
        ...(access?.by === "sas" ? [{ text: "Forget the SAS", onClick: forget }] : []),
        {
          text: "Connect",
          primary: true,
          disabled: !isConfirmed || sas.trim() === "" || wrong !== undefined,
          onClick: connect,
        },
      ]}
    >
      <AccessState isConfirmed={isConfirmed} by={access?.by} />
      <TextInput
        label="Shared access signature"
        value={sas}
        onChange={writeSas}
        isSecret
        isWrong={wrong !== undefined}
        message={wrong ?? "For the container, with the rights read and list only: sp=rl. It stays in this browser tab."}
      />
      <Checkbox label="Keep it until this tab is closed" checked={isKept} onChange={(_event, next) => keep(next)} />
      {(wrong !== undefined || placeOf(containerUrl) !== undefined) && <SasHelp containerUrl={containerUrl} />}
      <CorsHelp containerUrl={containerUrl} />
    </SidePanel>
  );
}

function NoContainer(): React.ReactElement {
  const { closePanel, go } = useHub();
  const openSetup = (): void => {
    closePanel();
    go({ tab: "setup" });
  };
  return (
    <SidePanel
      title="Storage access"
      onDismiss={closePanel}
      buttons={[
        { text: "Close", onClick: closePanel },
        { text: "Open Set up", primary: true, onClick: openSetup },
      ]}
    >
      <div>Set up does not name the container yet.</div>
    </SidePanel>
  );
}

interface AccessStateProps {
  readonly isConfirmed: boolean;
  readonly by: "sas" | "entra" | undefined;
}

function AccessState({ isConfirmed, by }: AccessStateProps): React.ReactElement {
  if (isConfirmed) return <div>{accessText(by)}</div>;
  return (
    <MessageCard severity={MessageCardSeverity.Warning}>
      Close this panel and confirm the settings at the top of the page first: they name the container that a SAS would
      be sent to.
    </MessageCard>
  );
}

function accessText(by: "sas" | "entra" | undefined): string {
  if (by === "entra") return "The page signs in to storage as you. With a SAS it reads by that instead.";
  if (by === "sas") return "The page reads by the SAS that was entered.";
  return "The page does not read storage yet. Enter a SAS, or set up signing in with Microsoft Entra in Set up.";
}

/** How to make one that the page takes. */
function SasHelp({ containerUrl }: { readonly containerUrl: string }): React.ReactElement {
  const { clock } = useHub();
  const [command] = React.useState(() => readSasHelp(containerUrl, clock.now()));
  return (
    <div className="flex-column rhythm-vertical-8">
      <div>
        <span className="font-weight-semibold">Make a SAS that reads and lists. </span>
        {placeOf(containerUrl) === undefined
          ? "It does nothing else and ends in a week. The local sandbox prints one as hubSas."
          : "It is signed with your own role on the container (Storage Blob Data Reader) and ends in a week."}
      </div>
      <CopyText label="Make a SAS that reads and lists" text={command} />
    </div>
  );
}

function CorsHelp({ containerUrl }: { readonly containerUrl: string }): React.ReactElement | null {
  const steps = browsingSteps(containerUrl, location.origin, []);
  if (steps === undefined) return null;
  return (
    <>
      {steps.map(({ title, why, command }) => (
        <div key={title} className="flex-column rhythm-vertical-8">
          <div>
            <span className="font-weight-semibold">{`${title}. `}</span>
            {why}
          </div>
          <CopyText label={title} text={command} />
        </div>
      ))}
    </>
  );
}

function problemOf(containerUrl: string | undefined, sas: string): string | undefined {
  if (containerUrl === undefined || sas.trim() === "") return undefined;
  try {
    checkStorageHost(containerUrl);
    parseContainerAddress(containerUrl, sas.trim());
    return readSasProblem(sas);
  } catch (error) {
    return describeError(error);
  }
}
