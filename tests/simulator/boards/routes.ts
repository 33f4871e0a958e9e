/** All routes of work item tracking. */
import type { Route } from "../service.ts";
import { attachmentRoutes } from "./attachment-routes.ts";
import { batchRoutes } from "./batch-routes.ts";
import { classificationRoutes } from "./classification-routes.ts";
import { commentRoutes } from "./comment-routes.ts";
import { feedRoutes } from "./feed-routes.ts";
import { historyRoutes } from "./history-routes.ts";
import type { WitHost } from "./host.ts";
import { itemRoutes } from "./item-routes.ts";
import { recycleBinRoutes } from "./recycle-bin-routes.ts";
import { trackingOf } from "./tracking.ts";
import { typeRoutes } from "./type-routes.ts";
import { wiqlRoutes } from "./wiql-routes.ts";

/** Mounts work item tracking on the simulator's core; the state behind it is `trackingOf(host)`. */
export function workItemRoutes(host: WitHost): readonly Route[] {
  const tracking = trackingOf(host);
  return [
    ...typeRoutes(tracking),
    ...classificationRoutes(tracking),
    ...batchRoutes(tracking),
    ...feedRoutes(tracking),
    ...recycleBinRoutes(tracking),
    ...itemRoutes(tracking),
    ...historyRoutes(tracking),
    ...commentRoutes(tracking),
    ...attachmentRoutes(tracking),
    ...wiqlRoutes(tracking),
  ];
}
