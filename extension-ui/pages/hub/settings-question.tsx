import { Button } from "azure-devops-ui/Button";
import { MessageCard, MessageCardSeverity } from "azure-devops-ui/MessageCard";
import * as React from "react";
import { ErrorCard } from "../../components/error-card.tsx";
import { useAction } from "../../components/use-action.ts";
import { useLoaded } from "../../components/use-loaded.ts";
import { needsConfirmation, type SettingsChange, type SettingsFact } from "../../model/settings-trust.ts";
import { shownText } from "../../model/shown-text.ts";
import { useHub } from "./hub-context.ts";

/**
 * Asks whether the shared settings are what the person means, on the first visit and after every change by others;
 * nothing while they are. Until then no credential is used, no run is started and no file of Set up is shown.
 */
export function SettingsQuestion(): React.ReactElement | null {
  const { trust, confirmSettings, putBackSettings } = useHub();
  const confirm = useAction(confirmSettings);
  const putBack = useAction(putBackSettings);
  const nameOf = usePipelineNames(needsConfirmation(trust));
  if (!needsConfirmation(trust)) return null;
  const isBusy = confirm.isBusy || putBack.isBusy;
  const { title, why, use, severity } = words[trust.state];
  return (
    <section aria-label="Settings to confirm">
      <MessageCard severity={severity}>
        <div className="hub-message">
          <div className="font-weight-semibold">{title}</div>
          <div>{why}</div>
          <div>Until you decide, nothing is sent to storage and no run is started.</div>
          {trust.state === "changed" ? (
            <Changes changes={trust.changes} nameOf={nameOf} />
          ) : (
            <Facts facts={trust.facts} nameOf={nameOf} />
          )}
          <Refusal error={confirm.error ?? putBack.error} />
          <div className="flex-row rhythm-horizontal-8">
            {trust.state === "changed" && (
              <Button text="Put back what I confirmed" primary disabled={isBusy} onClick={putBack.start} />
            )}
            <Button text={use} primary={trust.state === "first"} disabled={isBusy} onClick={confirm.start} />
          </div>
        </div>
      </MessageCard>
    </section>
  );
}

const what = "They decide where you sign in, whose backups you believe and which pipelines you start.";

const words = {
  first: {
    severity: MessageCardSeverity.Info,
    title: "You have not confirmed the settings of this page yet",
    why: `Somebody in this project has saved them. ${what}`,
    use: "Use these settings",
  },
  changed: {
    severity: MessageCardSeverity.Warning,
    title: "The settings of this page were changed since you confirmed them",
    why: `Somebody with access to the extension's settings did it. ${what} Use them only if you know who it was and why.`,
    use: "Use the settings as they are now",
  },
} as const;

function Refusal({ error }: { readonly error: unknown }): React.ReactElement | null {
  return error === undefined ? null : <ErrorCard error={error} />;
}

type NameOf = (id: string) => string;

/** Names of pipelines by id: a number alone tells nobody what would be started. */
function usePipelineNames(isNeeded: boolean): NameOf {
  const { services } = useHub();
  const loaded = useLoaded(async () => (isNeeded ? services.pipelines.list() : []), [services, isNeeded]);
  return (id) => {
    const found = loaded.value?.find((pipeline) => String(pipeline.id) === id);
    return found === undefined ? `pipeline ${id}` : `${shownText(found.name)} (${id})`;
  };
}

function Facts({
  facts,
  nameOf,
}: {
  readonly facts: readonly SettingsFact[];
  readonly nameOf: NameOf;
}): React.ReactElement {
  return (
    <Table heads={["Setting", "Value"]}>
      {facts.map(({ name, values, isPipeline }) => (
        <tr key={name}>
          <th scope="row">{name}</th>
          <td>
            <Values values={values} nameOf={isPipeline ? nameOf : undefined} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Changes({
  changes,
  nameOf,
}: {
  readonly changes: readonly SettingsChange[];
  readonly nameOf: NameOf;
}): React.ReactElement {
  return (
    <Table heads={["Setting", "You confirmed", "Now"]}>
      {changes.map(({ name, before, now, isPipeline }) => (
        <tr key={name}>
          <th scope="row">{name}</th>
          <td>
            <Values values={before} nameOf={isPipeline ? nameOf : undefined} />
          </td>
          <td>
            <Values values={now} nameOf={isPipeline ? nameOf : undefined} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Table({
  heads,
  children,
}: {
  readonly heads: readonly string[];
  readonly children: React.ReactNode;
}): React.ReactElement {
  return (
    <table className="hub-facts">
      <thead>
        <tr>
          {heads.map((head) => (
            <th key={head} scope="col">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}

function Values({
  values,
  nameOf,
}: {
  readonly values: readonly string[];
  readonly nameOf: NameOf | undefined;
}): React.ReactElement {
  if (values.length === 0) return <span className="secondary-text">nothing</span>;
  return (
    <>
      {values.map((value) => (
        <div key={value} className="hub-wrap">
          {nameOf === undefined ? shownText(value) : nameOf(value)}
        </div>
      ))}
    </>
  );
}
