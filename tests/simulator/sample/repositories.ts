/** The repositories of the sample team. Same seed, same commits. */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { lfsObjectPath } from "../git/lfs.ts";
import type { RepositoryRecord } from "../repos/repository-store.ts";
import { runGit } from "../git/run-git.ts";
import type { SimIdentity, SimProject } from "../service.ts";
import type { SimulatorState } from "../state.ts";
import { History, randomOf } from "./history.ts";
import { csharpController, productCatalogue, textFile, typescriptService } from "./sources.ts";
import type { SourceFile } from "./sources.ts";

export interface SampleRepositories {
  readonly web: RepositoryRecord;
  readonly api: RepositoryRecord;
  readonly infrastructure: RepositoryRecord;
  /** Its name has a space; holds an LFS object. */
  readonly mobile: RepositoryRecord;
  /** Without a single commit. */
  readonly empty: RepositoryRecord;
  /** Disabled: listed, but out of reach. */
  readonly disabled: RepositoryRecord;
}

interface Plan {
  readonly seed: number;
  readonly commits: number;
  readonly files: readonly SourceFile[];
  /** Every so many commits a feature branch begins, and is merged some commits later. */
  readonly featureEvery: number;
  readonly releases: number;
  /** Feature branches that are still open at the end. */
  readonly openBranches: readonly string[];
}

/** Monday, 8 January 2024, 8:00. */
const firstDay = 1_704_697_200;
const hour = 3600;

const subjects = [
  "Fix rounding of",
  "Add",
  "Simplify",
  "Speed up",
  "Log failures of",
  "Cover with tests:",
  "Rename",
  "Validate",
];

export function addSampleRepositories(state: SimulatorState, project: SimProject): SampleRepositories {
  const web = withHistory(state, project, { name: "Web", plan: webPlan });
  const api = withHistory(state, project, { name: "Api", plan: apiPlan });
  const infrastructure = withHistory(state, project, { name: "Infrastructure", plan: infrastructurePlan });
  const mobile = mobileApp(state, project);
  const empty = state.addRepository(project, { name: "Playground" });
  const disabled = withHistory(state, project, { name: "Legacy-Import", plan: legacyPlan });
  disabled.isDisabled = true;
  return { web, api, infrastructure, mobile, empty, disabled };
}

const webPlan: Plan = {
  seed: 1,
  commits: 160,
  files: [
    textFile("README.md", ["# Web", "", "The storefront of the shop.", ""]),
    productCatalogue("data/catalogue.json", 2500),
    ...[0, 1, 2, 3, 4, 5].map((n) => typescriptService("src/services", n)),
  ],
  featureEvery: 12,
  releases: 4,
  openBranches: ["feature/checkout-in-two-steps", "bugfix/umlauts-in-search"],
};

const apiPlan: Plan = {
  seed: 2,
  commits: 110,
  files: [
    textFile("README.md", ["# Api", "", "Orders, stock and prices.", ""]),
    ...[1, 2, 3, 6, 7, 8, 9].map(csharpController),
  ],
  featureEvery: 15,
  releases: 3,
  openBranches: ["feature/partial-shipments"],
};

const pipelineYaml = [
  "trigger: none",
  "schedules:",
  '  - cron: "0 2 * * *"',
  "    displayName: Nightly",
  "    branches: { include: [main] }",
  "    always: true",
  "steps:",
  "  - task: BackupProject@1",
  "    inputs:",
  "      azureSubscription: Backups",
  "      storageAccount: contosobackups",
  "      containerName: devops",
  "      agentKey: $(backup.agentKey)",
];

const infrastructurePlan: Plan = {
  seed: 3,
  commits: 45,
  files: [
    textFile("README.md", ["# Infrastructure", ""]),
    textFile("main.bicep", ["targetScope = 'resourceGroup'", "param location string = resourceGroup().location", ""]),
    { path: "pipelines/backup.yml", after: () => `${pipelineYaml.join("\n")}\n` },
  ],
  featureEvery: 20,
  releases: 1,
  openBranches: [],
};

const mobilePlan: Plan = {
  seed: 4,
  commits: 60,
  files: [textFile("README.md", ["# Mobile App", ""]), ...[0, 3, 4].map((n) => typescriptService("app", n))],
  featureEvery: 18,
  releases: 2,
  openBranches: ["feature/offline-basket"],
};

const legacyPlan: Plan = {
  seed: 5,
  commits: 20,
  files: [textFile("import.sql", ["-- import of the old shop", ""])],
  featureEvery: 50,
  releases: 0,
  openBranches: [],
};

