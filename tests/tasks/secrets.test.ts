/**
 * Secrets and content stay where they belong (docs/fault-plan.md, case 76): nothing of them in outputs, arguments,
 * environments of other processes, temporary files, attachments, stored objects or recorded traffic, in any encoding.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { parseIdentities } from "../../engine/crypto/keys.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import { readLog } from "../../engine/vault/log/log.ts";
import { newestSnapshot } from "../../engine/vault/snapshots/snapshots.ts";
import { openSnapshot } from "../../engine/vault/snapshots/snapshot-reader.ts";
import { secretScan } from "../support/secret-scan.ts";
import { smallProject, type SmallProject } from "../support/small-project.ts";
import { workplace, type Workplace } from "./workplace.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let place: Workplace;
let small: SmallProject;

beforeAll(async () => {
  place = await workplace();
  small = await smallProject(place.azure, "Shop");
});

afterAll(async () => {
  await small.remove();
  await place.stop();
});

describe("the search", () => {
  const secret = "pbak1-a-secret+that/is=long";
  it.each([
    ["as it is", `key: ${secret}!`],
    ["in base64", Buffer.from(`x${secret}`).toString("base64")],
    ["in base64 behind other text", Buffer.from(`user:${secret} and more`).toString("base64url")],
    ["in a URL", `?sig=${encodeURIComponent(secret)}&se=now`],
    ["in hexadecimal", Buffer.from(secret).toString("hex")],
  ])("finds a secret %s", (_, text) => {
    const scan = secretScan([{ name: "key", value: secret }]);
    scan.look("a file", `before ${text} after`);
    scan.look("another file", "nothing at all");
    expect(scan.leaks.map(({ place: where }) => where)).toContain("a file");
    expect(scan.leaks.map(({ place: where }) => where)).not.toContain("another file");
  });
});

describe("after every task in every mood", () => {
  it("no secret is found anywhere, and no content outside sealed objects", async () => {
    const debug = { env: { SYSTEM_DEBUG: "true" } };
    const { container, keys } = place;
    const token = place.azure.state.signIn.issue();
    const withToken = { azureDevOpsAuthentication: "accessToken", accessToken: token };
    const sasInAddress = {
      storageConnection: "containerUrl",
      containerUrl: `${place.proxy.through(container.url)}?${container.sas}`,
      containerSas: "",
    };
    const first = await place.backUp(small.project, { ...sasInAddress, ...withToken, ownerKey: keys.ownerKey }, debug);
    expect(first.result).toBe("Succeeded");
    small.change();
    const cloned = await place.backUp(small.project, { gitEngine: "git", ...withToken, retention: "last=1" }, debug);
    expect(cloned.result).toBe("Succeeded");
    const verified = await place.verify(
      small.project,
      { ...sasInAddress, level: "content", snapshot: "all", recoveryKey: keys.recoveryKey, agentKey: keys.agentKey },
      debug,
    );
    expect(verified.result).toBe("Succeeded");
    const target = place.azure.state.addProject({ name: "Copy", defaultRepository: false });
    const restored = await place.restore(small.project, { ...withToken, targetProject: target.name }, debug);
    expect(restored.result).toBe("Succeeded");

    for (const code of ["AuthenticationFailed", "AuthorizationPermissionMismatch"]) {
      place.proxy.faults.forbid = { code };
      expect((await place.backUp(small.project, sasInAddress, debug)).result).toBe("Failed");
    }
    place.proxy.faults.forbid = undefined;
    // A server that throws the token back in its error text.
    const echo = { kind: "status", status: 403, text: `You came with ${token}, which may not read this.` } as const;
    place.azure.gitFaults.add({ on: "refs", path: small.api.record.id, times: 99, action: echo });
    const echoed = await place.backUp(small.project, withToken);
    place.azure.gitFaults.clear();
    expect(echoed.result).toBe("SucceededWithIssues");

    const seen = place.seen().join("\n");
    for (const sort of ["output of", "arguments of", "environment of", "temporary file", "summary", "attachment"])
      expect(seen).toContain(sort);
    expect(await place.leaks()).toEqual([]);
  });

  it("no secret of ours stands in what is sealed either", async () => {
    const access = {
      store: place.store(),
      cryptography: nodeCryptography(),
      vault: small.project.id,
      identities: parseIdentities(place.keys.recoveryKey),
    };
    const { agentKey, ownerKey, viewerKey, recoveryKey } = place.keys;
    const scan = secretScan([
      ...Object.entries({ agentKey, ownerKey, viewerKey, recoveryKey }).map(([name, value]) => ({ name, value })),
      { name: "token", value: place.azure.token },
    ]);
    const entry = newestSnapshot(await readLog(access))?.entry;
    if (entry === undefined) throw new Error("there is a snapshot");
    const snapshot = openSnapshot({ access, entry, takenAt: entry.srv });
    for await (const line of snapshot.streams()) {
      const stream = await snapshot.stream(line.s);
      const state = await stream?.state();
      scan.look(`state of ${line.s}`, JSON.stringify(state));
      if (state?.kind === "records")
        for await (const { key, value } of stream?.records() ?? [])
          scan.look(`${line.s} ${key}`, JSON.stringify(value));
    }
    expect(scan.bytes).toBeGreaterThan(5000);
    expect(scan.leaks).toEqual([]);
  });
});
