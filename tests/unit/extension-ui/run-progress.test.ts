import { describe, expect, it } from "vitest";
import {
  firstPollMs,
  isSameProgress,
  lastPollMs,
  pollDelayMs,
  runProgress,
} from "../../../extension-ui/model/run-progress.ts";
import { stepsOf } from "../../../extension-ui/services/run-answers.ts";
import { aStep } from "./builders.ts";

const running = { state: "running" } as const;
const stage = aStep({ id: "s", type: "Stage", name: "__default" });
const job = aStep({ id: "j", parentId: "s", type: "Job", name: "restore" });

describe("a run's progress", () => {
  it("waits for an agent while nothing has begun", () => {
    const pending = aStep({ state: "pending" });

    expect(runProgress({ state: "queued" }, [])).toMatchObject({
      state: "queued",
      headline: "Waiting for an agent",
      percent: undefined,
    });
    expect(runProgress(running, [stage, job, pending]).state).toBe("queued");
  });

  it("says what its task does and how far it is", () => {
    const checkout = aStep({ id: "c", parentId: "j", name: "Initialize job", state: "done", result: "succeeded" });
    const task = aStep({ id: "t", parentId: "j", percent: 37.4, operation: "git-repositories: Web" });
    const progress = runProgress(running, [stage, job, checkout, task]);

    expect(progress).toMatchObject({
      state: "running",
      headline: "Restore: git-repositories: Web",
      step: "Restore",
      percent: 37,
    });
    expect(progress.steps.map(({ name, state }) => [name, state])).toEqual([
      ["Initialize job", "done"],
      ["Restore", "running"],
    ]);
  });

  it("does not make up a percentage", () => {
    const percents = [undefined, 0, Number.NaN, 250].map(
      (percent) => runProgress(running, [aStep({ percent })]).percent,
    );

    expect(percents).toEqual([undefined, undefined, undefined, 100]);
  });

  it("waits for an approval, named by its stage", () => {
    const waiting = aStep({ id: "s1", type: "Stage", name: "Production", state: "pending" });
    const check = aStep({ id: "c1", parentId: "s1", type: "Checkpoint", name: "Checkpoint", state: "running" });
    const answered = { ...check, state: "done" } as const;

    expect(runProgress(running, [waiting, check])).toMatchObject({
      state: "approval",
      headline: "Waiting for an approval or check in Azure Pipelines",
      approvals: ["Production"],
    });
    expect(runProgress(running, [stage, { ...check, parentId: "s" }]).approvals).toEqual(["Checkpoint"]);
    expect(runProgress(running, [waiting, answered]).approvals).toEqual([]);
  });

  it("tells an issue once, where it happened, made harmless", () => {
    const issue = { severity: "error", message: "bad\u202e\n##vso[task.complete]" } as const;
    const task = aStep({ id: "t", parentId: "j", issues: [issue] });
    const { issues } = runProgress(running, [{ ...stage, issues: [issue] }, { ...job, issues: [issue] }, task]);

    expect(issues).toEqual([{ severity: "error", message: "bad\\u202e #\u200b#vso[task.complete]", step: "Restore" }]);
  });

  it("ends in words", () => {
    const ends = (["succeeded", "issues", "failed", "canceled"] as const).map(
      (state) => runProgress({ state }, []).headline,
    );

    expect(ends).toEqual(["Succeeded", "Succeeded with issues", "Failed", "Canceled"]);
    expect(runProgress({ state: "failed" }, [aStep()])).toMatchObject({ state: "done", percent: 100 });
  });
});

describe("asking again", () => {
  it("takes longer while nothing moves, and stops when nobody looks or it is over", () => {
    const delays = [0, 1, 2, 5, 6, 50].map((unchanged) =>
      pollDelayMs({ unchanged, isHidden: false, state: "running" }),
    );

    expect(delays).toEqual([firstPollMs, 3900, 5070, 11139, 14480, lastPollMs]);
    expect(pollDelayMs({ unchanged: 0, isHidden: true, state: "running" })).toBeUndefined();
    expect(pollDelayMs({ unchanged: 0, isHidden: false, state: "done" })).toBeUndefined();
  });

  it("knows when two answers say the same", () => {
    const [one, same, other] = [10, 10, 11].map((percent) => runProgress(running, [aStep({ percent })]));

    expect(one !== undefined && same !== undefined && isSameProgress(one, same)).toBe(true);
    expect(one !== undefined && other !== undefined && isSameProgress(one, other)).toBe(false);
  });
});

describe("a timeline as the service tells it", () => {
  it("comes in the order people read it, whatever the order of its records", () => {
    const record = (id: string, parentId: string | null, order: number | null): object => ({
      id,
      parentId,
      order,
      type: "Task",
      name: id,
      state: "inProgress",
    });
    const records = [
      record("b2", "b", 2),
      record("a1", "a", 1),
      record("b", null, 2),
      record("b1", "b", 1),
      record("a", null, 1),
      record("x", "gone", null),
    ];

    expect(stepsOf({ records }).map(({ id }) => id)).toEqual(["x", "a", "a1", "b", "b1", "b2"]);
  });

  it("survives what is missing, odd or goes in circles", () => {
    const circle = [
      {
        id: "1",
        parentId: "2",
        type: "Checkpoint.Approval",
        name: null,
        state: "completed",
        result: "abandoned",
        issues: [null, { type: "other" }],
      },
      { id: "2", parentId: "1" },
      { id: "3", parentId: "3" },
      { id: "4", type: "Checkpoint.Approval", state: "pending", result: null, issues: [null, { type: "other" }] },
      null,
      {},
    ];

    expect(stepsOf({ records: circle })).toEqual([
      aStep({
        id: "4",
        type: "Checkpoint",
        name: "",
        state: "pending",
        issues: [{ severity: "warning", message: "" }],
      }),
    ]);
    expect([stepsOf(undefined), stepsOf(null), stepsOf({ records: 7 })]).toEqual([[], [], []]);
  });
});
