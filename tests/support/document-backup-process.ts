/** Backs variable groups up in a process of its own, so that its memory is not that of the simulator. */
import { registry } from "../../engine/kinds/registry.ts";
import { offer } from "../bench/child.ts";
import { engineOver } from "./backup-engine.ts";
import { peakMemory } from "./process-tree.ts";

export interface Source {
  readonly organizationUrl: string;
  readonly token: string;
  readonly project: { readonly id: string; readonly name: string };
}

export interface Night {
  readonly status: string;
  readonly items: number;
  readonly added: number;
}

const functions = {
  /** Two nights over the same vault. */
  backUp: async ({ project, ...azure }: Source): Promise<readonly Night[]> => {
    const engine = await engineOver(azure);
    const kinds = registry.filter(({ name }) => name === "variable-groups");
    const nights: Night[] = [];
    for (let night = 0; night < 2; night += 1) {
      const { status, sum, kinds: told } = await engine.backUp(project, { kinds });
      nights.push({ status, items: sum.items, added: told[0]?.added ?? 0 });
    }
    await engine.close();
    return nights;
  },
  /** Most that was resident, in bytes. Outside Linux the figure may hold what the parent had. */
  peakBytes: () => peakMemory(process.pid) ?? process.resourceUsage().maxRSS * 1024,
};

export type DocumentBackup = typeof functions;

offer(functions);
