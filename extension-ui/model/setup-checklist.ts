/** From nothing to the first backup: every step with what to do, where, and how it is known to be done. */
import type { ProjectFacts } from "./project-services.ts";

export interface ChecklistLink {
  readonly text: string;
  readonly url: string;
}

export interface ChecklistStep {
  readonly id: string;
  readonly title: string;
  /** What to do, in the order in which to do it. */
  readonly how: readonly string[];
  readonly links: readonly ChecklistLink[];
  /** `page`: this page can see it. `person`: only the person knows, and ticks it. */
  readonly knownBy: "page" | "person";
  readonly isDone: boolean;
}

export interface ChecklistFacts {
  readonly project: ProjectFacts;
  /** Ids of steps that the person has ticked. */
  readonly ticked: readonly string[];
  readonly hasKeys: boolean;
  readonly hasUnsavedKeys: boolean;
  readonly reach: "serviceConnection" | "containerUrl";
  readonly serviceConnection: string;
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly identity: string;
  readonly groups: readonly [backup: string, restore: string];
  /** How many of the three pipelines are chosen. */
  readonly pipelines: number;
  readonly isSaved: boolean;
  readonly hasSnapshot: boolean;
  readonly canRead: boolean;
}

export function checklistOf(facts: ChecklistFacts): readonly ChecklistStep[] {
  const links = pagesOf(facts.project);
  const steps = [
    keysStep(facts),
    ...azureSteps(facts, links),
    ...pipelineSteps(facts, links),
    ...runSteps(facts, links),
  ];
  return steps.map(({ done, ...step }) => ({
    ...step,
    knownBy: done === undefined ? "person" : "page",
    isDone: done ?? facts.ticked.includes(step.id),
  }));
}

/** Pages of Azure DevOps that Set up sends people to. */
export function pagesOf({ organizationUrl, name }: Pick<ProjectFacts, "organizationUrl" | "name">) {
  const page = (path: string): string => `${organizationUrl}/${encodeURIComponent(name)}/${path}`;
  return {
    connections: { text: "Service connections", url: page("_settings/adminservices") },
    library: { text: "Library", url: page("_library?itemType=VariableGroups") },
    files: { text: "Repos", url: page("_git") },
    newPipeline: { text: "New pipeline", url: page("_apps/hub/ms.vss-build-web.ci-designer-hub") },
    pipelines: { text: "Pipelines", url: page("_build") },
    settings: { text: "Pipeline settings", url: page("_settings/settings") },
  } as const;
}

type Pages = ReturnType<typeof pagesOf>;

interface Step {
  readonly id: string;
  readonly title: string;
  readonly how: readonly string[];
  readonly links: readonly ChecklistLink[];
  /** Undefined: the person says so. */
  readonly done: boolean | undefined;
}

function keysStep({ hasKeys, hasUnsavedKeys }: ChecklistFacts): Step {
  return {
    id: "keys",
    title: "Make the keys and save them",
    how: [
      "Press Make the keys in part 1, then Save all keys as one file.",
      "Put the file into a password safe. Give the second recovery key to a second person.",
    ],
    links: [],
    done: hasKeys && !hasUnsavedKeys,
  };
}

function azureSteps(facts: ChecklistFacts, links: Pages): readonly Step[] {
  const { reach, serviceConnection, subscription, resourceGroup, identity } = facts;
  const shell = { text: "Azure Cloud Shell", url: "https://shell.azure.com" };
  const script: Step = {
    id: "storage",
    title: "Make the storage",
    how: [
      "Fill in part 2: the subscription and a name for the storage account. The rest has suggestions.",
      "Copy the script and run it in Azure Cloud Shell, as an owner of the subscription. Nothing else is needed in Azure.",
    ],
    links: [shell],
    done: undefined,
  };
  if (reach === "containerUrl") return [script];
  const connection: Step = {
    id: "connection",
    title: "Make the service connection",
    how: [
      "New service connection → Azure Resource Manager. Identity type: Managed identity.",
      `Managed identity: subscription ${subscription || "as in part 2"}, resource group ${resourceGroup}, identity ${identity}, which the script has made.`,
      `Scope: the same subscription and resource group. Service connection name: ${serviceConnection}.`,
      "Leave Grant access permission to all pipelines off: each pipeline is permitted at its first run.",
      "Where Managed identity is not offered, choose App registration or managed identity (manual), and add the issuer and subject that it shows as a federated credential of the identity.",
    ],
    links: [links.connections],
    done: undefined,
  };
  return [script, connection];
}

function pipelineSteps({ groups, pipelines, isSaved }: ChecklistFacts, links: Pages): readonly Step[] {
  const [backup, restore] = groups;
  return [
    {
      id: "secrets",
      title: "Store the secrets",
      how: [
        `New variable group ${backup}, and another one ${restore}. Part 3 lists each secret variable with its group; the values stand in the file of keys.`,
        "Close the lock beside each value, then save. On the restore group add an approval: Approvals and checks.",
      ],
      links: [links.library],
      done: undefined,
    },
    {
      id: "files",
      title: "Put the three files into a repository",
      how: [
        "Any Git repository of this project does: New file, paste the YAML of part 3 under the path that stands above it, commit. Three times.",
      ],
      links: [links.files],
      done: undefined,
    },
    {
      id: "pipelines",
      title: "Make the three pipelines",
      how: [
        "Azure Repos Git → the repository → Existing Azure Pipelines YAML file → the path. Then Save (the arrow beside Run). Three times.",
        "Come back: this page finds them by the path of their file.",
      ],
      links: [links.newPipeline],
      done: pipelines === 3,
    },
    {
      id: "settings",
      title: "Save the settings",
      how: ["Press Save the settings in part 4. Everybody in the project then sees the backups here."],
      links: [],
      done: isSaved && pipelines === 3,
    },
  ];
}

function runSteps({ hasSnapshot, canRead }: ChecklistFacts, links: Pages): readonly Step[] {
  return [
    {
      id: "access",
      title: "Let the backup see all repositories",
      how: [
        "Under Pipelines → Settings, Protect access to repositories in YAML pipelines and Limit job authorization scope to current project hide repositories from the job's token: the run then says which, and is partial.",
        "Turn the first off for this project, or let backups sign in with a personal access token (part 3).",
      ],
      links: [links.settings],
      done: undefined,
    },
    {
      id: "run",
      title: "Run the first backup",
      how: [
        "Back up now, at the top of this page. The first run waits and asks for permission: open it, press View, then Permit, for the service connection and the variable group.",
        "Permit the verify and restore pipelines the same way when they run first.",
      ],
      links: [links.pipelines],
      done: hasSnapshot,
    },
    {
      id: "browse",
      title: "Read the backups here",
      how: [
        "Storage access, at the top of this page, shows the command that makes a SAS with the rights read and list. Enter it, then the viewer key.",
      ],
      links: [],
      done: canRead,
    },
  ];
}
