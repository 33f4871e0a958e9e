/**
 * The backlog of a small web shop's team: epics down to tasks and bugs with all that a work item can carry. The same
 * content each time; written over the last weeks before now.
 */
import type { SimIdentity, SimProject } from "../service.ts";
import { Wit } from "./builder.ts";
import type { NewWorkItem } from "./builder.ts";
import type { WitHost } from "./host.ts";
import type { WorkItem } from "./model.ts";
import { samplePng } from "./sample-image.ts";

const HOUR_MS = 60 * 60 * 1000;
const START_HOURS_AGO = 40 * 24;

/** Sample items by what they are for. */
export interface SampleWorkItems {
  readonly epic: WorkItem;
  readonly feature: WorkItem;
  readonly story: WorkItem;
  readonly bug: WorkItem;
  readonly task: WorkItem;
  /** Its title is a logging command. */
  readonly hostile: WorkItem;
  /** In the recycle bin. */
  readonly deleted: WorkItem;
  readonly all: readonly WorkItem[];
}

class Team {
  readonly wit: Wit;
  readonly project: SimProject;
  readonly all: WorkItem[] = [];
  readonly #host: WitHost;
  #hours = 0;

  constructor(host: WitHost, project: SimProject) {
    this.wit = new Wit(host);
    this.project = project;
    this.#host = host;
  }

  person(index: number): SimIdentity {
    const person = this.#host.identities[index % this.#host.identities.length];
    if (!person) throw new Error("the organisation has no people");
    return person;
  }

