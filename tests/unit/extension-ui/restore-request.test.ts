import { describe, expect, it } from "vitest";
import {
  applyParameters,
  archiveParameters,
  choiceProblems,
  defaultChoice,
  previewParameters,
  selectorOf,
} from "../../../extension-ui/model/restore-request.ts";
import type { Run } from "../../../extension-ui/model/project-services.ts";
import {
  activeRun,
  backUpParameters,
  isNonce,
  nonceOf,
  runOfRequest,
  verifyParameters,
  withRequestId,
} from "../../../extension-ui/model/run-request.ts";
import { restoreParameters } from "../../../extension-ui/model/pipeline-parameters.ts";
import { aRun } from "./builders.ts";

const nonce = "0123456789abcdef";
const snapshot = "20261122T180544Z-7f3a9c1e";
const choice = defaultChoice(["work-items/42", "git-repositories/0d5f7a1e-9c2b-4f7e-8f0a-52b3b6d1c001"], snapshot);
const hash = "ab".repeat(32);

describe("a restore's parameters", () => {
  it("ask for a preview first", () => {
    expect(previewParameters(choice, nonce)).toEqual({
      items: "work-items/42\ngit-repositories/0d5f7a1e-9c2b-4f7e-8f0a-52b3b6d1c001",
      snapshot,
      destination: "azureDevOps",
      createProject: "false",
      conflictPolicy: "skip",
      workItemHistory: "attach",
      previewOnly: "true",
      requestId: expect.stringMatching(/^0123456789abcdef-[0-9a-f]{16}$/),
    });
  });

  it("carry out the plan with the hash that the preview gave, and nothing else differs", () => {
    const { requestId: previewId, ...preview } = previewParameters(choice, nonce);
    const { requestId: applyId, ...apply } = applyParameters(choice, hash, nonce);

    expect(apply).toEqual({ ...preview, previewOnly: "false", planHash: hash });
    expect(applyId).not.toBe(previewId);
    expect(() => applyParameters(choice, "ab", nonce)).toThrow(RangeError);
  });

  it("are parameters that the restore pipeline knows", () => {
    const all = { ...choice, targetProject: "Shop 2", createProject: true };
    const names = Object.keys({ ...previewParameters(all, nonce), ...applyParameters(all, hash, nonce) });

    expect(names.toSorted()).toEqual([...restoreParameters].toSorted());
  });

  it("leave the target out of an archive", () => {
    const parameters = archiveParameters({ ...choice, targetProject: "Other", createProject: true }, nonce);

    expect(parameters).toMatchObject({ destination: "archive", previewOnly: "false", createProject: "false" });
    expect(parameters).not.toHaveProperty("targetProject");
  });
});

describe("a restore's choices", () => {
  it("are fine by default and with names that people use", () => {
    expect(choiceProblems(choice)).toEqual([]);
    expect(choiceProblems({ ...choice, items: ["*"], targetProject: "Größe & Co (2)", snapshot: "latest" })).toEqual(
      [],
    );
    expect(
      choiceProblems({ ...choice, items: ["areas/Shop\\Payments", "work-items/*"], snapshot: "2026-11-22T08:00:00Z" }),
    ).toEqual([]);
  });

  it.each([
    { what: "no item", wrong: { items: [] }, message: "Choose at least one item" },
    { what: "an empty item", wrong: { items: ["work-items/1", " "] }, message: "one item per line" },
    { what: "a line break", wrong: { items: ["work-items/1\nwork-items/2"] }, message: "one item per line" },
    { what: "a secret variable", wrong: { items: ["work-items/$(RecoveryKey)"] }, message: "holds $(…)" },
    { what: "a bare name", wrong: { items: ["Web"] }, message: '"Web" is no item' },
    { what: "an unknown form of kind", wrong: { items: ["Work Items/1"] }, message: "is no item" },
    { what: "too many items", wrong: { items: Array.from({ length: 1001 }, () => "a/1") }, message: "1001 items" },
    { what: "too long items", wrong: { items: [`git-repositories/${"x".repeat(40_000)}`] }, message: "too many" },
    { what: "a wrong snapshot", wrong: { snapshot: "../x" }, field: "snapshot", message: "Choose the snapshot" },
    { what: "no name to create", wrong: { createProject: true }, field: "targetProject", message: "Name the project" },
    { what: "a secret as target", wrong: { targetProject: "$(Pat)" }, field: "targetProject", message: "holds $(…)" },
    { what: "a path as target", wrong: { targetProject: "a/b" }, field: "targetProject", message: "is no name" },
  ])("say what is wrong with $what", ({ wrong, field, message }) => {
    const problems = choiceProblems({ ...choice, ...wrong });

    expect(problems).toEqual([{ field: field ?? "items", message: expect.stringContaining(message) }]);
    expect(() => previewParameters({ ...choice, ...wrong }, nonce)).toThrow(RangeError);
  });

  it("name items by their ids", () => {
    expect(selectorOf("work-items", "42")).toBe("work-items/42");
    expect(selectorOf("work-items")).toBe("work-items/*");
    expect(selectorOf("git-repositories/x")).toBe("git-repositories/x");
    expect(selectorOf("git-repositories/x", "refs/heads/main")).toBe("git-repositories/x:refs/heads/main");
  });
});

