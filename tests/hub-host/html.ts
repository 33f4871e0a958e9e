/** The host page's markup: header, menu and frame as people know them from Azure DevOps. */
import type { HostFacts } from "./page/facts.ts";

const areas = [
  ["Overview", "#0078d4"],
  ["Boards", "#009ccc"],
  ["Repos", "#e05a24"],
  ["Pipelines", "#2560e0"],
  ["Test Plans", "#854f9f"],
  ["Artifacts", "#cb2e6d"],
] as const;
const pipelinePages = ["Pipelines", "Environments", "Library"];

export function hostHtml(facts: HostFacts, title: string): string {
  const { organization, project, user } = facts;
  const trail = [project.name, "Pipelines", facts.buildId === undefined ? title : `Run ${facts.buildId}`, title];
  const parts = facts.buildId === undefined ? trail.slice(0, 3) : trail;
  return `<!doctype html>
<html lang="en" class="${facts.theme}">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width" />
    <title>${text(title)} - ${text(project.name)}</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="/_host/host.css" />
  </head>
  <body>
    <div id="host" class="host">
      <header>
        <svg class="product" viewBox="0 0 24 24" aria-hidden="true"><path fill="#0078d4" d="M3 7l9-5 9 5v10l-9 5-9-5z"/><path fill="#ffffff" d="M8 10l4-2 4 2v4l-4 2-4-2z"/></svg>
        <span>${text(organization.name)}</span>
        ${parts.map((part, index) => `<span class="part${index === parts.length - 1 ? " last" : ""}">${text(part)}</span>`).join("\n        ")}
        <span class="space"></span>
        <button id="theme" type="button">Theme</button>
        <span class="person" title="${text(user.displayName)}">${text(initialsOf(user.displayName))}</span>
      </header>
      <nav aria-label="Project">
        <div class="project"><span class="tile">${text(initialsOf(project.name))}</span>${text(project.name)}</div>
        <ul>
          ${areas.map(([name, color]) => areaItem(name, color, title)).join("\n          ")}
        </ul>
      </nav>
      <main>
        <div id="banners"></div>
        <iframe id="extension" title="${text(title)}"></iframe>
        <div id="spinner">Loading…</div>
        <div id="messages"></div>
      </main>
    </div>
    <div id="dialogs"></div>
    <script id="facts" type="application/json">${JSON.stringify(facts).replaceAll("<", "\\u003c")}</script>
    <script type="module" src="/_host/host.js"></script>
  </body>
</html>
`;
}

function areaItem(name: string, ...[color, title]: readonly [string, string]): string {
  const icon = `<svg viewBox="0 0 20 20" aria-hidden="true"><rect x="2" y="2" width="16" height="16" rx="3" fill="${color}"/><path d="M6 10h8M10 6v8" stroke="#ffffff" stroke-width="2"/></svg>`;
  if (name !== "Pipelines") return `<li>${icon}${name}</li>`;
  const pages = pipelinePages.map((page) => `<li>${page}</li>`).join("");
  return `<li>${icon}${name}</li><li><ul>${pages}<li aria-current="page">${text(title)}</li></ul></li>`;
}

function initialsOf(name: string): string {
  return name
    .split(" ")
    .map((word) => word.slice(0, 1).toUpperCase())
    .slice(0, 2)
    .join("");
}

function text(value: string): string {
  return value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
