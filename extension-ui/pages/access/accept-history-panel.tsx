import { Checkbox } from "azure-devops-ui/Checkbox";
import * as React from "react";
import { ErrorCard } from "../../components/error-card.tsx";
import { SidePanel } from "../../components/side-panel.tsx";
import { StateLabel } from "../../components/state-label.tsx";
import { useAction } from "../../components/use-action.ts";
import { useHub } from "../hub/hub-context.ts";

/** Asks whether the history that storage holds is to be the one that this person's visits expect. */
export function AcceptHistoryPanel(): React.ReactElement | null {
  const { services, vault, closePanel } = useHub();
  const [isSure, beSure] = React.useState(false);
  // What the person has read is what they accept, also when the vault is read again meanwhile.
  const [chain] = React.useState(vault.view?.chain);
  const head = chain?.state === "checked" ? chain.head : undefined;
  const expected = chain?.state === "checked" ? (chain.lostHeads ?? []) : [];
  const accept = useAction(async () => {
    const { settings, project } = services;
    await (head === undefined ? settings.forgetHead(project.id) : settings.acceptHead(project.id, head));
    vault.reload();
    closePanel();
  });
  return (
    <SidePanel
      title="Accept another history"
      onDismiss={closePanel}
      buttons={[
        { text: "Cancel", onClick: closePanel },
        { text: "Accept this history", danger: true, disabled: !isSure || accept.isBusy, onClick: accept.start },
      ]}
    >
      <section aria-label="What it means" className="flex-column rhythm-vertical-8">
        <h2 className="hub-heading">
          <StateLabel mark="warning" text="Your history may have been replaced" />
        </h2>
        <div>
          Somebody who has the agent key, or rights on the storage, can have removed your snapshots or put others in
          their place. Accept only if you know why the history is another one: for example, because the vault was begun
          anew.
        </div>
      </section>
      <HeadText title="Expected, from your earlier visits" heads={expected} />
      <HeadText title="Found in storage now" heads={head === undefined ? [] : [head]} />
      <div>
        Each head is the number of the newest log entry and its SHA-256. After accepting, your visits expect storage to
        go on from the head it has now. Storage stays as it is. Other people are asked for themselves, and pipelines
        whose vaultHead names the old head go on refusing until that is changed.
      </div>
      <Checkbox
        label="I know why the history is another one"
        checked={isSure}
        onChange={(_event, next) => beSure(next)}
      />
      {accept.error !== undefined && <ErrorCard error={accept.error} />}
    </SidePanel>
  );
}

interface HeadTextProps {
  readonly title: string;
  readonly heads: readonly string[];
}

function HeadText({ title, heads }: HeadTextProps): React.ReactElement {
  return (
    <section aria-label={title}>
      <h2 className="hub-heading">{title}</h2>
      {heads.length === 0 ? <div>None: the log is empty</div> : heads.map((head) => <Head key={head} head={head} />)}
    </section>
  );
}

function Head({ head }: { readonly head: string }): React.ReactElement {
  const [seq, sha256] = head.split(":");
  return (
    <div>
      {`Entry ${seq ?? ""}`}
      <div className="hub-hash secondary-text">{sha256}</div>
    </div>
  );
}
