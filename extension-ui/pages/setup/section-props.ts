/** What each section of Set up is given. */
import { type SetupDraft } from "./draft.ts";

export interface SectionProps {
  readonly draft: SetupDraft;
  readonly change: (part: Partial<SetupDraft>) => void;
}
