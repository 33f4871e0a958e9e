/** When backups run, and what age of the newest one is agreed to go with it. */
export const scheduleChoices = ["night", "six-hours", "hour", "weekday"] as const;
export type ScheduleChoice = (typeof scheduleChoices)[number];

export interface ScheduleFacts {
  readonly text: string;
  /** UTC, as Azure Pipelines reads it. */
  readonly cron: string;
  readonly name: string;
  /** The pause between two runs, and two hours for a run itself. */
  readonly rpoHours: number;
}

export const schedules: Readonly<Record<ScheduleChoice, ScheduleFacts>> = {
  night: { text: "Every night at 1:00 UTC", cron: "0 1 * * *", name: "Nightly backup", rpoHours: 26 },
  "six-hours": { text: "Every six hours", cron: "0 1,7,13,19 * * *", name: "Backup every six hours", rpoHours: 8 },
  hour: { text: "Every hour", cron: "0 * * * *", name: "Hourly backup", rpoHours: 3 },
  weekday: { text: "Monday to Friday at 1:00 UTC", cron: "0 1 * * 1-5", name: "Backup on weekdays", rpoHours: 74 },
};
