import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../engine/foundation/json.ts";
import type { TargetProject } from "../../../../engine/kinds/kind.ts";
import { linkComment, withoutDoubles } from "../../../../engine/kinds/boards/work-items/relations.ts";
import { wantedRelations } from "../../../../engine/kinds/boards/work-items/comparison/links.ts";
import { originLink, originOf } from "../../../../engine/kinds/boards/work-items/comparison/origins.ts";

const organizationUrl = "https://dev.azure.com/contoso";
const source = { organizationUrl, project: { id: "p0", name: "Web Shop" } };
const target = {
  source,
  isSource: false,
  isSameOrganization: false,
  ids: { get: () => undefined, isAwaited: () => false, isMade: () => false },
  azureDevOps: { organization: { url: "https://dev.azure.com/fabrikam" } },
} as unknown as TargetProject;
const hyperlink = (url: string, comment = ""): JsonObject => ({ rel: "Hyperlink", url, attributes: { comment } });

describe("the link of a copy to its origin", () => {
  it("comes before all other relations, so that no limit takes it", () => {
    const many = Array.from({ length: 2000 }, (_, number) => hyperlink(`https://example.com/${number}`));
    const record = { id: 7, rev: 1, item: { id: 7, relations: many }, revisions: [] };
    const side = { record, id: 70, isCopy: true, repositories: new Map(), strangers: new Set<number>() };

    const { relations } = wantedRelations(side, { target, live: new Map(), isComing: () => false });

    expect(relations).toHaveLength(2001);
    expect(relations[0]).toMatchObject({ rel: "Hyperlink", url: `${organizationUrl}/Web%20Shop/_workitems/edit/7` });
  });

  it("keeps saying so when the original had the same link with another comment", () => {
    const own = originLink({ id: 7 }, target);
    for (const comment of ["See here", "x".repeat(250)]) {
      const [joined] = withoutDoubles([own, { ...own, attributes: { comment } }]);

      expect(originOf({ relations: [hyperlink(joined?.url ?? "", linkComment(joined!))] }, target)).toBe(7);
    }
  });

  it("is known under an earlier name of the project, and not in another organisation", () => {
    const comment = "Restored from work item 7";
    const at = (url: string): number | undefined => originOf({ relations: [hyperlink(url, comment)] }, target);

    expect(at("https://dev.azure.com/Contoso/Old%20name/_workitems/edit/7")).toBe(7);
    expect(at("https://dev.azure.com/elsewhere/Web%20Shop/_workitems/edit/7")).toBeUndefined();
    expect(at(`${organizationUrl}/Web%20Shop/_workitems/edit/8`)).toBeUndefined();
    expect(originOf({}, target)).toBeUndefined();
  });

  it("of a copy of a copy is the later one", () => {
    const relations = [7, 70].map((id) => {
      const { url, attributes } = originLink({ id }, target);
      return { rel: "Hyperlink", url, attributes };
    });

    expect(originOf({ relations: relations }, target)).toBe(70);
  });
});
