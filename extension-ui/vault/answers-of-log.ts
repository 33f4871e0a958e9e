/** What the owner has said, from the entries of a log. */
import { alarmsOf, endOfAnnouncement } from "../../engine/vault/format/alarms.ts";
import type { LoggedEntry } from "../../engine/vault/format/logged-entry.ts";
import { entriesOf } from "../../engine/vault/format/logged-entry.ts";
import type { KnownAlarm, OwnerAnswers } from "../model/owner-answers.ts";
import { shownText } from "../model/shown-text.ts";

export function answersOf(entries: readonly LoggedEntry[]): OwnerAnswers {
  const times = new Map(entriesOf({ entries }, "acknowledge").map(({ entry, createdAt }) => [entry.seq, createdAt]));
  return {
    alarms: alarmsOf({ entries }).map(({ seq, anomaly, acknowledgedBy }): KnownAlarm => {
      const { code, since } = anomaly;
      const alarm = { seq, code: shownText(code), ...(since === undefined ? {} : { since }) };
      if (acknowledgedBy === undefined) return alarm;
      return { ...alarm, acknowledged: { entry: acknowledgedBy, at: times.get(acknowledgedBy) ?? "" } };
    }),
    announcements: entriesOf({ entries }, "expect").map(({ entry, createdAt }) => ({
      entry: entry.seq,
      at: createdAt,
      codes: entry.expect.codes.map(shownText),
      until: new Date(endOfAnnouncement(entry)).toISOString(),
    })),
  };
}
