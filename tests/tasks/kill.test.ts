/**
 * Tasks that are ended in the middle: SIGKILL at moments spread over a whole run (counted by the requests that Azure
 * DevOps and the storage see), run again under the same build or another, and SIGTERM as a person cancels.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import { readLog, type Log } from "../../engine/vault/log/log.ts";
import { entriesOf } from "../../engine/vault/format/logged-entry.ts";
import type { Exchange } from "../simulator/http/faults.ts";
import type { ProjectRecord } from "../simulator/project/project-store.ts";
import type { AzuriteContainer } from "../support/azurite.ts";
import type { HostedRun } from "../support/hosted-task.ts";
import { newestContent } from "../support/oracle.ts";
import { viewOf } from "../support/project-view.ts";
import { smallProject, type SmallProject } from "../support/small-project.ts";
import { workplace, type Options, type Workplace } from "./workplace.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let place: Workplace;
let small: SmallProject;

beforeAll(async () => {
  place = await workplace();
  small = await smallProject(place.azure, "Shop");
});

afterAll(async () => {
  const leaks = await place.leaks();
  await small.remove();
  await place.stop();
  expect(leaks).toEqual([]);
});

/** Counts the requests of tasks at both ends, and calls when so many have come. */
interface Watch {
  readonly seen: number;
  end(): void;
}

function watchRequests(at: number, call: () => void): Watch {
  let seen = 0;
  const count = (): boolean => {
    seen += 1;
    if (seen === at) call();
    return false;
  };
  place.azure.faults.add({ kind: "delay", delayMs: 0, when: count });
  place.proxy.faults.forbid = { code: "Unused", only: count };
  return {
    get seen() {
      return seen;
    },
    end() {
      place.azure.faults.clear();
      place.proxy.faults.forbid = undefined;
    },
  };
}

type Start = (options: Options) => Promise<HostedRun>;

/** Requests of an undisturbed run. */
async function counted(start: Start): Promise<{ readonly run: HostedRun; readonly requests: number }> {
  const watch = watchRequests(Infinity, () => undefined);
  const run = await start({});
  watch.end();
  return { run, requests: watch.seen };
}

/** A run that is killed when the storage and Azure DevOps have seen so many requests. */
async function killedAt(at: number, start: Start): Promise<HostedRun> {
  const kill = new AbortController();
  const watch = watchRequests(at, () => kill.abort());
  const run = await start({ kill: kill.signal });
  watch.end();
  return run;
}

const shares = [0.08, 0.26, 0.44, 0.62, 0.8, 0.97];

