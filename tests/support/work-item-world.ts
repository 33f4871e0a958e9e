/** A project whose work items change at random, by everything people can do to them; the same seed does the same. */
import { randomOf, type Random } from "../bench/random.ts";
import type { ProjectRecord } from "../simulator/project/project-store.ts";
import { SimError } from "../simulator/service.ts";
import { Wit } from "../simulator/boards/builder.ts";
import { latestOf } from "../simulator/boards/comments.ts";
import type { Comment, WorkItem } from "../simulator/boards/model.ts";
import type { TestSimulator } from "./simulator.ts";

const types = ["Bug", "Task", "User Story", "Feature", "Epic", "Test Case"] as const;
const linkNames = [
  "Related",
  "Child",
  "Parent",
  "Predecessor",
  "Successor",
  "Tested By",
  "Duplicate",
  "Affects",
] as const;
const areas = ["Web", "Web\\Checkout", "Backend", "Old area"];
const hostile = [
  "##vso[task.setvariable variable=x]y",
  "Ünïcödé 🙂 \u202eright to left\u202c",
  "tabs\tand \u0007 bells",
  "a".repeat(255),
  `quotes "double" 'single' <b>tags</b> &amp; &lt;entities&gt;`,
  "looks like <someone@example.com>",
];

export class WorkItemWorld {
  readonly wit: Wit;
  readonly project: ProjectRecord;
  readonly other: ProjectRecord;
  readonly destroyed = new Set<number>();
  readonly log: string[] = [];
  readonly #azure: TestSimulator;
  readonly #random: Random;
  #count = 0;

  constructor(azure: TestSimulator, seed: string) {
    this.#azure = azure;
    this.#random = randomOf(seed);
    this.wit = new Wit(azure.state);
    this.project = azure.state.addProject(`Shop ${seed}`);
    this.other = azure.state.addProject(`Elsewhere ${seed}`);
    for (const area of areas) this.wit.area(this.project, area);
    this.wit.iteration(this.project, "Sprint 1", { start: "2026-01-05T00:00:00Z", finish: "2026-01-16T00:00:00Z" });
  }

  /** Does so many things; what the service refuses counts, too. */
  change(times: number): void {
    for (let done = 0; done < times; done += 1) {
      const step = this.#random.of(this.#steps);
      try {
        this.log.push(step.call(this));
      } catch (error) {
        if (!(error instanceof SimError)) throw error;
        this.log.push(`refused: ${error.message}`);
      }
    }
  }

  /** Whether the items are linked so, seen from `from`. */
  hasLink(rel: string, end: number, from: number): boolean {
    const links = this.wit.tracking.items.get(from)?.links ?? [];
    return links.some(({ source, target, type, removedAt }) => {
      const [other, name] = source.id === from ? [target, type.forward] : [source, type.reverse];
      return removedAt === undefined && other.id === end && other.deleted === undefined && name === rel;
    });
  }

  get items(): readonly WorkItem[] {
    return [...this.wit.tracking.items.values()];
  }

