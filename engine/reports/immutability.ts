/** One line on what cannot be deleted, and until when, as the storage service told it. Nothing foreign is in it. */
import { counted } from "../foundation/text.ts";
import type { VerifiedImmutability, VerifyResult } from "../operations/results.ts";
import { figure, timeForPeople } from "./wording.ts";

type Told = VerifiedImmutability["snapshots"][number];

export function immutabilityText(result: Pick<VerifyResult, "immutability" | "snapshots">): string {
  const { container, snapshots: told } = result.immutability;
  const newest = told.at(-1);
  if (newest === undefined) return untold[container];
  if (result.snapshots.length === 1) return textOf(newest);
  const kept = told.filter(({ unprotected }) => unprotected === 0);
  const unknown = result.snapshots.length - told.length;
  return [
    `${figure(kept.length)} of ${counted(result.snapshots.length, "snapshot")} protected from deletion`,
    ...(unknown === 0 ? [] : [`${figure(unknown)} not known`]),
    `the newest that is known (${newest.id}): ${textOf(newest)}`,
  ].join("; ");
}

const untold: Readonly<Record<VerifiedImmutability["container"], string>> = {
  policy: "Not known: the container has a policy, but its period and whether it is locked are not told to readers",
  unknown: "Not known: the storage service did not tell, or this sign-in may not ask it about the container",
  none: "Not known: not everything that belongs to the snapshot could be read",
};

function textOf({ objects, unprotected, unlocked, held, until }: Told): string {
  const lock = until === null ? "" : timeForPeople(until);
  if (unprotected > 0) {
    const loose = unlocked === 0 ? "" : ` (${figure(unlocked)} by an unlocked policy only, which is no protection)`;
    const others = lock === "" ? "" : `, the others are locked until ${lock} at least`;
    return `Not protected from deletion: ${figure(unprotected)} of ${counted(objects, "object")} are not locked${loose}${others}`;
  }
  if (lock === "") return "Protected from deletion while the legal hold stays";
  const byHold = held === 0 ? "" : `; ${figure(held)} of ${counted(objects, "object")} only while the legal hold stays`;
  return `Protected from deletion until ${lock} (locked)${byHold}`;
}
