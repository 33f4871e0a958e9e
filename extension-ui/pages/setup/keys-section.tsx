import { Button } from "azure-devops-ui/Button";
import { MessageCard, MessageCardSeverity } from "azure-devops-ui/MessageCard";
import * as React from "react";
import { webCryptography } from "../../../engine/crypto/web-cryptography.ts";
import { CopyText } from "../../components/copy-text.tsx";
import { ErrorCard } from "../../components/error-card.tsx";
import { saveFile } from "../../components/save-file.ts";
import { SectionCard } from "../../components/section-card.tsx";
import { TextInput } from "../../components/text-input.tsx";
import { useAction } from "../../components/use-action.ts";
import {
  allKeysFile,
  keyPlaces,
  newRecoveryPair,
  newVaultKeys,
  ownerKeyFile,
  recoveryKeyFile,
  type KeyPlace,
} from "../../model/setup-keys.ts";
import { signersOfKeys } from "../../model/signers.ts";
import { useHub } from "../hub/hub-context.ts";
import type { SectionProps } from "./section-props.ts";
import type { MadeKeys } from "./use-made-keys.ts";

/** Makes the keys in the browser and shows each while this tab is open, with where it belongs. */
export function SetupKeysSection({ draft, change }: SectionProps): React.ReactElement {
  const { settings, madeKeys, keepMadeKeys } = useHub();
  const hasKeys = (settings?.signers.length ?? 0) > 0 || draft.signers.trim() !== "";
  const make = useAction(async () => {
    const [keys, second] = [await newVaultKeys(webCryptography()), await newRecoveryPair(webCryptography())];
    keepMadeKeys({ keys, second });
    change({
      recipients: [keys.recoveryRecipient, second.recoveryRecipient].join("\n"),
      signers: signersOfKeys(keys).join("\n"),
      // New keys begin a new vault, which needs a container of its own.
      ...(settings === undefined ? {} : { containerUrl: "", account: "" }),
    });
  });
  return (
    <SectionCard
      title="1. Keys"
      about="Made in this browser and kept nowhere: backups are encrypted for the recovery keys, which no agent ever has."
    >
      {make.error !== undefined && <ErrorCard error={make.error} />}
      {madeKeys !== undefined && <ShownKeys made={madeKeys} />}
      {madeKeys === undefined && hasKeys && <NewKeysByName isBusy={make.isBusy} make={make.start} />}
      {madeKeys === undefined && !hasKeys && (
        <div>
          <Button text="Make the keys" primary disabled={make.isBusy} onClick={make.start} />
        </div>
      )}
      {madeKeys === undefined && (
        <TextInput
          label="Recovery recipients"
          value={draft.recipients}
          onChange={(recipients) => change({ recipients })}
          lines={2}
          placeholder="age1…"
          message="Public keys, one per line. Filled in when the keys are made; of an older vault they stand in its pipeline."
        />
      )}
    </SectionCard>
  );
}

/** New keys over those that there are: nobody does that by a slip of the hand. */
function NewKeysByName({ isBusy, make }: { readonly isBusy: boolean; readonly make: () => void }): React.ReactElement {
  const { services } = useHub();
  const [name, writeName] = React.useState("");
  const { project } = services;
  return (
    <>
      <MessageCard severity={MessageCardSeverity.Info}>
        This project has keys. New ones begin a new vault in another container: signers and recipients are replaced
        together, and the vault that there is stays as it is, to be read with its own keys.
      </MessageCard>
      <TextInput
        label="Name of the project, to make new keys"
        value={name}
        onChange={writeName}
        message={`Type ${project.name} if you mean it.`}
      />
      <div>
        <Button text="Make new keys" danger disabled={isBusy || name.trim() !== project.name} onClick={make} />
      </div>
    </>
  );
}

function ShownKeys({ made }: { readonly made: MadeKeys }): React.ReactElement {
  const { services, clock, hasUnsavedKeys, markKeysSaved } = useHub();
  const { project } = services;
  const facts = { project, organizationUrl: project.organizationUrl, madeAt: clock.now() };
  return (
    <>
      <MessageCard severity={hasUnsavedKeys ? MessageCardSeverity.Warning : MessageCardSeverity.Info}>
        {hasUnsavedKeys
          ? "Save these keys before you do anything else: they exist in this tab only, and nobody can make them again."
          : "The keys are saved in a file. They are shown until this tab is closed or reloaded."}
      </MessageCard>
      <div className="flex-row rhythm-horizontal-8">
        <Button
          primary={hasUnsavedKeys}
          text="Save all keys as one file"
          iconProps={{ iconName: "Download" }}
          onClick={() => {
            saveFile(allKeysFile(made, facts));
            markKeysSaved();
          }}
        />
        <Button
          text="Save the second recovery key as a file"
          iconProps={{ iconName: "Download" }}
          onClick={() => saveFile(recoveryKeyFile(made.second, facts))}
        />
      </div>
      {keyPlaces.map((place) => (
        <ShownKey key={place.key} place={place} made={made} facts={facts} />
      ))}
    </>
  );
}

interface ShownKeyProps {
  readonly place: KeyPlace;
  readonly made: MadeKeys;
  readonly facts: Parameters<typeof recoveryKeyFile>[1];
}

function ShownKey({ place, made: { keys, second }, facts }: ShownKeyProps): React.ReactElement {
  const { setViewer } = useHub();
  const { key, title, where, can } = place;
  const text = key === "signer" ? signersOfKeys(keys).join(",") : keys[key];
  const both = key === "recoveryRecipient" ? `${text}\n${second.recoveryRecipient}` : text;
  return (
    <section aria-label={title} className="flex-column rhythm-vertical-8">
      <h3 className="hub-heading">{title}</h3>
      <div>{can}</div>
      <div>{where}</div>
      <CopyText label={title} text={both} />
      {key === "recoveryKey" && (
        <div>
          <Button text="Save the recovery key as a file" onClick={() => saveFile(recoveryKeyFile(keys, facts))} />
        </div>
      )}
      {key === "ownerKey" && (
        <div>
          <Button text="Save the owner key as a file" onClick={() => saveFile(ownerKeyFile(keys, facts))} />
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
  );
}
