import { describe, expect, it } from "vitest";
import { scopeOf } from "../../../../engine/azure-devops/client/service-areas.ts";

describe("the scope that a token lacks", () => {
  it("is that of the resource, where a resource of an area has its own", () => {
    const of = (resource: string): string =>
      scopeOf({ area: "distributedtask", path: ["distributedtask", resource] }, false);

    expect(of("variablegroups")).toBe("Variable Groups (read; vso.variablegroups_read)");
    expect(of("taskgroups")).toBe("Task Groups (read; vso.taskgroups_read)");
    expect(of("queues")).toBe("Agent Pools (read; vso.agentpools)");
  });

  it("is another one for writing", () => {
    const path = ["distributedtask", "variablegroups"];

    expect(scopeOf({ area: "distributedtask", path }, true)).toBe("Variable Groups (write; vso.variablegroups_manage)");
  });
});