function withHistory(
  state: SimulatorState,
  project: SimProject,
  { name, plan }: { readonly name: string; readonly plan: Plan },
): RepositoryRecord {
  const repository = state.addRepository(project, { name });
  write(state, repository, historyOf(plan, state.identities));
  return repository;
}

function write(state: SimulatorState, repository: RepositoryRecord, history: History): void {
  const folder = state.repositories.ownFolderOf(repository);
  history.writeTo(folder);
  const refs = runGit(["-C", folder, "for-each-ref", "--format=%(refname) %(objectname)"]).trimEnd().split("\n");
  const updates = refs.map((line) => {
    const [ref = "", newOid = ""] = line.split(" ");
    return { ref, oldOid: "0".repeat(40), newOid };
  });
  state.repositories.pushed(repository, updates, state.owner);
}

function oneOf<T>(all: readonly T[], random: () => number): T {
  const one = all[Math.floor(random() * all.length)];
  if (one === undefined) throw new RangeError("nothing to choose from");
  return one;
}

function historyOf(plan: Plan, people: readonly SimIdentity[]): History {
  const history = new History();
  const random = randomOf(plan.seed);
  const changes = new Map<string, number>();
  const author = (): SimIdentity => oneOf(people, random);
  let at = firstDay;
  const next = (): number => (at += hour * (1 + Math.floor(random() * 20)));
  const changed = (file: SourceFile): Record<string, string> => {
    const count = (changes.get(file.path) ?? -1) + 1;
    changes.set(file.path, count);
    return { [file.path]: file.after(count) };
  };
  const all = plan.files.map((file) => changed(file));
  history.commit({
    branch: "main",
    author: author(),
    at,
    message: "Begin\n",
    files: Object.assign({}, ...all) as Record<string, string>,
  });
  const commit = (branch: string): number => {
    const file = oneOf(plan.files, random);
    const subject = oneOf(subjects, random);
    const message = `${subject} ${file.path.replace(/^.*\//, "")}\n\nRelated work items: #${1 + Math.floor(random() * 40)}\n`;
    return history.commit({ branch, author: author(), at: next(), message, files: changed(file) });
  };
  for (let n = 1; n < plan.commits; n += 1) {
    if (n % plan.featureEvery !== 0) commit("main");
    else mergeFeature(history, { number: n / plan.featureEvery, commit, next, author });
    const release = Math.floor(plan.commits / (plan.releases + 1));
    if (plan.releases > 0 && n % release === 0)
      tagRelease(history, { version: n / release, at: next(), author: author() });
  }
  for (const branch of plan.openBranches) {
    history.branch(branch, "main");
    commit(branch);
    commit(branch);
  }
  return history;
}

interface Feature {
  readonly number: number;
  readonly commit: (branch: string) => number;
  readonly next: () => number;
  readonly author: () => SimIdentity;
}

/** A pull request: a branch with commits, merged and deleted; the service keeps its merge ref. */
function mergeFeature(history: History, { number, commit, next, author }: Feature): void {
  const branch = `users/feature-${number}`;
  history.branch(branch, "main");
  commit(branch);
  const tip = commit(branch);
  const message = `Merged PR ${number}: feature ${number}\n`;
  const merged = history.commit({ branch: "main", author: author(), at: next(), message, files: {}, merge: tip });
  history.ref(`refs/pull/${number}/merge`, merged);
  history.deleteBranch(branch);
}

function tagRelease(
  history: History,
  { version, at, author }: { readonly version: number; readonly at: number; readonly author: SimIdentity },
): void {
  const tip = history.tipOf("main");
  if (tip === undefined) return;
  history.tag(`v${version}.0`, tip, { author, at, message: `Release ${version}.0\n` });
  history.branch(`release/${version}.0`, "main");
}

/** The app's photo is an LFS object. */
function mobileApp(state: SimulatorState, project: SimProject): RepositoryRecord {
  const repository = state.addRepository(project, { name: "Mobile App" });
  const history = historyOf(mobilePlan, state.identities);
  const random = randomOf(99);
  const photo = Uint8Array.from({ length: 300_000 }, () => Math.floor(random() * 256));
  const oid = createHash("sha256").update(photo).digest("hex");
  const file = lfsObjectPath(state.repositories.lfsFolderOf(repository), oid);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, photo);
  history.commit({
    branch: "main",
    author: state.owner,
    at: firstDay + 300 * 24 * hour,
    message: "Add the photo of the start page\n",
    files: {
      ".gitattributes": "*.jpg filter=lfs diff=lfs merge=lfs -text\n",
      "assets/start.jpg": `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${photo.length}\n`,
    },
  });
  write(state, repository, history);
  return repository;
}
