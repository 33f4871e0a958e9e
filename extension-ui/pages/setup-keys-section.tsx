import { Button } from "azure-devops-ui/Button";
import { MessageCard, MessageCardSeverity } from "azure-devops-ui/MessageCard";
import * as React from "react";
import { webCryptography } from "../../engine/crypto/web-cryptography.ts";
import { CopyText } from "../components/copy-text.tsx";
import { ErrorCard } from "../components/error-card.tsx";
import { saveFile } from "../components/save-file.ts";
import { SectionCard } from "../components/section-card.tsx";
import { TextInput } from "../components/text-input.tsx";
import { useAction } from "../components/use-action.ts";
import { keyPlaces, newVaultKeys, ownerKeyFile, recoveryKeyFile, type KeySet } from "../model/setup-keys.ts";
import { useHub } from "./hub-context.ts";
import type { SectionProps } from "./setup-page.tsx";

/** Makes the keys in the browser and shows each once, with where it belongs. */
export function SetupKeysSection({ draft, change }: SectionProps): React.ReactElement {
  const { settings } = useHub();
  const hasKeys = (settings?.signers.length ?? 0) > 0;
  const [keys, setKeys] = React.useState<KeySet>();
  const make = useAction(async () => {
    const made = await newVaultKeys(webCryptography());
    setKeys(made);
    change({ recipients: made.recoveryRecipient, signers: made.signer.split(",").join("\n") });
  });
  return (
    <SectionCard
      title="1. Keys"
      about="Made in this browser and kept nowhere: backups are encrypted for the recovery key, which no agent ever has."
    >
      {make.error !== undefined && <ErrorCard error={make.error} />}
      {keys === undefined ? (
        <>
          {hasKeys && (
            <MessageCard severity={MessageCardSeverity.Info}>
              This project has keys. New ones are for a new container: the vault that exists does not take them.
            </MessageCard>
          )}
          <div>
            <Button text="Make the keys" primary={!hasKeys} disabled={make.isBusy} onClick={make.start} />
          </div>
          <TextInput
            label="Recovery recipients"
            value={draft.recipients}
            onChange={(recipients) => change({ recipients })}
            lines={2}
            placeholder="age1…"
            message="Public keys, one per line. Filled in when the keys are made; of an existing vault they stand in its pipeline."
          />
        </>
      ) : (
        <MadeKeys keys={keys} />
      )}
    </SectionCard>
  );
}

function MadeKeys({ keys }: { readonly keys: KeySet }): React.ReactElement {
  const { services, clock, setViewer } = useHub();
  const { project } = services;
  const facts = { project, organizationUrl: project.organizationUrl, madeAt: clock.now() };
  return (
    <>
      <MessageCard severity={MessageCardSeverity.Warning}>
        These keys are shown once. Put each where it belongs before you leave this page: nobody can make them again.
      </MessageCard>
      {keyPlaces.map(({ key, title, where, can }) => (
        <section key={key} aria-label={title} className="flex-column rhythm-vertical-8">
          <h3 className="hub-heading">{title}</h3>
          <div>{can}</div>
          <div>{where}</div>
          <CopyText label={title} text={keys[key]} />
          {key === "recoveryKey" && (
            <div>
              <Button
                primary
                text="Save the recovery key as a file"
                iconProps={{ iconName: "Download" }}
                onClick={() => saveFile(recoveryKeyFile(keys, facts))}
              />
            </div>
          )}
          {key === "ownerKey" && (
            <div>
              <Button
                text="Save the owner key as a file"
                iconProps={{ iconName: "Download" }}
                onClick={() => saveFile(ownerKeyFile(keys, facts))}
              />
            </div>
          )}
          {key === "viewerKey" && (
            <div>
              <Button
                text="Use the viewer key in this visit"
                onClick={() => setViewer({ identity: keys.viewerKey }, false)}
              />
            </div>
          )}
        </section>
      ))}
    </>
  );
}
