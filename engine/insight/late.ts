/** The newest good snapshot is older than agreed. Ages in hours. */
export function isLate(ageHours: number, rpoHours: number): boolean {
  return ageHours > rpoHours;
}
