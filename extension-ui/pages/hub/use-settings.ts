import * as React from "react";
import type { ProjectServices, ProjectSettings } from "../../model/project-services.ts";
import { trustIn, type SettingsTrust } from "../../model/settings-trust.ts";

export interface SavedSettings {
  readonly saved: ProjectSettings | undefined;
  /** What this person has confirmed of them. */
  readonly confirmed: ProjectSettings | undefined;
}

export interface Settings {
  readonly settings: ProjectSettings | undefined;
  /** Whether the person knows them; nothing that they say is used before. */
  readonly trust: SettingsTrust;
  /** Saves settings that the person has made, which thereby are confirmed. */
  readonly saveSettings: (settings: ProjectSettings) => Promise<void>;
  /** The person has seen what is shown, and means it. */
  readonly confirmSettings: () => Promise<void>;
  /** Undoes what somebody else has changed. */
  readonly putBackSettings: () => Promise<void>;
}

/** That it cannot be read is no reason not to open the hub: the person is asked. */
export async function readConfirmed({ settings }: ProjectServices): Promise<ProjectSettings | undefined> {
  return settings.readConfirmed().catch(() => undefined);
}

/** The settings as this visit found them, and what the person has agreed to. */
export function useSettings({ settings: store }: ProjectServices, known: SavedSettings): Settings {
  const [settings, setSettings] = React.useState(known.saved);
  const [confirmed, setConfirmed] = React.useState(known.confirmed);
  const trust = React.useMemo(() => trustIn(settings, confirmed), [settings, confirmed]);
  const agree = async (next: ProjectSettings): Promise<void> => {
    // Not to remember it costs the same question on the next visit.
    await store.confirm(next).catch(() => undefined);
    setConfirmed(next);
  };
  const saveSettings = async (next: ProjectSettings): Promise<void> => {
    await store.save(next);
    await agree(next);
    setSettings(next);
  };
  return {
    settings,
    trust,
    saveSettings,
    confirmSettings: async () => {
      if (settings !== undefined) await agree(settings);
    },
    putBackSettings: async () => {
      if (confirmed !== undefined) await saveSettings(confirmed);
    },
  };
}
