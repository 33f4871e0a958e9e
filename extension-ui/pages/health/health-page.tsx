import { Card } from "azure-devops-ui/Card";
import { Link } from "azure-devops-ui/Link";
import { MessageCard, MessageCardSeverity } from "azure-devops-ui/MessageCard";
import * as React from "react";
import { bytesForPeople, counted } from "../../../engine/foundation/text.ts";
import { durationForPeople } from "../../../engine/foundation/wording.ts";
import { CoverageText } from "../../components/coverage-text.tsx";
import { Loading } from "../../components/loading.tsx";
import { ProtectionText } from "../../components/protection-text.tsx";
import { StateLabel, type Mark } from "../../components/state-label.tsx";
import { Tile } from "../../components/tile.tsx";
import { Age, localTime, withLocalTimes } from "../../components/times.tsx";
import { hoursForPeople, type HealthFinding, type Severity } from "../../../engine/insight/health-finding.ts";
import { assessHealth, type HealthReport } from "../../../engine/insight/health.ts";
import { withFindings } from "../../model/health-runs.ts";
import { defaultRpoHours } from "../../model/project-services.ts";
import type { VaultView } from "../../model/vault-source.ts";
import { AcceptHistory } from "../access/accept-history.tsx";
import { ChainNote } from "../shared/chain-note.tsx";
import { useHub } from "../hub/hub-context.ts";
import { LevelList } from "./level-list.tsx";
import { OwnerAnswers } from "../shared/owner-answers.tsx";
import { useFreshVault } from "../shared/use-fresh-vault.ts";
import { useReportDifferences } from "./use-report-differences.ts";
import { LostAfter } from "./lost-after.tsx";
import { useRunFindings } from "./use-run-findings.ts";
import { useStreams } from "../shared/use-streams.ts";
import { VaultError } from "../access/vault-error.tsx";

const cards: Readonly<Record<HealthFinding["severity"], MessageCardSeverity>> = {
  critical: MessageCardSeverity.Error,
  warning: MessageCardSeverity.Warning,
  note: MessageCardSeverity.Info,
};

const worstWords: Readonly<Record<Severity, { readonly mark: Mark; readonly text: string }>> = {
  critical: { mark: "bad", text: "Needs attention now" },
  warning: { mark: "warning", text: "Needs attention" },
  note: { mark: "good", text: "Good, with notes" },
  good: { mark: "good", text: "Good" },
};

const unfinished = { mark: "running", text: "Being checked" } as const;

/** How well the project is protected, and what to do about what is not well. */
export function HealthPage(): React.ReactElement {
  const { vault } = useHub();
  return (
    <>
      <VaultError />
      {vault.view === undefined && !vault.isDone && <Loading label="Reading the vault" />}
      {vault.view !== undefined && <ChainNote />}
      {vault.view !== undefined && <Assessment view={vault.view} />}
    </>
  );
}

function Assessment({ view }: { readonly view: VaultView }): React.ReactElement {
  const { vault, clock, settings, go } = useHub();
  const newest = view.snapshots.find(({ isRetired }) => !isRetired);
  const streams = useStreams(newest);
  const { differences, isSettled } = useReportDifferences(view);
  const isCurrent = useFreshVault() && isSettled;
  const origin = vault.source?.origin ?? "runs";
  const runFindings = useRunFindings();
  const assessed = React.useMemo(
    () =>
      assessHealth({
        now: clock.now(),
        rpoHours: settings?.rpoHours ?? defaultRpoHours,
        snapshots: view.snapshots,
        // Nothing is missing or too old by a reading that is old itself, or that is being read again.
        chain: isCurrent ? view.chain : { state: "checking", read: 0, of: 0 },
        origin,
        differences,
        streams: streams.value,
      }),
    [view, origin, differences, isCurrent, streams.value],
  );
  const report = withFindings(assessed, runFindings);
  return (
    <>
      <Figures report={report} rpoHours={settings?.rpoHours ?? defaultRpoHours} />
      {report.findings.map((finding) => (
        <MessageCard key={finding.id} severity={cards[finding.severity]}>
          <div className="hub-message">
            <div className="font-weight-semibold">{withLocalTimes(finding.title)}</div>
            <div>{withLocalTimes(finding.detail)}</div>
            <div>{withLocalTimes(finding.remedy)}</div>
            {finding.link === "storage" && <Link onClick={() => go({ tab: "setup" })}>Storage commands in Set up</Link>}
            {finding.run !== undefined && <RunLink run={finding.run} />}
            {finding.decision === "accept-history" && <AcceptHistory />}
          </div>
        </MessageCard>
      ))}
      <OwnerAnswers />
      <LostAfter recovery={report.recovery} newest={streams.value} />
      <LevelList levels={report.levels} />
      <StaleStreams report={report} />
    </>
  );
}

