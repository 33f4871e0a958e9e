import { describe, expect, it } from "vitest";
import type { ProjectSettings } from "../../../extension-ui/model/project-services.ts";
import { trustIn } from "../../../extension-ui/model/settings-trust.ts";
import { parseSetupAnswers } from "../../../extension-ui/model/setup-answers.ts";
import { keysOfSigners, parseSigner, signersOfKeys } from "../../../extension-ui/model/signers.ts";

const [agent, owner, other] = ["A", "E", "I"].map((letter) => `ed25519:${letter.repeat(43)}`) as [
  string,
  string,
  string,
];

const settings: ProjectSettings = {
  containerUrl: "https://contosobackups.blob.core.windows.net/azure-devops",
  signers: [`agent=${agent}`, `owner=${owner}`],
  recoveryRecipients: [`age1${"q".repeat(58)}`],
  backupPipelineId: 3,
  verifyPipelineId: 4,
  restorePipelineId: 5,
  rpoHours: 26,
  retention: "last=7 daily=30",
  entraClientId: "0b1c2d3e-0000-4000-8000-000000000001",
  entraTenantId: "0b1c2d3e-0000-4000-8000-000000000002",
  setup: { pool: "Own", backupGroup: "backup" },
};

describe("settings that everybody may write", () => {
  it("are to be confirmed by each person who meets them first, with whose keys they name", () => {
    const trust = trustIn(settings, undefined);

    expect(trust).toMatchObject({ state: "first" });
    expect(JSON.stringify(trust)).toContain(`${agent} (the agent's key)`);
    expect(JSON.stringify(trust)).toContain(`${owner} (the owner's key)`);
    expect(JSON.stringify(trust)).toContain(settings.containerUrl);
  });

  it("are confirmed while they say the same, in whatever order", () => {
    expect(trustIn(settings, { ...settings, signers: [...settings.signers].reverse() })).toEqual({
      state: "confirmed",
    });
    expect(trustIn({ ...settings, signers: [agent] }, { ...settings, signers: [`agent=${agent}`] })).toEqual({
      state: "confirmed",
    });
    expect(trustIn(undefined, undefined)).toEqual({ state: "none" });
  });

  it.each([
    ["another container", { containerUrl: "https://evil.blob.core.windows.net/azure-devops" }, "Container"],
    ["another signer", { signers: [`agent=${other}`, `owner=${owner}`] }, "Signers"],
    ["one more signer", { signers: [...settings.signers, `owner=${other}`] }, "Signers"],
    ["the same key in another role", { signers: [`owner=${agent}`, `owner=${owner}`] }, "Signers"],
    ["no signer", { signers: [] }, "Signers"],
    ["another recipient", { recoveryRecipients: [`age1${"p".repeat(58)}`] }, "Recovery recipients"],
    ["another pipeline", { restorePipelineId: 6 }, "Restore pipeline"],
    ["another application", { entraClientId: settings.entraTenantId! }, "Entra application"],
    ["another tenant", { entraTenantId: settings.entraClientId! }, "Entra tenant"],
    ["a laxer objective", { rpoHours: 8760 }, "Recovery point objective in hours"],
    ["another retention", { retention: "last=1" }, "Retention"],
    ["another agent pool", { setup: { ...settings.setup, pool: "Evil" } }, "Agent pool"],
  ] as const)("are to be confirmed again with %s, which both are shown", (_, change, name) => {
    const trust = trustIn({ ...settings, ...change }, settings);

    expect(trust).toMatchObject({ state: "changed", changes: [{ name }] });
    if (trust.state === "changed") expect(trust.changes[0]?.before).not.toEqual(trust.changes[0]?.now);
  });
});

describe("a signer", () => {
  it("says its role; a bare key is an agent's", () => {
    expect(parseSigner(`owner=${owner}`)).toEqual({ role: "owner", signer: owner });
    expect(parseSigner(agent)).toEqual({ role: "agent", signer: agent });
    for (const wrong of [`admin=${agent}`, "ed25519:short", `agent=owner=${agent}`, `agent= ${agent}`, ""])
      expect(parseSigner(wrong)).toBeUndefined();
  });

  it("of new keys is written with its role", () => {
    const explicit = [`agent=${agent}`, `owner=${owner}`];

    expect(signersOfKeys({ signer: explicit.join(",") })).toEqual(explicit);
    expect(keysOfSigners([...explicit, other, "no key"])).toEqual([agent, owner, other]);
  });
});

describe("answers of Set up that were kept", () => {
  it("are known ones in one line; everything else is passed over", () => {
    const kept = { account: "contosobackups", pool: "Own\npool: x", constructor: "x", unknown: "x", branch: 7 };

    expect(parseSetupAnswers(kept)).toEqual({ account: "contosobackups" });
    expect(parseSetupAnswers({ readers: "ada@contoso.com\nbob@contoso.com" })).toBeDefined();
    for (const nothing of [undefined, null, "x", [], {}, { pool: "x".repeat(501) }])
      expect(parseSetupAnswers(nothing)).toBeUndefined();
  });
});
