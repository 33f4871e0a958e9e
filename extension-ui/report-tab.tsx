/** The tab of a run's results that shows what our tasks have reported about it. */
import "azure-devops-ui/Core/override.css";
import "./hub.css";
import * as React from "react";
import * as ReactDOM from "react-dom";
import { ReportPage } from "./pages/runs/report-page.tsx";
import { connectHost, hostServices, showFailed, showLoaded, watchBuild } from "./services/host.ts";

async function showReport(): Promise<void> {
  await connectHost();
  const services = await hostServices();
  const root = document.getElementById("root");
  watchBuild((run) => {
    ReactDOM.render(<ReportPage run={run} services={services} onShown={showLoaded} />, root);
  });
}

showReport().catch(showFailed);
