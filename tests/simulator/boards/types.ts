/** Work item types and states of the Agile, Scrum and Basic processes. */
export interface State {
  readonly name: string;
  readonly color: string;
  readonly category: "Proposed" | "InProgress" | "Resolved" | "Completed" | "Removed";
}

export interface WorkItemType {
  readonly name: string;
  readonly referenceName: string;
  readonly color: string;
  readonly icon: string;
  readonly states: readonly State[];
  readonly fields: readonly string[];
  /** What the rules fill in when the client gives nothing. */
  readonly defaults: Readonly<Record<string, string | number>>;
  readonly firstReason: string;
  /** Shown on a board, whose columns follow the states. */
  readonly board: string | undefined;
  readonly category: string;
}

interface Draft {
  readonly name: string;
  readonly color: string;
  readonly icon: string;
  readonly states: string;
  readonly fields?: string;
  readonly defaults?: Readonly<Record<string, string | number>>;
  readonly reference?: string;
  readonly firstReason?: string;
  readonly board?: string;
  readonly category: string;
}

const COMMON = "Microsoft.VSTS.Common.";
const SCHEDULING = "Microsoft.VSTS.Scheduling.";
const TESTING = "Microsoft.VSTS.TCM.";
const SHORT: Readonly<Record<string, string>> = { c: COMMON, s: SCHEDULING, t: TESTING };

const EVERYWHERE = [
  "System.Id System.AreaId System.AreaPath System.TeamProject System.NodeName System.Rev System.AuthorizedDate",
  "System.RevisedDate System.IterationId System.IterationPath System.WorkItemType System.State System.Reason",
  "System.AssignedTo System.CreatedDate System.CreatedBy System.ChangedDate System.ChangedBy System.AuthorizedAs",
  "System.PersonId System.Watermark System.CommentCount System.RelatedLinkCount System.ExternalLinkCount",
  "System.HyperLinkCount System.AttachedFileCount System.RemoteLinkCount System.Parent System.Title",
  "System.Description System.History System.Tags System.BoardColumn System.BoardColumnDone System.BoardLane",
  `${COMMON}StateChangeDate ${COMMON}Priority Custom.CustomerImpact Custom.ReleaseNote Custom.Blocked`,
].flatMap((line) => line.split(" "));

const WORKFLOW =
  "c.ActivatedDate c.ActivatedBy c.ResolvedDate c.ResolvedBy c.ResolvedReason c.ClosedDate c.ClosedBy c.StackRank c.ValueArea";
const PORTFOLIO = `${WORKFLOW} c.Risk c.BusinessValue c.TimeCriticality c.AcceptanceCriteria s.Effort s.StartDate s.TargetDate`;
const STORY = `${WORKFLOW} c.Risk c.AcceptanceCriteria s.StoryPoints s.Effort s.StartDate s.FinishDate c.BacklogPriority`;
const WORK = `${WORKFLOW} c.Activity s.OriginalEstimate s.RemainingWork s.CompletedWork s.StartDate s.FinishDate`;
const DEFECT = `${WORK} c.Severity c.Resolution c.AcceptanceCriteria s.StoryPoints s.Effort t.ReproSteps t.SystemInfo`;
const TEST = `${WORKFLOW} t.Steps t.LocalDataSource t.Parameters t.AutomationStatus t.TestSuiteType t.TestSuiteTypeId`;

const STATE_LOOKS: Readonly<Record<string, readonly [State["category"], string]>> = {
  p: ["Proposed", "b2b2b2"],
  i: ["InProgress", "007acc"],
  r: ["Resolved", "ff9d00"],
  c: ["Completed", "339933"],
  x: ["Removed", "ffffff"],
};

function statesOf(text: string): State[] {
  return text.split(" | ").map((part) => {
    const [category, color] = STATE_LOOKS[part.slice(0, 1)] ?? ["Proposed", "b2b2b2"];
    return { name: part.slice(2), category, color };
  });
}

function fieldsOf(text: string): string[] {
  return text.split(" ").map((name) => name.replace(/^(\w)\./, (_, short: string) => SHORT[short] ?? `${short}.`));
}

function typeOf(draft: Draft): WorkItemType {
  const { name, color, icon, firstReason = "New", board, category } = draft;
  return {
    name,
    color,
    icon,
    board,
    category,
    firstReason,
    referenceName: draft.reference ?? `Microsoft.VSTS.WorkItemTypes.${name.replaceAll(" ", "")}`,
    states: statesOf(draft.states),
    fields: [...new Set([...EVERYWHERE, ...fieldsOf(draft.fields ?? WORKFLOW)])],
    defaults: { [`${COMMON}Priority`]: 2, ...draft.defaults },
  };
}

const BUSINESS = { [`${COMMON}ValueArea`]: "Business" };
const BUG_DEFAULTS = { ...BUSINESS, [`${COMMON}Severity`]: "3 - Medium" };
const AGILE_STATES = "p:New | i:Active | i:Resolved | c:Closed | x:Removed";
const SCRUM_BACKLOG = "p:New | p:Approved | i:Committed | c:Done | x:Removed";
const BASIC_STATES = "p:To Do | i:Doing | c:Done";

function portfolio(states: string, firstReason: string): Draft[] {
  const shared = { states, fields: PORTFOLIO, defaults: BUSINESS, firstReason };
  return [
    { ...shared, name: "Epic", color: "FF7B00", icon: "icon_crown", board: "Epics", category: "EpicCategory" },
    {
      ...shared,
      name: "Feature",
      color: "773B93",
      icon: "icon_trophy",
      board: "Features",
      category: "FeatureCategory",
    },
  ];
}

