/**
 * What a kind that can be restored says of itself to the contract suite (restoring-kind.test.ts): how a thing of it is
 * made, changed and taken away in the simulator, and what of it may come back differently. Each kind has a file of its
 * own, `tests/contract/kinds/<name>.ts`.
 */
import type { JsonObject } from "../../../engine/foundation/json.ts";
import type { Exchange } from "../../simulator/http/faults.ts";
import type { ProjectRecord } from "../../simulator/project/project-store.ts";
import type { TestSimulator } from "../../support/simulator.ts";

export interface Place {
  readonly azure: TestSimulator;
  readonly project: ProjectRecord;
}

export interface Thing {
  /** Its id in the snapshot. */
  readonly key: string;
  /** What a restore calls it in the project that it was made in (`newId`). */
  readonly id: string;
  readonly name: string;
}

/** A member that differs between what was stored and what a restore has made of it. */
export interface Difference {
  /** `a.b`, `a[].b` (every element); `*` stands for anything, however deep. */
  readonly at: string;
  /** What becomes of it, for people. */
  readonly becomes: string;
  /** Only where nothing was stored; what was stored comes back. */
  readonly only?: "added";
}

/** Something that the service or the kind does not know; a part of a sentence that begins with `because`. */
export interface DoesNotApply {
  readonly because: string;
}

/** A thing that cannot be read any more, and how that is told. */
export interface Unreadable {
  readonly undo: () => void;
  /** Of the gap; absent where the kind is read in one piece. */
  readonly item?: string;
  /** What a snapshot that was taken meanwhile lacks of it. */
  readonly lost?: readonly Difference[];
}

/** A thing of another kind (or another one of this kind) that names the thing by its id. */
export interface Dependent {
  readonly kind: string;
  /** Kinds that have to be stored for it. */
  readonly needs: readonly string[];
  readonly make: (place: Place, thing: Thing) => Thing | Promise<Thing>;
  /** The thing does not come along by itself: it has to be asked for as well. */
  readonly isAsked?: true;
  /** What the thing itself shows of it. */
  readonly shown?: readonly Difference[];
  /** What it names now: the thing's id as a restore calls it. */
  readonly names: (place: Place, id: string) => Promise<string | undefined>;
}

export interface KindContract {
  /** Kinds of things that the sample names. */
  readonly needs: readonly string[];
  /** There is one in each project. */
  readonly isSingle?: true;
  /** A thing with everything that people can set. `name` is new in the project. */
  readonly make: (place: Place, name: string) => Thing | Promise<Thing>;
  /** Ids of all that are there, as a restore calls them. */
  readonly ids: (place: Place) => Promise<readonly string[]>;
  /** As the service shows it by REST; undefined where it has none of the id. */
  readonly read: (place: Place, id: string) => Promise<JsonObject | undefined>;
  /** As somebody might change it, so that it is still the same thing. */
  readonly change: (place: Place, thing: Thing) => void | Promise<void>;
  /** Into the recycle bin, from where it comes back with its id. */
  readonly remove: ((place: Place, thing: Thing) => void) | DoesNotApply;
  /** For good. */
  readonly purge: (place: Place, thing: Thing) => void | Promise<void>;
  /** Whether `conflictPolicy: rename` makes a second one. */
  readonly beside: true | DoesNotApply;
  /** One that people take for the same, made by somebody else, with other content; the thing is gone. */
  readonly namesake: ((place: Place, thing: Thing) => Thing | Promise<Thing>) | DoesNotApply;
  /** Keeps it from the identity without an error, and gives it back. */
  readonly hide: ((place: Place, thing: Thing) => () => void) | DoesNotApply;
  /** How a run tells of what is hidden. */
  readonly hidden?: "gap" | "finding";
  readonly unreadable: (place: Place, thing: Thing) => Unreadable | Promise<Unreadable>;
  readonly dependent: Dependent | DoesNotApply;
  /** Requests that make a thing. */
  readonly isMaking: (exchange: Exchange) => boolean;
  /** What people have to enter again where it is made anew. */
  readonly secrets?: readonly string[];
  /** Members that hold whole numbers as ids of other kinds: path → kind. */
  readonly references?: Readonly<Record<string, string>>;
  /** It must not work until everything else is there: requests that switch it on, and how it is before. */
  readonly asleep?: {
    readonly isWaking: (exchange: Exchange) => boolean;
    readonly isAsleep: (shown: JsonObject) => boolean;
  };
  readonly differences: ExpectedDifferences;
}

/** What may come back differently, and always does: a difference that is declared and does not show fails the suite. */
export interface ExpectedDifferences {
  /** Of what was changed and set back. */
  readonly inPlace: readonly Difference[];
  /** Besides, of what came out of the recycle bin. */
  readonly undeleted?: readonly Difference[];
  /** Of what was made anew, wherever that is. */
  readonly anew: readonly Difference[];
  /** Besides, of a copy beside the thing. */
  readonly beside?: readonly Difference[];
  /** Besides, in another project. */
  readonly elsewhere?: readonly Difference[];
  /** Besides, in another organisation. */
  readonly abroad?: readonly Difference[];
}
