/**
 * The project itself: name, description, visibility, process, properties. Restored first, because everything else
 * lives in it. One that lies in the organisation's recycle bin is taken out by people, with everything in it and its ids.
 */
import {
  createProject,
  getProject,
  listProjects,
  projectProperties,
  updateProject,
} from "../../azure-devops/project/projects.ts";
import { BackupError } from "../../foundation/errors.ts";
import { arrayAt, isObject, objectAt, stringAt, type JsonObject } from "../../foundation/json.ts";
import { backUpDocuments } from "../documents/back-up-documents.ts";
import { archiveRecords, selectedRecords, verifyRecords } from "../documents/records.ts";
import type {
  Absence,
  ApplyContext,
  BackupWork,
  ResourceKind,
  Selection,
  SourceStream,
  Step,
  StepResult,
  StreamOutcome,
  TargetProject,
} from "../kind.ts";

const kindName = "project";
const schema = 1;

export const project: ResourceKind = {
  name: kindName,
  title: "Project",
  permissions: {
    backUp: [{ scope: "vso.project", permission: "View project-level information" }],
    restore: [{ scope: "vso.project_manage", permission: "Create new projects; Edit project-level information" }],
  },
  streams: async function* () {
    yield { id: kindName, name: "Project", facts: {} };
  },
  absence: async (): Promise<Absence> => ({ status: "missing", reason: "the project was readable a moment ago" }),
  backUp: backUpTheProject,
  verify: (stream) => verifyRecords(stream, ({ value }) => objectAt(value, "project") !== undefined),
  archive: (selection, into) => archiveRecords(selection, into, () => "project.json"),
  restore: {
    after: [],
    applying: "ordered",
    references: async function* () {
      // Everything refers to the project; it refers to nothing.
    },
    plan: planProject,
    apply: applyProject,
  },
};

async function backUpTheProject(stream: SourceStream, work: BackupWork): Promise<StreamOutcome> {
  const { azureDevOps, project: ref } = work.source;
  const { raw, name } = await getProject(azureDevOps, ref.id);
  const properties = await projectProperties(azureDevOps, ref.id);
  const value: JsonObject = { project: raw, properties };
  return backUpDocuments(stream, work, {
    schema,
    documents: [
      {
        key: ref.id,
        value,
        significant: { ...settingsOf(raw), properties: properties.filter(isStable) },
        item: { name, type: "project" },
      },
    ],
  });
}

function settingsOf(raw: JsonObject): JsonObject {
  return {
    name: raw.name ?? null,
    description: raw.description ?? null,
    visibility: raw.visibility ?? null,
    capabilities: raw.capabilities ?? null,
    defaultTeam: stringAt(objectAt(raw, "defaultTeam") ?? {}, "id") ?? null,
  };
}

/** Some properties are counters and dates of the service. */
function isStable(property: JsonObject): boolean {
  const name = stringAt(property, "name") ?? "";
  return !/(?:Date|Time|Revision|Count|LastUpdate)/i.test(name);
}

async function storedProject(selection: Selection): Promise<JsonObject | undefined> {
  for await (const { value } of selectedRecords({ ...selection, keys: "all" })) return objectAt(value, "project");
  return undefined;
}

async function* planProject(selection: Selection, target: TargetProject): AsyncGenerator<Step> {
  const stored = await storedProject(selection);
  if (stored === undefined) return;
  const base = {
    kind: kindName,
    stream: selection.stream.line.s,
    key: target.source.project.id,
    name: target.project.name,
    phase: "create" as const,
    ...(target.isNew ? {} : { targetId: target.project.id }),
  };
  if (target.isNew) {
    const visibility = visibilityOf(stored);
    yield {
      ...base,
      action: "create",
      changes: [
        `new project ${target.project.name} with process ${processNameOf(stored)}`,
        ...(visibility === "public"
          ? ["visibility: public, as it was: everybody on the internet can read it"]
          : ["visibility: private"]),
      ],
      detail: { visibility },
    };
    return;
  }
  const live = await getProject(target.azureDevOps, target.project.id);
  const differing = settings.filter((name) => (stored[name] ?? "") !== (live.raw[name] ?? ""));
  const changes = differing.map((name) => `${name} becomes ${JSON.stringify(stored[name] ?? "")}`);
  if (changes.length === 0) yield { ...base, action: "skip", changes: [], reason: "exists with these settings" };
  else if (target.conflictPolicy === "overwrite" && target.isSource)
    yield { ...base, action: "update", changes, detail: { settings: differing } };
  else yield { ...base, action: "skip", changes, reason: "exists with other settings, which are left alone" };
}

/** Those that are set back; each only when the plan names it. */
const settings = ["description", "visibility"] as const;

function visibilityOf(stored: JsonObject): "private" | "public" {
  return stored.visibility === "public" ? "public" : "private";
}

function processOf(stored: JsonObject): JsonObject {
  return objectAt(objectAt(stored, "capabilities") ?? {}, "processTemplate") ?? {};
}

function processNameOf(stored: JsonObject): string {
  return stringAt(processOf(stored), "templateName") ?? "of the organisation's default";
}

async function applyProject(step: Step, { selection, target }: ApplyContext): Promise<StepResult> {
  const stored = await storedProject(selection);
  if (stored === undefined)
    throw new BackupError({
      code: "OBJECT_MISSING",
      message: "The snapshot holds no project settings",
      hint: "Create the project by hand, then restore into it.",
    });
  if (step.action === "create") {
    const existing = await existingByName(target);
    if (existing !== undefined) return { outcome: "adopted", newId: existing };
    // Nobody's project becomes public but by a plan that says so.
    const visibility = step.detail?.visibility === "public" ? visibilityOf(stored) : "private";
    return { outcome: "created", newId: await createFrom(stored, visibility, target) };
  }
  if (step.action === "update") {
    const planned = arrayAt(step.detail ?? {}, "settings") ?? [];
    const wanted = {
      description: stringAt(stored, "description") ?? "",
      visibility: stringAt(stored, "visibility") ?? "private",
    };
    const changes = settings.filter((name) => planned.includes(name)).map((name) => [name, wanted[name]] as const);
    await updateProject(target.azureDevOps, target.project.id, Object.fromEntries(changes));
    return { outcome: "updated", newId: target.project.id };
  }
  return { outcome: "skipped", newId: target.project.id };
}

async function existingByName(target: TargetProject): Promise<string | undefined> {
  for await (const candidate of listProjects(target.azureDevOps)) {
    if (candidate.name.toLowerCase() === target.project.name.toLowerCase()) return candidate.id;
  }
  return undefined;
}

async function createFrom(
  stored: JsonObject,
  visibility: "private" | "public",
  target: TargetProject,
): Promise<string> {
  const versionControl = objectAt(objectAt(stored, "capabilities") ?? {}, "versioncontrol");
  const templateTypeId = stringAt(processOf(stored), "templateTypeId");
  const created = await createProject(target.azureDevOps, {
    name: target.project.name,
    description: stringAt(stored, "description") ?? "",
    visibility,
    sourceControlType: isObject(versionControl) && versionControl.sourceControlType === "Tfvc" ? "Tfvc" : "Git",
    ...(templateTypeId === undefined ? {} : { templateTypeId }),
  });
  return created.id;
}
