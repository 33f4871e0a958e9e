/** Of which settings a draft of Set up is a continuation: others' changes make it void. */
import type { ProjectSettings } from "./project-services.ts";

export function basisOf(settings: ProjectSettings | undefined): string {
  return settings === undefined ? "" : JSON.stringify(Object.entries(settings).sort());
}
