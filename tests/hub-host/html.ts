/** The host page's markup: header, menu and frame as people know them from Azure DevOps. */
import type { HostFacts } from "./page/facts.ts";

/** Name, colour and a drawing of our own. */
const areas = [
  ["Overview", "#0078d4", "M5 4h7l3 3v9H5zM8 10h4M8 13h4"],
  ["Boards", "#009ccc", "M4 5h12v10H4zM8 5v10M12 5v10"],
  ["Repos", "#e05a24", "M7 4v12M7 12c0-3 6-2 6-6M13 4v2"],
  ["Pipelines", "#2560e0", "M4 10h4l2-4 2 8 2-4h2"],
  ["Test Plans", "#854f9f", "M8 4h4M9 4v5l-4 7h10l-4-7V4"],
  ["Artifacts", "#cb2e6d", "M4 7l6-3 6 3v7l-6 3-6-3zM4 7l6 3 6-3M10 10v7"],
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
          ${areas.map((area) => areaItem(area, facts.buildId === undefined ? title : undefined)).join("\n          ")}
        </ul>
      </nav>
      <main>
        <div id="banners"></div>
        ${facts.buildId === undefined ? "" : `<div class="tabs"><span>Summary</span><span class="chosen">${text(title)}</span></div>`}
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

function areaItem([name, color, path]: (typeof areas)[number], title: string | undefined): string {
  const drawing = `<path d="${path}" fill="none" stroke="#ffffff" stroke-width="1.5"/>`;
  const icon = `<svg viewBox="0 0 20 20" aria-hidden="true"><rect width="20" height="20" rx="3" fill="${color}"/>${drawing}</svg>`;
  if (name !== "Pipelines") return `<li>${icon}${name}</li>`;
  const current = title ?? "Pipelines";
  const pages = [...pipelinePages, ...(title === undefined ? [] : [title])];
  const items = pages.map((page) => `<li${page === current ? ' aria-current="page"' : ""}>${text(page)}</li>`);
  return `<li>${icon}${name}</li><li class="pages"><ul>${items.join("")}</ul></li>`;
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
