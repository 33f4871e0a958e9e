/** Coverage in words, the same in reports and in the hub. */
import { counted } from "../../foundation/text.ts";
import { isWhole, type Coverage } from "./coverage.ts";

type Figure = keyof Coverage;

const names: Readonly<Record<Figure, string>> = {
  inProject: "In the project",
  stored: "Stored",
  excluded: "Left out by choice",
  disabled: "Disabled, never stored",
  hidden: "Hidden or gone",
  unread: "Never read",
  kindsNotRead: "Kinds not read",
  kindsUnsure: "Kinds that may hold more",
  lacking: "Named, not delivered",
};

/** In the order in which people read a sum: the whole, its parts, then what could not be counted. */
const order: readonly Figure[] = [
  "inProject",
  "stored",
  "excluded",
  "disabled",
  "hidden",
  "unread",
  "kindsNotRead",
  "kindsUnsure",
  "lacking",
];

export interface CoverageFigure {
  readonly name: string;
  readonly count: number;
}

/** What the project holds and what is stored always, the others where there are any. */
export function coverageFigures(coverage: Coverage): readonly CoverageFigure[] {
  const countOf = (figure: Figure): number => coverage[figure] ?? 0;
  const isShown = (figure: Figure): boolean => figure === "inProject" || figure === "stored" || countOf(figure) > 0;
  return order.filter(isShown).map((figure) => ({ name: names[figure], count: countOf(figure) }));
}

/** `All 7 streams are stored`, or `6 of 7 streams are stored: 1 disabled and never stored, 1 kind not read`. */
export function coverageLine(coverage: Coverage): string {
  const { inProject, stored, excluded, disabled, hidden, unread, kindsNotRead, kindsUnsure, lacking = 0 } = coverage;
  const left = excluded === 0 ? [] : [`${counted(excluded, "stream")} left out by choice`];
  if (isWhole(coverage)) return [`All ${counted(stored, "stream")} are stored`, ...left].join(", ");
  const rest = [
    ...left,
    ...(disabled === 0 ? [] : [`${disabled} disabled and never stored`]),
    ...(hidden === 0 ? [] : [`${hidden} hidden or gone`]),
    ...(unread === 0 ? [] : [`${unread} never read`]),
    ...(kindsNotRead === 0 ? [] : [`${counted(kindsNotRead, "kind")} not read`]),
    ...(kindsUnsure === 0 ? [] : [`more may be hidden of ${counted(kindsUnsure, "kind")}`]),
    ...(lacking === 0 ? [] : [`${counted(lacking, "file or part")} named and not delivered`]),
  ];
  return `${stored} of ${counted(inProject, "stream")} stored: ${rest.join(", ")}`;
}
