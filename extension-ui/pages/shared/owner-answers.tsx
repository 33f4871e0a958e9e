import { MessageCard, MessageCardSeverity } from "azure-devops-ui/MessageCard";
import * as React from "react";
import { counted } from "../../../engine/foundation/text.ts";
import { CopyText } from "../../components/copy-text.tsx";
import { Age, localTime } from "../../components/times.tsx";
import { acknowledgeCommand, inForce, isOpen, type KnownAlarm } from "../../model/owner-answers.ts";
import type { Snapshot } from "../../model/vault-source.ts";
import { useHub } from "../hub/hub-context.ts";

/** Alarms of one snapshot: who has acknowledged them and when, or the command that does. */
export function SnapshotAlarms({ snapshot }: { readonly snapshot: Snapshot }): React.ReactElement | null {
  const { vault } = useHub();
  const alarms = vault.view?.answers?.alarms.filter(({ seq }) => seq === snapshot.seq) ?? [];
  if (alarms.length === 0) return null;
  const open = alarms.filter(isOpen);
  return (
    <section aria-label="Alarms" className="flex-column rhythm-vertical-8">
      {alarms.map((alarm, index) => (
        <Acknowledged key={index} alarm={alarm} />
      ))}
      {open.length > 0 && <HowToAcknowledge seq={snapshot.seq} open={open} />}
    </section>
  );
}

/** For Health: what is announced now, and how the newest open alarm is acknowledged. */
export function OwnerAnswers(): React.ReactElement | null {
  const { vault, clock } = useHub();
  const answers = vault.view?.answers;
  if (answers === undefined) return null;
  const open = answers.alarms.filter(isOpen);
  const newest = open.at(-1);
  return (
    <>
      {inForce(answers, clock.now()).map(({ entry, codes, until }) => (
        <MessageCard key={entry} severity={MessageCardSeverity.Info}>
          {`The owner has announced ${codes.join(", ")} until ${localTime(until)} (log entry ${entry}): backups take it for a note.`}
        </MessageCard>
      ))}
      {newest !== undefined && (
        <section aria-label="Open alarms" className="flex-column rhythm-vertical-8">
          <HowToAcknowledge seq={newest.seq} open={open} />
        </section>
      )}
    </>
  );
}

function Acknowledged({ alarm }: { readonly alarm: KnownAlarm }): React.ReactElement | null {
  const { code, acknowledged } = alarm;
  if (acknowledged === undefined) return null;
  return (
    <div>
      {`${code}: acknowledged with the owner key in log entry ${acknowledged.entry}, `}
      <Age instant={acknowledged.at} />
    </div>
  );
}

function HowToAcknowledge({
  seq,
  open,
}: {
  readonly seq: number;
  readonly open: readonly KnownAlarm[];
}): React.ReactElement {
  const codes = [...new Set(open.map(({ code }) => code))].join(", ");
  return (
    <>
      <div>
        {`${counted(open.length, "alarm is", "alarms are")} open (${codes}): retention pauses, and the recommended snapshot stays before them. If it was meant, or when it is dealt with, whoever has the owner key acknowledges each snapshot:`}
      </div>
      <CopyText label="the command that acknowledges" text={acknowledgeCommand(seq)} />
    </>
  );
}