const TESTS: readonly Draft[] = [
  {
    name: "Test Case",
    color: "004B50",
    icon: "icon_test_case",
    states: "p:Design | i:Ready | c:Closed",
    fields: TEST,
    defaults: { [`${TESTING}AutomationStatus`]: "Not Automated" },
    category: "TestCaseCategory",
  },
  {
    name: "Test Plan",
    color: "004B50",
    icon: "icon_test_plan",
    states: "i:Active | c:Inactive",
    fields: TEST,
    category: "TestPlanCategory",
  },
  {
    name: "Test Suite",
    color: "004B50",
    icon: "icon_test_suite",
    states: "i:In Planning | i:In Progress | c:Completed",
    fields: TEST,
    category: "TestSuiteCategory",
  },
  {
    name: "Shared Steps",
    reference: "Microsoft.VSTS.WorkItemTypes.SharedStep",
    color: "004B50",
    icon: "icon_test_step",
    states: "i:Active | c:Closed",
    fields: TEST,
    category: "SharedStepCategory",
  },
  {
    name: "Shared Parameter",
    color: "004B50",
    icon: "icon_test_parameter",
    states: "i:Active | c:Inactive",
    fields: TEST,
    category: "SharedParameterCategory",
  },
];

const AGILE: readonly Draft[] = [
  ...portfolio(AGILE_STATES, "New"),
  {
    name: "User Story",
    color: "009CCC",
    icon: "icon_book",
    states: AGILE_STATES,
    fields: STORY,
    defaults: BUSINESS,
    board: "Stories",
    category: "RequirementCategory",
  },
  {
    name: "Bug",
    color: "CC293D",
    icon: "icon_insect",
    states: "p:New | i:Active | r:Resolved | c:Closed",
    fields: DEFECT,
    defaults: BUG_DEFAULTS,
    board: "Stories",
    category: "BugCategory",
  },
  {
    name: "Task",
    color: "F2CB1D",
    icon: "icon_clipboard",
    states: "p:New | i:Active | c:Closed | x:Removed",
    fields: WORK,
    category: "TaskCategory",
  },
  {
    name: "Issue",
    color: "B4009E",
    icon: "icon_traffic_cone",
    states: "i:Active | c:Closed",
    category: "IssueCategory",
  },
];

const SCRUM: readonly Draft[] = [
  ...portfolio("p:New | i:In Progress | c:Done | x:Removed", "New feature"),
  {
    name: "Product Backlog Item",
    color: "009CCC",
    icon: "icon_list",
    states: SCRUM_BACKLOG,
    fields: STORY,
    defaults: BUSINESS,
    firstReason: "New backlog item",
    board: "Backlog items",
    category: "RequirementCategory",
  },
  {
    name: "Bug",
    color: "CC293D",
    icon: "icon_insect",
    states: SCRUM_BACKLOG,
    fields: DEFECT,
    defaults: BUG_DEFAULTS,
    firstReason: "New defect reported",
    board: "Backlog items",
    category: "BugCategory",
  },
  {
    name: "Task",
    color: "F2CB1D",
    icon: "icon_clipboard",
    states: "p:To Do | i:In Progress | c:Done | x:Removed",
    fields: WORK,
    firstReason: "New task",
    category: "TaskCategory",
  },
  {
    name: "Impediment",
    color: "B4009E",
    icon: "icon_traffic_cone",
    states: "i:Open | c:Closed",
    category: "IssueCategory",
  },
];

const BASIC: readonly Draft[] = [
  { ...portfolio(BASIC_STATES, "Added to backlog")[0], fields: PORTFOLIO } as Draft,
  {
    name: "Issue",
    color: "009CCC",
    icon: "icon_book",
    states: BASIC_STATES,
    fields: STORY,
    firstReason: "Added to backlog",
    board: "Issues",
    category: "RequirementCategory",
  },
  {
    name: "Task",
    color: "F2CB1D",
    icon: "icon_clipboard",
    states: BASIC_STATES,
    fields: WORK,
    firstReason: "Added to backlog",
    category: "TaskCategory",
  },
];

const PROCESSES: Readonly<Record<string, readonly WorkItemType[]>> = {
  agile: [...AGILE, ...TESTS].map(typeOf),
  scrum: [...SCRUM, ...TESTS].map(typeOf),
  basic: [...BASIC, ...TESTS].map(typeOf),
};

/** An inherited process has the types of the Agile process. */
export function typesOf(process: string): readonly WorkItemType[] {
  return PROCESSES[process.toLowerCase()] ?? PROCESSES.agile ?? [];
}

/** Values that the rules allow; fields that are not here take any. */
export const ALLOWED_VALUES: Readonly<Record<string, readonly (string | number)[]>> = {
  [`${COMMON}Priority`]: [1, 2, 3, 4],
  [`${COMMON}Severity`]: ["1 - Critical", "2 - High", "3 - Medium", "4 - Low"],
  [`${COMMON}ValueArea`]: ["Architectural", "Business"],
  [`${COMMON}Risk`]: ["1 - High", "2 - Medium", "3 - Low"],
  [`${COMMON}Activity`]: ["Deployment", "Design", "Development", "Documentation", "Requirements", "Testing"],
};