  readonly #steps = [
    this.#create,
    this.#create,
    this.#edit,
    this.#edit,
    this.#edit,
    this.#write,
    this.#write,
    this.#link,
    this.#link,
    this.#link,
    this.#unlink,
    this.#relate,
    this.#attach,
    this.#detach,
    this.#comment,
    this.#comment,
    this.#editComment,
    this.#deleteComment,
    this.#remove,
    this.#restore,
    this.#destroy,
    this.#move,
    this.#moveBack,
    this.#retype,
  ];

  #live(): readonly WorkItem[] {
    return this.items.filter(
      (item) => item.deleted === undefined && this.wit.tracking.projectOf(item) === this.project,
    );
  }

  #one(): WorkItem {
    const live = this.#live();
    return live.length === 0 ? this.wit.create(this.project) : this.#random.of(live);
  }

  #by(): { by: TestSimulator["state"]["identities"][number] } {
    return { by: this.#random.of(this.#azure.state.identities) };
  }

  #create(): string {
    const type = this.#random.of(types);
    const title = this.#random.next() < 0.3 ? this.#random.of(hostile) : `${type} number ${++this.#count}`;
    const isMarkdown = this.#random.next() < 0.3;
    const text = isMarkdown
      ? { markdown: ["System.Description"], fields: { "System.Description": this.#markdown() } }
      : {};
    const item = this.wit.create(this.project, { type, title, ...text, ...this.#by() });
    if (this.#random.next() < 0.4) this.wit.edit(item, { "System.AreaPath": this.#random.of(areas) });
    return `create ${item.id} ${type}`;
  }

  #edit(): string {
    const item = this.#one();
    const [name, value] = this.#random.of([
      ["System.Title", `Renamed ${++this.#count}`],
      ["System.Title", this.#random.of(hostile)],
      ["System.State", this.#random.of(["New", "Active", "Closed", "Resolved"])],
      ["System.Tags", this.#random.of(["", "red; blue", "Blue; green; a tag", "red"])],
      ["System.AreaPath", this.#random.of(areas)],
      ["System.IterationPath", "Sprint 1"],
      ["Microsoft.VSTS.Common.Priority", 1 + this.#random.below(4)],
      ["Microsoft.VSTS.Scheduling.StoryPoints", this.#random.of([0, 0.5, 13, ""])],
      ["Microsoft.VSTS.Scheduling.StartDate", this.#random.of(["2026-02-03T04:05:06.789Z", ""])],
      ["Custom.Blocked", this.#random.of([true, false, ""])],
      ["System.AssignedTo", this.#random.of([...this.#azure.state.identities.map(({ uniqueName }) => uniqueName), ""])],
    ] as const);
    this.wit.edit(item, { [name]: value }, this.#by());
    return `edit ${item.id} ${name}`;
  }

  /** A long text with what long texts have: mentions, addresses, images in several forms, entities. */
  #write(): string {
    const item = this.#one();
    const isMarkdown = item.markdown.has("System.Description");
    const text = `${isMarkdown ? this.#markdown() : this.#html()}\n${"x".repeat(this.#random.below(2000))}`;
    this.wit.edit(item, { "System.Description": text }, this.#by());
    return `write ${item.id}`;
  }

  #html(): string {
    const other = this.#one();
    const url = this.#azure.organizationUrl;
    const shop = encodeURIComponent(this.project.name);
    const mention = `<a href="${url}/${shop}/_workitems/edit/${other.id}" data-vss-mention="version:1.0">#${other.id}</a>`;
    return this.#random.of([
      `<div>See ${mention} &amp; number #${other.id}, &lt;not a tag&gt;</div>`,
      `<p>Shown: <img src="${this.#image()}"></p>`,
      `<p>Old: <img src="${this.#image().replace(/^.*attachments\/([0-9a-f-]+)\?fileName=(.*)$/, `${url}/WorkItemTracking/v1.0/AttachFileHandler.ashx?FileNameGuid=$1&amp;FileName=$2`)}"></p>`,
      `<div>Plain &nbsp; text ${++this.#count}</div>`,
    ]);
  }

  #markdown(): string {
    const other = this.#one();
    return this.#random.of([
      `See #${other.id}\n\n\`#${other.id}\` is code`,
      `![shown](${this.#image()})`,
      `# Heading ${++this.#count}`,
    ]);
  }

  #image(): string {
    const image = this.wit.upload("screen shot.png", `picture ${++this.#count}`);
    return `${this.#azure.organizationUrl}/${this.project.id}/_apis/wit/attachments/${image.id}?fileName=screen%20shot.png`;
  }

  #link(): string {
    const [one, other] = [this.#one(), this.#one()];
    const name = this.#random.of(linkNames);
    const comment = this.#random.next() < 0.3 ? { comment: `because ${++this.#count}` } : {};
    this.wit.link(one, name, { to: other, ...comment });
    return `link ${one.id} ${name} ${other.id}`;
  }

  #unlink(): string {
    const item = this.#one();
    const link = item.links.find(
      ({ removedAt, source, target }) => removedAt === undefined && !source.deleted && !target.deleted,
    );
    if (link === undefined) return "nothing to unlink";
    const other = link.source === item ? link.target : link.source;
    this.wit.unlink(item, link.source === item ? link.type.forward : link.type.reverse, other);
    return `unlink ${item.id} ${link.type.name} ${other.id}`;
  }

  /** Hyperlinks and artefacts. */
  #relate(): string {
    const item = this.#one();
    const sha = this.#random
      .below(2 ** 30)
      .toString(16)
      .padStart(40, "0");
    const repository = this.#azure.state.repositories.list(this.project.id)[0]?.id ?? "";
    if (this.#random.next() < 0.5)
      this.wit.hyperlink(item, `https://example.com/${++this.#count}?a=1&b=2`, { comment: "seen" });
    else
      this.wit.artifact(item, {
        name: "Fixed in Commit",
        url: `vstfs:///Git/Commit/${this.project.id}%2F${repository}%2F${sha}`,
      });
    return `relate ${item.id}`;
  }

  #attach(): string {
    const item = this.#one();
    const name = this.#random.of(["notes.txt", "notes.txt", "trace #1 (final)%.log", "空.bin"]);
    const content = this.#random.of(["", "same content", `content ${this.#random.below(9)}`, "x".repeat(70_000)]);
    this.wit.attach(item, { name, content, ...(this.#random.next() < 0.3 ? { comment: "a file" } : {}) });
    return `attach ${item.id} ${name}`;
  }

  #detach(): string {
    const item = this.#one();
    const one = item.resources.find(({ toRev }) => toRev === undefined);
    if (one === undefined) return "nothing to detach";
    this.wit.detach(item, one.name ?? one.url);
    return `detach ${item.id} ${one.name ?? one.url}`;
  }

  #comment(): string {
    const item = this.#one();
    const format = this.#random.of(["html", "html", "markdown"] as const);
    const text = format === "html" ? this.#html() : this.#markdown();
    const comment = this.wit.comment(item, text, { format, ...this.#by() });
    if (this.#random.next() < 0.3) this.wit.react(comment, "like");
    return `comment ${item.id}`;
  }

  #someComment(): Comment | undefined {
    const all = this.#live().flatMap(({ comments }) => comments.filter((comment) => !latestOf(comment).isDeleted));
    return all.length === 0 ? undefined : this.#random.of(all);
  }

  #editComment(): string {
    const comment = this.#someComment();
    if (comment === undefined) return "no comment to edit";
    this.wit.editComment(comment, `${latestOf(comment).text} edited ${++this.#count}`, this.#by());
    // Only that would be found by the weekly comparison alone.
    this.wit.edit(comment.item, { "System.Title": `Title ${++this.#count}` });
    return `edit comment ${comment.id} of ${comment.item.id}`;
  }

  #deleteComment(): string {
    const comment = this.#someComment();
    if (comment === undefined) return "no comment to delete";
    this.wit.deleteComment(comment, this.#by());
    return `delete comment ${comment.id} of ${comment.item.id}`;
  }

  #remove(): string {
    const item = this.#one();
    this.wit.remove(item, this.#by());
    return `remove ${item.id}`;
  }

  #restore(): string {
    const deleted = this.items.filter((item) => item.deleted !== undefined);
    if (deleted.length === 0) return "nothing to restore";
    const item = this.#random.of(deleted);
    this.wit.restore(item);
    return `restore ${item.id}`;
  }

  #destroy(): string {
    const item = this.#random.of([this.#one(), ...this.items.filter(({ deleted }) => deleted !== undefined)]);
    if (this.#random.next() < 0.5) return "spared";
    this.wit.destroy(item);
    this.destroyed.add(item.id);
    return `destroy ${item.id}`;
  }

  #move(): string {
    const item = this.#one();
    this.wit.moveTo(item, this.other);
    return `move ${item.id}`;
  }

  #moveBack(): string {
    const moved = this.items.filter((item) => !item.deleted && this.wit.tracking.projectOf(item) === this.other);
    if (moved.length === 0) return "nothing to move back";
    const item = this.#random.of(moved);
    this.wit.moveTo(item, this.project);
    return `move back ${item.id}`;
  }

  #retype(): string {
    const item = this.#one();
    const type = this.#random.of(types);
    this.wit.edit(item, { "System.WorkItemType": type });
    return `retype ${item.id} ${type}`;
  }
}
