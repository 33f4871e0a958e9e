/** The organisation's fields. */
export type FieldType =
  "string" | "integer" | "dateTime" | "plainText" | "html" | "treePath" | "history" | "double" | "boolean" | "identity";

export interface FieldDefinition {
  readonly referenceName: string;
  readonly name: string;
  readonly type: FieldType;
  /** Never written by a client. */
  readonly readOnly: boolean;
}

const TABLE = `
System.Id|ID|integer|ro
System.AreaId|Area ID|integer|ro
System.AreaPath|Area Path|treePath
System.TeamProject|Team Project|string
System.NodeName|Node Name|string|ro
System.AreaLevel1|Area Level 1|string|ro
System.AreaLevel2|Area Level 2|string|ro
System.AreaLevel3|Area Level 3|string|ro
System.AreaLevel4|Area Level 4|string|ro
System.AreaLevel5|Area Level 5|string|ro
System.AreaLevel6|Area Level 6|string|ro
System.AreaLevel7|Area Level 7|string|ro
System.Rev|Rev|integer|ro
System.AuthorizedDate|Authorized Date|dateTime|ro
System.RevisedDate|Revised Date|dateTime|ro
System.IterationId|Iteration ID|integer|ro
System.IterationPath|Iteration Path|treePath
System.IterationLevel1|Iteration Level 1|string|ro
System.IterationLevel2|Iteration Level 2|string|ro
System.IterationLevel3|Iteration Level 3|string|ro
System.IterationLevel4|Iteration Level 4|string|ro
System.IterationLevel5|Iteration Level 5|string|ro
System.IterationLevel6|Iteration Level 6|string|ro
System.IterationLevel7|Iteration Level 7|string|ro
System.WorkItemType|Work Item Type|string
System.State|State|string
System.Reason|Reason|string
System.AssignedTo|Assigned To|identity
System.CreatedDate|Created Date|dateTime
System.CreatedBy|Created By|identity
System.ChangedDate|Changed Date|dateTime
System.ChangedBy|Changed By|identity
System.AuthorizedAs|Authorized As|identity|ro
System.PersonId|Person ID|integer|ro
System.Watermark|Watermark|integer|ro
System.CommentCount|Comment Count|integer|ro
System.RelatedLinkCount|Related Link Count|integer|ro
System.ExternalLinkCount|External Link Count|integer|ro
System.HyperLinkCount|Hyperlink Count|integer|ro
System.AttachedFileCount|Attached File Count|integer|ro
System.RemoteLinkCount|Remote Link Count|integer|ro
System.IsDeleted|Is Deleted|boolean|ro
System.Parent|Parent|integer|ro
System.Title|Title|string
System.Description|Description|html
System.History|History|history
System.Tags|Tags|plainText
System.BoardColumn|Board Column|string|ro
System.BoardColumnDone|Board Column Done|boolean|ro
System.BoardLane|Board Lane|string|ro
Microsoft.VSTS.Common.StateChangeDate|State Change Date|dateTime
Microsoft.VSTS.Common.ActivatedDate|Activated Date|dateTime
Microsoft.VSTS.Common.ActivatedBy|Activated By|identity
Microsoft.VSTS.Common.ResolvedDate|Resolved Date|dateTime
Microsoft.VSTS.Common.ResolvedBy|Resolved By|identity
Microsoft.VSTS.Common.ResolvedReason|Resolved Reason|string
Microsoft.VSTS.Common.ClosedDate|Closed Date|dateTime
Microsoft.VSTS.Common.ClosedBy|Closed By|identity
Microsoft.VSTS.Common.Priority|Priority|integer
Microsoft.VSTS.Common.Severity|Severity|string
Microsoft.VSTS.Common.StackRank|Stack Rank|double
Microsoft.VSTS.Common.BacklogPriority|Backlog Priority|double
Microsoft.VSTS.Common.ValueArea|Value Area|string
Microsoft.VSTS.Common.Risk|Risk|string
Microsoft.VSTS.Common.Activity|Activity|string
Microsoft.VSTS.Common.BusinessValue|Business Value|integer
Microsoft.VSTS.Common.TimeCriticality|Time Criticality|double
Microsoft.VSTS.Common.AcceptanceCriteria|Acceptance Criteria|html
Microsoft.VSTS.Common.Resolution|Resolution|html
Microsoft.VSTS.Scheduling.StoryPoints|Story Points|double
Microsoft.VSTS.Scheduling.Effort|Effort|double
Microsoft.VSTS.Scheduling.OriginalEstimate|Original Estimate|double
Microsoft.VSTS.Scheduling.RemainingWork|Remaining Work|double
Microsoft.VSTS.Scheduling.CompletedWork|Completed Work|double
Microsoft.VSTS.Scheduling.StartDate|Start Date|dateTime
Microsoft.VSTS.Scheduling.FinishDate|Finish Date|dateTime
Microsoft.VSTS.Scheduling.TargetDate|Target Date|dateTime
Microsoft.VSTS.Scheduling.DueDate|Due Date|dateTime
Microsoft.VSTS.TCM.ReproSteps|Repro Steps|html
Microsoft.VSTS.TCM.SystemInfo|System Info|html
Microsoft.VSTS.TCM.Steps|Steps|html
Microsoft.VSTS.TCM.LocalDataSource|Local Data Source|html
Microsoft.VSTS.TCM.Parameters|Parameters|html
Microsoft.VSTS.TCM.AutomationStatus|Automation status|string
Microsoft.VSTS.TCM.TestSuiteType|Test Suite Type|string
Microsoft.VSTS.TCM.TestSuiteTypeId|Test Suite Type Id|integer
Microsoft.VSTS.Build.FoundIn|Found In|string
Microsoft.VSTS.Build.IntegrationBuild|Integration Build|string
Custom.CustomerImpact|Customer Impact|string
Custom.ReleaseNote|Release Note|html
Custom.Blocked|Blocked|boolean
`;

