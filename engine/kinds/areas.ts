/** Area paths. */
import { classificationKind } from "./classification.ts";

export const areas = classificationKind("areas", "Areas");
