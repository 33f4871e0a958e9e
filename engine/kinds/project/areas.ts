/** Area paths. */
import { classificationKind } from "./tree-kind.ts";

export const areas = classificationKind("areas", "Areas");
