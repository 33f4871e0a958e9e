import { describe, expect, it } from "vitest";
import type { ProjectSettings } from "../../../extension-ui/model/project-services.ts";
import { basisOf } from "../../../extension-ui/model/setup-basis.ts";
import { draftOf, settingsOf, settingsProblems } from "../../../extension-ui/pages/setup/draft.ts";

const [agent, owner, theirs, others] = ["A", "B", "C", "D"].map((letter) => `ed25519:${letter.repeat(42)}A`);
const recipient = `age1${"q".repeat(58)}`;

const saved: ProjectSettings = {
  containerUrl: "https://contosobackups.blob.core.windows.net/azure-devops",
  signers: [`agent=${agent}`, `owner=${owner}`],
  recoveryRecipients: [recipient],
  rpoHours: 26,
  setup: { backupGroup: "our-secrets", schedule: "hour", pool: "Own" },
};

describe("what Set up was told", () => {
  it("comes back from the settings, so that the files can be shown again", () => {
    const draft = draftOf(saved);

    expect(draft).toMatchObject({ account: "contosobackups", backupGroup: "our-secrets", recipients: recipient });
    expect(settingsOf(draft)).toMatchObject({ ...saved, setup: expect.objectContaining(saved.setup) });
  });

  it("comes back after a reload before it was saved, and not over settings that somebody has changed since", () => {
    const kept = { account: "others", basis: basisOf(saved), unknown: "x", storageBy: "by magic" };

    expect(draftOf(saved, { kept })).toMatchObject({ account: "others", storageBy: "serviceConnection" });
    expect(draftOf({ ...saved, rpoHours: 30 }, { kept }).account).toBe("contosobackups");
    expect(draftOf(undefined, { kept: { account: "first", basis: "" } }).account).toBe("first");
  });
});

describe("new keys over existing settings", () => {
  const draft = draftOf(saved);
  const signers = `agent=${theirs}\nowner=${others}`;

  it("are not saved for the container of the old ones, nor with their recipients", () => {
    const problems = settingsProblems({ ...draft, signers }, saved);

    expect(problems.containerUrl).toContain("a container of its own");
    expect(problems.recipients).toContain("never signers alone");
  });

  it("are saved together, for another container", () => {
    const recipients = `age1${"p".repeat(58)}`;

    expect(settingsProblems({ ...draft, signers, recipients, container: "second" }, saved)).toEqual({});
  });

  it("are not meant where one of the old keys stays", () => {
    expect(settingsProblems({ ...draft, signers: `agent=${agent}\nowner=${others}` }, saved)).toEqual({});
  });
});

describe("the container that is saved", () => {
  it("is at Azure's blob hosts or on this machine", () => {
    const containerUrl = "https://contosobackups.blob.core.windows.net.evil.example/backups";

    expect(settingsProblems({ ...draftOf(undefined), containerUrl }).containerUrl).toContain("not a storage account");
  });
});