describe("BackupProject", () => {
  it("killed anywhere ends, when it runs again, where an undisturbed one ends", async () => {
    const calm = await place.newContainer();
    const { run, requests } = await counted((options) => place.backUp(small.project, place.storage(calm), options));
    expect(run.result).toBe("Succeeded");
    const expected = contentBesidePipelines(await place.healthy(small.project, calm));
    let killed = 0;
    for (const [turn, share] of shares.entries()) {
      const container = await place.newContainer();
      const start: Start = (options) => begin(container, `Kill ${turn}`, options);
      const dead = await killedAt(Math.ceil(requests * share), start);
      if (dead.result === undefined) killed += 1;
      const isSameBuild = turn % 2 === 0;
      const committed = entriesOf(await logOf(container), "snapshot").length;
      const again = await start(isSameBuild ? { run: dead.run } : {});
      expect(again, `after ${share}`).toMatchObject({ result: "Succeeded", errors: [], warnings: [] });
      const sight = await place.healthy(small.project, container);
      expect(sight.snapshots, `after ${share}`).toHaveLength(isSameBuild ? 1 : committed + 1);
      expect(sight.snapshots.every(({ status }) => status === "complete")).toBe(true);
      expect(contentBesidePipelines(sight), `after ${share}`).toEqual(expected);
    }
    expect(killed).toBeGreaterThanOrEqual(shares.length - 1);
  });

  /** The pipelines that carry the runs out are definitions of the project themselves, one more with each container. */
  function contentBesidePipelines(sight: Parameters<typeof newestContent>[0]): ReturnType<typeof newestContent> {
    return { ...newestContent(sight), "build-definitions": undefined };
  }

  function logOf(container: AzuriteContainer): Promise<Log> {
    const store = place.store(container);
    return readLog({ store, cryptography: nodeCryptography(), vault: small.project.id });
  }

  it("cancelled says so, keeps what it has, and goes on from there", async () => {
    const container = await place.newContainer();
    const start: Start = (options) => begin(container, "Cancelled", options);
    const cancel = new AbortController();
    const isOfWorkItems = ({ path }: Exchange): boolean => path.includes("/_apis/wit/reporting/");
    place.azure.faults.add({
      kind: "delay",
      delayMs: 20_000,
      when: (exchange) => {
        if (!isOfWorkItems(exchange)) return false;
        cancel.abort();
        return true;
      },
    });
    const cancelled = await start({ cancel: cancel.signal });
    place.azure.faults.clear();
    expect(cancelled.result).toBe("Failed");
    expect(cancelled.errors).toEqual([expect.stringMatching(/cancelled\. Run it again: it continues/)]);
    expect(cancelled.durationMs).toBeLessThan(15_000);
    place.proxy.resetCounts();
    const again = await start({ run: cancelled.run });
    expect(again.result).toBe("Succeeded");
    const sight = await place.healthy(small.project, container);
    expect(sight.snapshots).toHaveLength(1);
    const repeated = place.proxy.log.filter(({ kind, name }) => kind === "put" && name.endsWith("bundle.age"));
    expect(repeated).toEqual([]);
  });

  /** A pipeline for each container: the head of one is not that of another. */
  function begin(container: AzuriteContainer, pipeline: string, options: Options): Promise<HostedRun> {
    return place.backUp(small.project, place.storage(container), { ...options, pipeline });
  }
});

describe("RestoreItem", () => {
  let container: AzuriteContainer;

  beforeAll(async () => {
    container = await place.newContainer();
    const run = await place.backUp(small.project, place.storage(container), { pipeline: "Restores" });
    expect(run.result).toBe("Succeeded");
  });

  it("killed anywhere has, when it runs again, the effect of an undisturbed one", async () => {
    const calm = newTarget("Calm");
    const { run, requests } = await counted((options) => restoreInto(calm, options));
    expect(run.result).toBe("Succeeded");
    const expected = comparable(calm);
    let killed = 0;
    for (const [turn, share] of shares.entries()) {
      const target = newTarget(`Kill ${turn}`);
      const dead = await killedAt(Math.ceil(requests * share), (options) => restoreInto(target, options));
      if (dead.result === undefined) killed += 1;
      const again = await restoreInto(target, turn % 2 === 0 ? { run: dead.run } : {});
      expect(again, `after ${share}`).toMatchObject({ result: "Succeeded", errors: [] });
      expect(again.outputs, `after ${share}`).toMatchObject({ RestoreFailed: "0" });
      expect(comparable(target), `after ${share}`).toEqual(expected);
    }
    expect(killed).toBeGreaterThanOrEqual(shares.length - 1);
    await place.healthy(small.project, container);
  });

  function newTarget(name: string): ProjectRecord {
    return place.azure.state.addProject({ name, defaultRepository: false });
  }

  function restoreInto({ name }: ProjectRecord, options: Options): Promise<HostedRun> {
    const inputs = { ...place.storage(container), targetProject: name };
    return place.restore(small.project, inputs, { ...options, pipeline: "Restores" });
  }

  function comparable(target: ProjectRecord): unknown {
    return JSON.parse(JSON.stringify(viewOf(place.azure, target)).replaceAll(target.name, "(target)"));
  }
});

describe("VerifyBackup", () => {
  it("killed changes nothing, and verifies when it runs again", async () => {
    const container = await place.newContainer();
    await place.backUp(small.project, place.storage(container), { pipeline: "Verified" });
    const before = await place.stored(container);
    const inputs = { ...place.storage(container), level: "content", recoveryKey: place.keys.recoveryKey };
    const start: Start = (options) => place.verify(small.project, inputs, { ...options, pipeline: "Verified" });
    const dead = await killedAt(20, start);
    expect(dead.result).toBe(undefined);
    expect(await place.stored(container)).toEqual(before);
    expect((await start({})).result).toBe("Succeeded");
  });
});
