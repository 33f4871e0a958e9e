import * as React from "react";
import type { ProjectServices, ProjectSettings } from "../../model/project-services.ts";
import { basisOf } from "../../model/setup-basis.ts";

/** Fields of Set up by name. */
export type SetupTexts = Readonly<Record<string, string>>;

export interface SetupState {
  /** What the person's own documents keep of earlier visits. */
  readonly kept: SetupTexts;
  /** What was told in this visit. */
  readonly told: SetupTexts;
  readonly tell: (part: SetupTexts) => void;
  /** Steps of the checklist that the person has ticked. */
  readonly ticked: readonly string[];
  readonly tick: (step: string, isDone: boolean) => void;
}

/** Typing is over when nothing has changed for so long. */
const pauseMs = 800;

/**
 * What Set up was told so far. It outlives the page: in memory while people look elsewhere in the hub, and among the
 * person's own documents for the time after a reload. Nothing secret is in it.
 */
export function useSetupState(
  { settings: store }: ProjectServices,
  settings: ProjectSettings | undefined,
  kept: SetupTexts = {},
): SetupState {
  const [told, setTold] = React.useState<SetupTexts>({});
  const [ticked, setTicked] = React.useState<readonly string[]>(() => (kept.ticked ?? "").split(" ").filter(Boolean));
  const isTouched = React.useRef(false);
  const basis = basisOf(settings);
  React.useEffect(() => {
    if (!isTouched.current) return undefined;
    const before = kept.basis === basis ? kept : {};
    // Not to keep it costs typing it again.
    const keep = (): void =>
      void store.saveDraft({ ...before, ...told, ticked: ticked.join(" "), basis }).catch(() => 0);
    const timer = setTimeout(keep, pauseMs);
    return () => clearTimeout(timer);
  }, [told, ticked, basis]);
  return {
    kept,
    told,
    tell: (part) => {
      isTouched.current = true;
      setTold((before) => ({ ...before, ...part }));
    },
    ticked,
    tick: (step, isDone) => {
      isTouched.current = true;
      setTicked((before) => [...before.filter((one) => one !== step), ...(isDone ? [step] : [])]);
    },
  };
}
