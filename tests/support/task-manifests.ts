/** The tasks' manifests, as far as tests look at them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export const taskNames = ["BackupProject", "RestoreItem", "VerifyBackup"] as const;

export interface TaskInput {
  readonly name: string;
  readonly type: string;
  readonly label: string;
  readonly required: boolean;
  readonly groupName: string;
  readonly helpMarkDown: string;
  readonly defaultValue?: string;
  readonly visibleRule?: string;
  readonly options?: Readonly<Record<string, string>>;
}

export interface TaskManifest {
  readonly id: string;
  readonly name: string;
  readonly version: { readonly Major: number; readonly Minor: number; readonly Patch: number };
  readonly minimumAgentVersion: string;
  readonly groups: readonly { readonly name: string }[];
  readonly inputs: readonly TaskInput[];
  readonly dataSourceBindings: readonly { readonly target: string; readonly endpointId: string }[];
  readonly outputVariables: readonly { readonly name: string }[];
  readonly restrictions: { readonly settableVariables: { readonly allowed: readonly string[] } };
}

export function taskManifest(folder: string): TaskManifest {
  return JSON.parse(readFileSync(join(folder, "task.json"), "utf8")) as TaskManifest;
}

/** Width and height of a PNG, from its header. Throws when it is none. */
export function pngSize(content: Uint8Array): { readonly width: number; readonly height: number } {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const isPng =
    view.getUint32(0) === 0x89504e47 && view.getUint32(4) === 0x0d0a1a0a && view.getUint32(12) === 0x49484452;
  if (!isPng) throw new Error("not a PNG");
  return { width: view.getUint32(16), height: view.getUint32(20) };
}