  /** A few working hours after the last time. */
  next(): string {
    this.#hours += 3;
    const start = this.#host.now().getTime() - START_HOURS_AGO * HOUR_MS;
    return new Date(start + this.#hours * HOUR_MS + 137).toISOString();
  }

  add(type: string, title: string, what: Omit<NewWorkItem, "type" | "title"> & { who?: number } = {}): WorkItem {
    const { who = 0, ...rest } = what;
    const item = this.wit.create(this.project, { type, title, by: this.person(who), at: this.next(), ...rest });
    this.all.push(item);
    return item;
  }

  edit(item: WorkItem, fields: NewWorkItem["fields"] & object, who = 0): void {
    this.wit.edit(item, fields, { by: this.person(who), at: this.next() });
  }

  imageUrl(id: string, name: string, host: "current" | "old"): string {
    const { name: organization } = this.#host.organization;
    const base =
      host === "current" ? `https://dev.azure.com/${organization}` : `https://${organization}.visualstudio.com`;
    return `${base}/${this.project.id}/_apis/wit/attachments/${id}?fileName=${encodeURIComponent(name)}`;
  }
}

/** Fills a project; its process must be Agile or inherit from it. */
export function addSampleWorkItems(host: WitHost, where: SimProject): SampleWorkItems {
  const team = new Team(host, where);
  plan(team);
  const epic = team.add("Epic", "Customers can pay the way they like", {
    fields: {
      "System.Description": "<div>Half of the abandoned baskets end at the payment step.</div>",
      "Microsoft.VSTS.Common.BusinessValue": 80,
      "System.Tags": "payments; 2026",
    },
  });
  const feature = team.add("Feature", "Pay by invoice", {
    parent: epic,
    who: 1,
    fields: { "System.AreaPath": "Payments" },
  });
  const story = addStory(team, feature);
  const task = addTasks(team, story);
  const bug = addBug(team, story);
  addCatalogue(team);
  const hostile = team.add("Bug", "##vso[task.setvariable variable=x]pwned", {
    who: 2,
    fields: {
      "Microsoft.VSTS.TCM.ReproSteps": "<p>##vso[task.complete result=Succeeded;]done</p><script>alert(1)</script>",
    },
  });
  const deleted = addDeleted(team, feature);
  return { epic, feature, story, bug, task, hostile, deleted, all: team.all };
}

function plan({ wit, project }: Team): void {
  for (const path of ["Payments", "Catalogue\\Search", "Catalogue\\Photos", "Shipping"]) wit.area(project, path);
  wit.iteration(project, "Release 1\\Sprint 1", { start: "2026-03-02T00:00:00Z", finish: "2026-03-13T00:00:00Z" });
  wit.iteration(project, "Release 1\\Sprint 2", { start: "2026-03-16T00:00:00Z", finish: "2026-03-27T00:00:00Z" });
}

function addStory(team: Team, feature: WorkItem): WorkItem {
  const { wit } = team;
  const sketch = wit.upload("invoice sketch.png", samplePng(24, 16));
  const flow = wit.upload("flow.png", samplePng(12, 12));
  const story = team.add("User Story", "As a business customer I can pay within 30 days", {
    parent: feature,
    who: 1,
    fields: {
      "System.AreaPath": "Payments",
      "System.IterationPath": "Release 1\\Sprint 1",
      "System.Description": `<div>The basket offers <b>invoice</b> when the account is older than a year.<br><img src="${team.imageUrl(sketch.id, "invoice sketch.png", "current")}" alt="sketch"></div>`,
      "Microsoft.VSTS.Common.AcceptanceCriteria": `* the limit is checked\n* the address is checked\n\n![flow](${team.imageUrl(flow.id, "flow.png", "old")})`,
      "Microsoft.VSTS.Scheduling.StoryPoints": 5,
      "System.Tags": "payments; invoice; needs-design",
    },
    markdown: ["Microsoft.VSTS.Common.AcceptanceCriteria"],
  });
  team.edit(story, { "System.AssignedTo": team.person(2).uniqueName, "System.State": "Active" }, 1);
  wit.attach(story, {
    name: "Rückfragen & Antworten.txt",
    content: "Grüße aus München — 請求書 ✓\n",
    comment: "from the workshop",
    by: team.person(2),
    at: team.next(),
  });
  wit.hyperlink(story, "https://shop.example/wiki/invoice", {
    comment: "legal notes",
    by: team.person(1),
    at: team.next(),
  });
  const mention = `<div><a href="#" data-vss-mention="version:2.0,${team.person(1).id}">@${team.person(1).displayName}</a> see #${feature.id}, is the limit per order?</div>`;
  const question = wit.comment(story, mention, { by: team.person(2), at: team.next() });
  const answer = wit.comment(story, `Per **customer**, @<${team.person(2).id}>.`, {
    by: team.person(1),
    at: team.next(),
    format: "markdown",
  });
  wit.react(question, "like", team.person(1));
  wit.react(answer, "heart", team.person(2));
  wit.react(answer, "like", team.person(0));
  team.edit(story, { "System.Tags": "payments; invoice", "Microsoft.VSTS.Scheduling.StoryPoints": 8 }, 2);
  return story;
}

function addTasks(team: Team, story: WorkItem): WorkItem {
  const { wit } = team;
  const names = [
    "Check the credit limit",
    "Show the due date on the invoice",
    "Remind 5 days after the due date",
    "Translate the invoice (de, fr, 日本語)",
  ];
  const tasks = names.map((title, index) =>
    team.add("Task", title, {
      parent: story,
      who: index,
      fields: {
        "System.AreaPath": "Payments",
        "System.IterationPath": "Release 1\\Sprint 1",
        "Microsoft.VSTS.Scheduling.OriginalEstimate": 4 + index,
        "Microsoft.VSTS.Scheduling.RemainingWork": 4 + index,
        "Microsoft.VSTS.Common.Activity": "Development",
      },
    }),
  );
  const [first, second, third] = tasks;
  if (!first || !second || !third) throw new Error("no tasks");
  wit.link(first, "Successor", { to: second, comment: "the limit decides the due date" });
  wit.link(second, "Successor", third);
  team.edit(first, { "System.State": "Active", "System.AssignedTo": team.person(2).uniqueName }, 2);
  team.edit(first, { "Microsoft.VSTS.Scheduling.RemainingWork": 1, "Microsoft.VSTS.Scheduling.CompletedWork": 3 }, 2);
  team.edit(first, { "System.State": "Closed", "Microsoft.VSTS.Scheduling.RemainingWork": 0 }, 2);
  return first;
}

function addBug(team: Team, story: WorkItem): WorkItem {
  const { wit } = team;
  const bug = team.add("Bug", "Rounding: 3 × 0,33 € gives 1,00 € on the invoice", {
    who: 3,
    fields: {
      "System.AreaPath": "Payments",
      "Microsoft.VSTS.TCM.ReproSteps": "<ol><li>Put three pens into the basket</li><li>Choose invoice</li></ol>",
      "Microsoft.VSTS.TCM.SystemInfo": "<div>Firefox, Windows</div>",
      "Microsoft.VSTS.Common.Severity": "2 - High",
      "Microsoft.VSTS.Common.Priority": 1,
      "System.Tags": "invoice; regression",
    },
  });
  const test = team.add("Test Case", "Invoice totals are exact", {
    who: 3,
    fields: {
      "Microsoft.VSTS.TCM.Steps":
        '<steps id="0" last="2"><step id="2" type="ActionStep"><parameterizedString>Order three pens</parameterizedString></step></steps>',
    },
  });
  wit.link(story, "Tested By", test);
  wit.link(bug, "Related", { to: story, comment: "found while testing" });
  const screen = wit.attach(bug, {
    name: "screen.png",
    content: samplePng(40, 30),
    by: team.person(3),
    at: team.next(),
  });
  wit.attach(bug, {
    name: "invoice.json",
    content: JSON.stringify({ total: "1.00", expected: "0.99" }),
    by: team.person(3),
    at: team.next(),
  });
  const text = `<div>Here it is: <img src="${team.imageUrl(screen.id, "screen.png", "current")}"></div>`;
  const comment = wit.comment(bug, text, { by: team.person(3), at: team.next() });
  wit.editComment(comment, `${text}<div>Also with five pens.</div>`, { by: team.person(3) });
  const double = team.add("Bug", "Invoice total wrong by a cent", {
    who: 1,
    fields: { "System.AreaPath": "Payments" },
  });
  wit.link(double, "Duplicate Of", bug);
  return bug;
}

function addCatalogue(team: Team): void {
  const epic = team.add("Epic", "Find things faster", { who: 0 });
  const search = team.add("Feature", "Search that forgives typing errors", {
    parent: epic,
    fields: { "System.AreaPath": "Catalogue\\Search" },
  });
  const photos = team.add("Feature", "Photos that load on a phone", {
    parent: epic,
    fields: { "System.AreaPath": "Catalogue\\Photos" },
  });
  const stories = [
    [search, "As a visitor I find “jäcket” when I type jacket"],
    [search, "As a visitor I see what others searched for"],
    [photos, "As a visitor on a train I see small photos first"],
    [photos, "As a photographer I upload 20 photos at once 📷"],
  ] as const;
  stories.forEach(([parent, title], index) => {
    const story = team.add("User Story", title, {
      parent,
      who: index,
      fields: {
        "System.IterationPath": index % 2 === 0 ? "Release 1\\Sprint 1" : "Release 1\\Sprint 2",
        "Microsoft.VSTS.Scheduling.StoryPoints": 1 + index,
        "System.Description": `<div>${title}.</div>`,
        "System.Tags": index % 2 === 0 ? "search" : "mobile",
      },
    });
    for (const part of ["Design", "Build"]) {
      const task = team.add("Task", `${part}: ${title}`.slice(0, 80), { parent: story, who: index + 1 });
      if (index === 0) team.edit(task, { "System.State": "Active" }, index + 1);
    }
  });
}

function addDeleted(team: Team, feature: WorkItem): WorkItem {
  const { wit } = team;
  const item = team.add("User Story", "As a customer I pay by cheque", { parent: feature, who: 1 });
  wit.comment(item, "<div>Nobody asks for this any more.</div>", { by: team.person(0), at: team.next() });
  wit.attach(item, { name: "cheque.txt", content: "Pay to the order of …\n", by: team.person(1), at: team.next() });
  wit.remove(item, { by: team.person(1) });
  return item;
}
