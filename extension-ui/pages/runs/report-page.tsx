import { Page } from "azure-devops-ui/Page";
import * as React from "react";
import { ErrorCard } from "../../components/error-card.tsx";
import { Loading } from "../../components/loading.tsx";
import { useLoaded } from "../../components/use-loaded.ts";
import type { ProjectServices } from "../../model/project-services.ts";
import { Report } from "./report.tsx";
import { readRunReport } from "./run-report.ts";

export interface ReportPageProps {
  readonly run: number;
  readonly services: ProjectServices;
  /** Called once there is something to see. */
  readonly onShown: () => void;
}

/** What our tasks have reported about one run. */
export function ReportPage({ run, services, onShown }: ReportPageProps): React.ReactElement {
  const report = useLoaded(() => readRunReport(run, services), [run, services]);
  React.useEffect(() => {
    onShown();
  }, []);
  return (
    <Page className="flex-grow">
      <div className="page-content page-content-top rhythm-vertical-16">
        {report.error !== undefined && <ErrorCard error={report.error} retry={report.reload} />}
        {report.value === undefined && report.error === undefined && <Loading label="Reading the report" />}
        {report.value !== undefined && <Report report={report.value} />}
      </div>
    </Page>
  );
}