describe("a request's id", () => {
  it("finds the run of the first click, also after a reload", () => {
    const parameters = previewParameters(choice, nonce);
    const first = aRun({ id: 8, parameters });
    const runs = [aRun({ id: 9, parameters: { requestId: "other" } }), first];

    expect(runOfRequest(runs, previewParameters({ ...choice }, nonce))).toBe(first);
    expect(runOfRequest([aRun({ tags: [parameters.requestId ?? ""] })], parameters)).toBeDefined();
  });

  it("does not hold people to a run that failed or was canceled", () => {
    const parameters = previewParameters(choice, nonce);
    const of = (state: Run["state"]): Run | undefined => runOfRequest([aRun({ parameters, state })], parameters);

    expect([of("failed"), of("canceled")]).toEqual([undefined, undefined]);
    for (const state of ["queued", "running", "succeeded", "issues"] as const) expect(of(state)?.state).toBe(state);
  });

  it("is another one for other choices and for the same choices meant anew", () => {
    const parameters = previewParameters(choice, nonce);
    const runs = [aRun({ parameters })];

    expect(runOfRequest(runs, previewParameters({ ...choice, conflictPolicy: "overwrite" }, nonce))).toBeUndefined();
    expect(runOfRequest(runs, previewParameters(choice, "fedcba9876543210"))).toBeUndefined();
    expect(runOfRequest([aRun({ parameters: { requestId: "" } })], {})).toBeUndefined();
  });

  it("does not depend on the order of the parameters", () => {
    expect(withRequestId({ a: "1", b: "2" }, nonce)).toEqual(withRequestId({ b: "2", a: "1" }, nonce));
  });

  it("ends with a digest that stays the same", () => {
    // FNV-1a of `{}`, computed apart.
    expect(withRequestId({}, nonce)).toEqual({ requestId: `${nonce}-08f44b07b5901a25` });
  });

  it("comes from eight random bytes", () => {
    expect(nonceOf(Uint8Array.from([0, 1, 2, 3, 4, 5, 6, 255, 9]))).toBe("00010203040506ff");
    expect(isNonce("00010203040506ff")).toBe(true);
    expect(isNonce("00010203040506FF;")).toBe(false);
    expect(() => previewParameters(choice, "x")).toThrow(RangeError);
  });

  it("belongs to backups and verifications too", () => {
    expect(backUpParameters(nonce)).toEqual({ requestId: expect.stringContaining(nonce) });
    expect(verifyParameters({ snapshot: "all", level: "stored" }, nonce)).toMatchObject({
      snapshot: "all",
      level: "stored",
    });
  });

  it("is not needed to find a backup that runs already", () => {
    const done = aRun({ id: 1, state: "succeeded" });
    const queued = aRun({ id: 2, state: "queued" });

    expect(activeRun([done, queued], 3)).toBe(queued);
    expect(activeRun([done, queued], 4)).toBeUndefined();
  });
});