function RunLink({ run }: { readonly run: number }): React.ReactElement {
  const { go, route } = useHub();
  return <Link onClick={() => go({ ...route, run })}>{`Show run ${run}`}</Link>;
}

function Figures({
  report,
  rpoHours,
}: {
  readonly report: HealthReport;
  readonly rpoHours: number;
}): React.ReactElement {
  const { lastGood, rtoSeconds, recovery, storage, worst, isWhole } = report;
  return (
    <div className="hub-tiles">
      <Tile title="State">
        <StateLabel {...(isWhole || worst === "critical" ? worstWords[worst] : unfinished)} />
      </Tile>
      <Tile title="Last good snapshot">
        {lastGood === undefined ? "None" : `${hoursForPeople(lastGood.ageHours)} ago`}
        <div className="secondary-text hub-plain">{`objective: ${hoursForPeople(rpoHours)}`}</div>
      </Tile>
      <Tile title="Time to restore, last drill">
        {rtoSeconds === undefined ? (
          <span className="secondary-text">No drill yet</span>
        ) : (
          durationForPeople(rtoSeconds * 1000)
        )}
      </Tile>
      <Tile title="Stored">
        {storage === undefined ? "Nothing" : bytesForPeople(storage.totalBytes)}
        {storage !== undefined && (
          <div className="secondary-text hub-plain">{`${bytesForPeople(storage.recentBytes)} added in the last 30 days`}</div>
        )}
      </Tile>
      <Tile title="Coverage">
        <CoverageText coverage={report.coverage} />
      </Tile>
      <ImmutabilityTile figure={report.immutability} />
      <RecoveryTile recovery={recovery} />
    </div>
  );
}

function ImmutabilityTile({ figure }: { readonly figure: HealthReport["immutability"] }): React.ReactElement {
  const { protection, safe, asked } = figure;
  return (
    <Tile title="Immutable until">
      <ProtectionText protection={protection} />
      {asked > 0 && (
        <div className="secondary-text hub-plain">
          {`${safe.toLocaleString()} of ${counted(asked, "checked snapshot")}, `}
          <Age instant={protection.seenAt ?? ""} />
        </div>
      )}
    </Tile>
  );
}

function RecoveryTile({ recovery }: { readonly recovery: HealthReport["recovery"] }): React.ReactElement {
  const { go } = useHub();
  return (
    <Tile title="Recommended recovery point">
      {recovery === undefined ? (
        "None"
      ) : (
        <Link onClick={() => go({ snapshot: recovery.snapshot.id })}>{localTime(recovery.snapshot.at)}</Link>
      )}
      {recovery?.before !== undefined && (
        <div className="secondary-text hub-plain">{`before something alarming on ${localTime(recovery.before.at)}`}</div>
      )}
    </Tile>
  );
}

const listed = 100;

function StaleStreams({ report }: { readonly report: HealthReport }): React.ReactElement | null {
  const { staleStreams } = report;
  if (staleStreams === undefined || staleStreams.length === 0) return null;
  return (
    <section aria-label="Not read lately" className="flex-column rhythm-vertical-8">
      <h2 className="hub-heading">Not read lately</h2>
      <Card className="bolt-table-card" contentProps={{ contentPadding: false }}>
        <ul className="hub-rows">
          {staleStreams.slice(0, listed).map(({ stream, name, status, ageHours, code }) => (
            <li key={stream}>
              <StateLabel mark="warning" text={name} wraps />
              <div className="secondary-text">
                {`${status}${code === "" ? "" : ` (${code})`}${ageHours === undefined ? "" : `, last read ${hoursForPeople(ageHours)} ago`}`}
              </div>
            </li>
          ))}
        </ul>
      </Card>
    </section>
  );
}