export const FIELDS: readonly FieldDefinition[] = TABLE.trim()
  .split("\n")
  .map((line) => {
    const [referenceName = "", name = "", type = "string", mark] = line.split("|");
    return { referenceName, name, type: type as FieldType, readOnly: mark === "ro" };
  });

const BY_REFERENCE = new Map(FIELDS.map((field) => [field.referenceName.toLowerCase(), field]));
const BY_NAME = new Map(FIELDS.map((field) => [field.name.toLowerCase(), field]));
const BOARD_FIELD = /^WEF_[0-9A-F]{32}_Kanban\.(Column|Column\.Done|Lane)$/i;

/** By reference name or display name, letter case aside; `WEF_…` board fields exist without a list. */
export function fieldOf(name: string): FieldDefinition | undefined {
  const known = BY_REFERENCE.get(name.toLowerCase()) ?? BY_NAME.get(name.toLowerCase());
  if (known) return known;
  const board = BOARD_FIELD.exec(name);
  if (!board?.[1]) return undefined;
  const type = board[1].toLowerCase() === "column.done" ? "boolean" : "string";
  return { referenceName: name, name, type, readOnly: false };
}

export function isLongText(field: FieldDefinition): boolean {
  return field.type === "html" || field.type === "history";
}

/** Fields that stand in an answer only when all fields are asked for. */
export const HIDDEN_BY_DEFAULT: ReadonlySet<string> = new Set([
  "System.Id",
  "System.AreaId",
  "System.NodeName",
  "System.Rev",
  "System.AuthorizedDate",
  "System.RevisedDate",
  "System.IterationId",
  "System.AuthorizedAs",
  "System.PersonId",
  "System.Watermark",
  ...[1, 2, 3, 4, 5, 6, 7].flatMap((level) => [`System.AreaLevel${level}`, `System.IterationLevel${level}`]),
]);
