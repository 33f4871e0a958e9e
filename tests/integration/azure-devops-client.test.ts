/** The client's area functions against the simulated service, and the traffic checked against what is published. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createNode, readTree, updateNode } from "../../engine/azure-devops/project/classification.ts";
import { connectAzureDevOps, type AzureDevOpsConnection } from "../../engine/azure-devops/connection.ts";
import {
  createProject,
  getProject,
  listProjects,
  listTeams,
  projectProperties,
  undeleteProject,
  updateProject,
} from "../../engine/azure-devops/project/projects.ts";
import {
  createRepository,
  getRepository,
  listDeletedRepositories,
  listRepositories,
  refsWithLocks,
  undeleteRepository,
  updateRepository,
} from "../../engine/azure-devops/repos/git-repositories.ts";
import { readIdentities } from "../../engine/azure-devops/project/identities.ts";
import { readConnection } from "../../engine/azure-devops/organization.ts";
import { jobToken, personalAccessToken } from "../../engine/azure-devops/sign-in.ts";
import { artifactLinkTypes, fields, tags, workItemTypes } from "../../engine/azure-devops/boards/work-item-settings.ts";
import {
  addComment,
  commentReactions,
  comments,
  commentVersions,
  createWorkItem,
  downloadAttachment,
  getDeleted,
  getWorkItem,
  queryByWiql,
  recycleBinIds,
  reportingLinks,
  reportingRevisions,
  restoreDeleted,
  revisions,
  updates,
  updateWorkItem,
  uploadAttachment,
  workItemIds,
  workItemsBatch,
} from "../../engine/azure-devops/boards/work-items.ts";
import { chunksOf, readAll, utf8 } from "../../engine/foundation/bytes.ts";
import { systemClock } from "../../engine/foundation/clock.ts";
import { collect } from "../../engine/foundation/concurrency.ts";
import type { JsonObject } from "../../engine/foundation/json.ts";
import { silentReporter } from "../../engine/foundation/reporter.ts";
import type { SimProject } from "../simulator/service.ts";
import { Wit } from "../simulator/boards/builder.ts";
import { simulator, type TestSimulator } from "../support/simulator.ts";
import { checkTraffic } from "../support/traffic-check.ts";

let folder: string;
let azure: TestSimulator;
let ado: AzureDevOpsConnection;
let shop: SimProject;
let wit: Wit;

async function connect(token = azure.token, service = azure): Promise<AzureDevOpsConnection> {
  return connectAzureDevOps({
    organizationUrl: service.organizationUrl,
    signIn: personalAccessToken(token),
    clock: { ...systemClock, sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 40), signal) },
    random: Math.random,
    reporter: silentReporter,
  });
}

const trafficFile = (): string => join(folder, "traffic.ndjson");

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "client-"));
  azure = await simulator({ trafficFile: trafficFile() });
  shop = azure.state.addProject("Shop Größe");
  wit = new Wit(azure.state);
  ado = await connect();
});

afterEach(() => azure.faults.clear());

afterAll(async () => {
  ado.close();
  await azure.stop();
  await rm(folder, { recursive: true, force: true });
});

const failing = (code: string): Error => expect.objectContaining({ code }) as Error;
const fieldsOf = (item: JsonObject | null | undefined): JsonObject => item?.fields as JsonObject;

describe("organisation and projects", () => {
  it("knows who is asking and which organisation it is", async () => {
    const { collectionId, user } = await readConnection(ado);

    expect(collectionId).toBe(azure.state.organization.id);
    expect(ado.organization).toEqual({ id: collectionId, url: azure.organizationUrl });
    expect(user.displayName).toBe(azure.state.owner.displayName);
  });

  it("finds identities by id and by name", async () => {
    const [byId] = await readIdentities(ado, { ids: [azure.state.owner.id] });
    const byName = await readIdentities(ado, { search: azure.state.owner.displayName, filter: "DisplayName" });

    expect(byId?.displayName).toBe(azure.state.owner.displayName);
    expect(byName.map((identity) => identity.id)).toContain(azure.state.owner.id);
  });

  it("creates a project, waits until it can be used, changes it and lists it", async () => {
    const created = await createProject(ado, {
      name: "New shop",
      description: "made by a test",
      visibility: "private",
      sourceControlType: "Git",
    });
    await updateProject(ado, created.id, { description: "changed" });
    const read = await getProject(ado, "New shop");

    expect(created.state).toBe("wellFormed");
    expect(read.id).toBe(created.id);
    expect(read.raw.description).toBe("changed");
    expect(read.sourceControlType).toBe("Git");
    expect((await collect(listProjects(ado))).map((project) => project.name)).toContain("New shop");
    expect((await collect(listTeams(ado, created.id))).map((team) => team.name)).toEqual(["New shop Team"]);
    expect(await projectProperties(ado, created.id)).not.toHaveLength(0);
  });

  it("says why a project could not be made", async () => {
    azure.state.nextCreationFailure = "TF400711: the process is broken";
    const project = { description: "", visibility: "private", sourceControlType: "Git" } as const;

    await expect(createProject(ado, { ...project, name: "Broken" })).rejects.toThrow("TF400711");
    await expect(createProject(ado, { ...project, name: shop.name })).rejects.toThrow(/ADO|TF2|already/);
  });

  it("brings a deleted project back", async () => {
    const gone = azure.state.addProject("Gone");
    azure.state.projectStore.delete(gone);
    await expect(getProject(ado, "Gone")).rejects.toThrow(failing("ADO_NOT_FOUND"));

    expect((await collect(listProjects(ado, { state: "deleted" }))).map(({ id }) => id)).toContain(gone.id);
    expect((await undeleteProject(ado, gone.id)).name).toBe("Gone");
  });
});

describe("repositories", () => {
  it("are created, renamed, disabled, deleted and undeleted with the same id", async () => {
    const created = await createRepository(ado, shop.id, "Web shop");
    await expect(createRepository(ado, shop.id, "Web shop")).rejects.toThrow(failing("ADO_CONFLICT"));
    await updateRepository(ado, { project: shop.id, id: created.id }, { name: "Shop ä" });
    await updateRepository(ado, { project: shop.id, id: created.id }, { isDisabled: true });
    const listed = await listRepositories(ado, shop.id);

    expect(listed.find(({ id }) => id === created.id)).toMatchObject({ name: "Shop ä", isDisabled: true });

    const record = azure.state.repositories.find(created.id);
    azure.state.repositories.delete(record!);
    expect((await listDeletedRepositories(ado, shop.id)).map(({ id }) => id)).toEqual([created.id]);
    await undeleteRepository(ado, shop.id, created.id);
    expect((await getRepository(ado, shop.id, created.id)).name).toBe("Shop ä");
  });

  it("have refs, none while empty", async () => {
    const { id } = await createRepository(ado, shop.id, "Empty");

    expect(await collect(refsWithLocks(ado, { project: shop.id, repositoryId: id, filter: "heads/" }))).toEqual([]);
  });

  it("that are hidden look like missing ones", async () => {
    const { id } = await createRepository(ado, shop.id, "Secret");
    const stranger = await connect(azure.state.signIn.issue({ hides: [id] }));

    await expect(getRepository(stranger, shop.id, id)).rejects.toThrow(failing("ADO_NOT_FOUND"));
    expect((await listRepositories(stranger, shop.id)).some((repository) => repository.id === id)).toBe(false);
    stranger.close();
  });
});

describe("areas and iterations", () => {
  it("are created parents first, found when they are there, changed, and read as paths", async () => {
    const web = { group: "iterations", parent: [], node: { name: "Release 1.2 ä" } } as const;
    const dates = { startDate: "2026-01-05T00:00:00Z", finishDate: "2026-01-16T00:00:00Z" };

    const first = await createNode(ado, shop.id, web);
    const again = await createNode(ado, shop.id, web);
    await createNode(ado, shop.id, { group: "iterations", parent: ["Release 1.2 ä"], node: { name: "Sprint 1" } });
    await updateNode(ado, shop.id, {
      group: "iterations",
      path: ["Release 1.2 ä", "Sprint 1"],
      node: { attributes: dates },
    });
    const tree = await readTree(ado, shop.id, "iterations");
    const sprint = tree.find(({ name }) => name === "Sprint 1");

    expect([first.created, again.created]).toEqual([true, false]);
    expect(again.identifier).toBe(first.identifier);
    expect(tree[0]?.path).toBe(shop.name);
    expect(sprint?.path).toBe(`${shop.name}\\Release 1.2 ä\\Sprint 1`);
    expect(sprint?.raw).toMatchObject({ attributes: dates });
    expect(sprint?.raw).not.toHaveProperty("children");
  });
});

describe("work items", () => {
  it("are written and read with their history, comments and links", async () => {
    const rules = { bypassRules: true, suppressNotifications: true };
    const title = { op: "add", path: "/fields/System.Title", value: "Checkout fails" } as const;
    const created = await createWorkItem(ado, { project: shop.id, type: "Bug", ...rules }, [title]);
    const id = created.id as number;
    const next = { op: "add", path: "/fields/System.Title", value: "Checkout fails for guests" } as const;
    const changed = await updateWorkItem(ado, { id }, [{ op: "test", path: "/rev", value: 1 }, next]);
    const stale = updateWorkItem(ado, { id }, [{ op: "test", path: "/rev", value: 1 }, next]);
    await expect(stale).rejects.toThrow(failing("ADO_CONFLICT"));
    await addComment(ado, shop.id, { workItemId: id, text: "<p>Seen</p>" });
    await addComment(ado, shop.id, { workItemId: id, text: "**Seen**", format: "markdown" });

    expect(changed.rev).toBe(2);
    expect(fieldsOf(await getWorkItem(ado, id))["System.Title"]).toBe("Checkout fails for guests");
    expect((await collect(revisions(ado, shop.id, id))).map((revision) => revision.rev)).toEqual([1, 2, 3, 4]);
    expect(await collect(updates(ado, shop.id, id))).toHaveLength(4);
    expect((await collect(comments(ado, shop.id, id))).map((comment) => comment.format)).toEqual(["html", "markdown"]);
  });

  it("keep versions and reactions of comments", async () => {
    const item = wit.create(shop);
    const comment = wit.comment(item, "first");
    wit.editComment(comment, "second");
    wit.react(comment, "like");
    const [read] = await collect(comments(ado, shop.id, item.id));
    const place = { workItemId: item.id, commentId: read!.id as number };

    expect(read).toMatchObject({ text: "second", version: 2 });
    expect((await commentVersions(ado, shop.id, place)).map((version) => version.text)).toEqual(
      expect.arrayContaining(["first", "second"]),
    );
    expect(await commentReactions(ado, shop.id, place)).toMatchObject([{ type: "like", count: 1 }]);
  });

  it("come in batches, deleted and unknown ones as null, and out of the recycle bin", async () => {
    const kept = wit.create(shop, { title: "kept" });
    const removed = wit.create(shop, { title: "removed" });
    wit.remove(removed);
    const found = await workItemsBatch(ado, [removed.id, kept.id, 99_999]);

    expect([...found].map(([id, item]) => [id, item === null])).toEqual([
      [removed.id, true],
      [kept.id, false],
      [99_999, true],
    ]);
    expect(await recycleBinIds(ado, shop.id)).toContain(removed.id);
    expect(await getDeleted(ado, shop.id, removed.id)).toMatchObject({ id: removed.id, name: "removed" });
    await expect(getDeleted(ado, shop.id, kept.id)).rejects.toThrow(failing("ADO_NOT_FOUND"));
    await restoreDeleted(ado, shop.id, removed.id);
    expect((await workItemsBatch(ado, [removed.id])).get(removed.id)).not.toBeNull();
  });

  it("are found by feeds that go on where they stopped, and by a census", async () => {
    const other = azure.state.addProject("Feeds");
    const items = Array.from({ length: 5 }, (_, index) => wit.create(other, { title: `item ${index}` }));
    wit.link(items[0]!, "Related", items[1]!);
    const last = async (pages: AsyncIterable<{ values: readonly JsonObject[]; token: string }>) => {
      const all = await collect(pages);
      return { ids: all.flatMap(({ values }) => values.map((value) => value.id)), token: all.at(-1)!.token, all };
    };

    const first = await last(reportingRevisions(ado, other.id, {}));
    const links = await last(reportingLinks(ado, other.id, {}));
    wit.edit(items[2]!, { "System.Title": "changed" });
    wit.unlink(items[0]!, "Related", items[1]!);
    const second = await last(reportingRevisions(ado, other.id, { token: first.token }));
    const changedLinks = await last(reportingLinks(ado, other.id, { token: links.token }));
    const nothing = await last(reportingRevisions(ado, other.id, { token: second.token }));

    expect(new Set(first.ids)).toEqual(new Set(items.map(({ id }) => id)));
    expect(links.all.flatMap(({ values }) => values)).not.toHaveLength(0);
    expect(new Set(second.ids)).toContain(items[2]!.id);
    expect(second.ids).not.toContain(items[3]!.id);
    expect(changedLinks.all.flatMap(({ values }) => values)).toContainEqual(
      expect.objectContaining({ isActive: false }),
    );
    expect(nothing.ids).toEqual([]);
    expect(await collect(workItemIds(ado, other.id))).toEqual(items.map(({ id }) => id));
    const wiql = "SELECT [System.Id] FROM WorkItems WHERE [System.Title] = 'changed'";
    expect(await queryByWiql(ado, other.id, { wiql })).toEqual([items[2]!.id]);
  });

  it("have attachments that are sent whole or in pieces and come back byte for byte", async () => {
    const content = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7919) % 256);
    const name = "Ansicht – 50%.png";
    const whole = await uploadAttachment(ado, shop.id, { name, length: content.length, chunks: chunksOf(content) });
    const pieces = await uploadAttachment(ado, shop.id, {
      name,
      length: content.length,
      chunks: chunksOf(content.subarray(0, 11), content.subarray(11, 200_001), content.subarray(200_001)),
      singleRequestBytes: 1000,
      pieceBytes: 65_536,
    });
    const relation = { rel: "AttachedFile", url: pieces.url, attributes: { name } };
    await updateWorkItem(ado, { id: wit.create(shop).id }, [{ op: "add", path: "/relations/-", value: relation }]);

    for (const { id } of [whole, pieces]) {
      const { length, chunks } = await downloadAttachment(ado, shop.id, { id, name });
      expect(Buffer.from(await readAll(chunks, 1_000_000)).equals(content)).toBe(true);
      expect(length ?? content.length).toBe(content.length);
    }
    const short = { name, length: 9, chunks: chunksOf(utf8("short")) };
    await expect(uploadAttachment(ado, shop.id, short)).rejects.toThrow("9 bytes");
  });

  it("stand on types, fields, tags and kinds of links", async () => {
    wit.create(shop, { fields: { "System.Tags": "urgent" } });

    expect((await workItemTypes(ado, shop.id)).map((type) => type.name)).toContain("Bug");
    expect((await fields(ado)).map((field) => field.referenceName)).toContain("System.Title");
    expect((await tags(ado, shop.id)).map((tag) => tag.name)).toContain("urgent");
    expect(await artifactLinkTypes(ado)).not.toHaveLength(0);
  });
});

describe("trouble of the service", () => {
  it("is got over: resets, cut bodies, 503 and throttling lose nothing", async () => {
    const project = azure.state.addProject("Trouble");
    const items = Array.from({ length: 30 }, () => wit.create(project));
    const when = (): boolean => true;
    azure.faults.add({ kind: "resetBefore", when, times: 2, skip: 1 });
    azure.faults.add({ kind: "status", status: 503, retryAfterSeconds: 1, when, times: 2, skip: 5 });
    azure.faults.add({ kind: "truncatedBody", when, times: 2, skip: 9 });
    azure.faults.add({ kind: "cutBody", when, times: 2, skip: 13 });

    const read = await Promise.all(items.map(({ id }) => getWorkItem(ado, id)));

    expect(read.map((item) => item.id)).toEqual(items.map(({ id }) => id));
    expect(azure.faults.struck).toBeGreaterThanOrEqual(8);
  });

  it("of being throttled only costs time, and is told once", async () => {
    await using busy = await simulator({
      throttle: { limit: 40, windowMs: 600, maxDelayMs: 20, retryAfterSeconds: 0.2 },
    });
    const { id } = busy.state.addProject("Busy");
    const lines: string[] = [];
    const patient = await connectAzureDevOps({
      organizationUrl: busy.organizationUrl,
      signIn: personalAccessToken(busy.token),
      clock: systemClock,
      random: Math.random,
      reporter: { ...silentReporter, info: (line) => void lines.push(line) },
    });

    const read = await Promise.all(Array.from({ length: 120 }, () => getProject(patient, id)));

    expect(new Set(read.map((project) => project.id))).toEqual(new Set([id]));
    expect(lines.filter((line) => line.startsWith("Slowed down by Azure DevOps"))).toHaveLength(1);
    patient.close();
  });

  it.each(["401", "203", "302"] as const)("is named when a token ends in the middle of a run (%s)", async (refusal) => {
    azure.state.signIn.refusal = refusal;
    const expiring = await connect(azure.state.signIn.issue({ requests: 3 }));
    const reading = (async () => {
      for (let times = 0; times < 5; times += 1) await listRepositories(expiring, shop.id);
    })();

    await expect(reading).rejects.toThrow(failing("ADO_UNAUTHORIZED"));
    azure.state.signIn.refusal = "401";
    expiring.close();
  });

  it("is told from a token that may not do something", async () => {
    const reader = await connect(azure.state.signIn.issue({ scopes: ["vso.project", "vso.code"] }));

    expect(await listRepositories(reader, shop.id)).not.toHaveLength(0);
    await expect(createRepository(reader, shop.id, "Refused")).rejects.toThrow(
      expect.objectContaining({ code: expect.stringMatching(/ADO_FORBIDDEN|ADO_UNAUTHORIZED/) as string }) as Error,
    );
    reader.close();
  });

  it("a bearer token is taken as such", async () => {
    const token = azure.state.signIn.issue({ kind: "bearer" });
    const job = await connectAzureDevOps({
      organizationUrl: azure.organizationUrl,
      signIn: jobToken(token),
      clock: systemClock,
      random: Math.random,
      reporter: silentReporter,
    });

    expect((await getProject(job, shop.id)).name).toBe(shop.name);
    job.close();
  });

  it("a version that was switched off is found out, replaced and reported", async () => {
    // Apart from the others: the published descriptions know no service that refuses 7.1.
    await using changed = await simulator({ trafficFile: null });
    const { id } = changed.state.addProject("Shop");
    changed.state.retiredVersions.set("git", ["7.1"]);
    const drifting = await connect(changed.token, changed);

    expect(await listRepositories(drifting, id)).not.toHaveLength(0);
    expect(drifting.drift).toHaveLength(1);
    drifting.close();
  });
});

describe("the traffic of all this", () => {
  it("is what Microsoft's descriptions allow", async () => {
    const { errors } = await checkTraffic(trafficFile());

    expect(errors).toEqual([]);
  });
});
