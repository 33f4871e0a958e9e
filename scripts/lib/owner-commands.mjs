// @ts-check
/**
 * `npm run vault -- acknowledge` and `expect`: what the owner says of alarms, signed into the log. The owner key comes by
 * environment only; it signs, and opens nothing.
 */
import { readFileSync } from "node:fs";

/**
 * @typedef {{ store: any, cryptography: any }} Container
 * @typedef {{ selectors: string[], code?: string[] | undefined, stream?: string[] | undefined, hours?: string | undefined, until?: string | undefined }} Options
 * @typedef {{ engine: any, container: Container, vault: string, pins: object, print: (line: string) => void }} Place
 */

const defaultHours = 24;

/** @param {Place} place @param {Options} options */
export async function acknowledge(place, { selectors, code, stream }) {
  const [snapshot, ...others] = selectors;
  if (snapshot === undefined || others.length > 0)
    throw new Error(
      "Name one snapshot, by its id or the number of its log entry: npm run vault -- acknowledge <snapshot>",
    );
  const { engine, print } = place;
  const { log, append } = await openAsOwner(place, "acknowledge");
  const request = { snapshot, codes: code ?? [], streams: stream ?? [] };
  const planned = engine.planAcknowledgement(log, request);
  const { run, at } = planned.alarms[0];
  print(`Alarms of snapshot ${run} of ${at.slice(0, 19)}Z that will be acknowledged:`);
  for (const { anomaly } of planned.alarms) print(`  ${describe(anomaly)}`);
  const entry = await engine.appendAnswer(
    append,
    log,
    async (/** @type {any} */ newest) => engine.planAcknowledgement(newest, request).body,
  );
  print(`Acknowledged in log entry ${entry.entry.seq}, signed by ${entry.signer}`);
}

/** @param {Place} place @param {Options} options */
export async function expect(place, { selectors, code, hours, until }) {
  if (selectors.length > 0) throw new Error(`expect takes no ${selectors[0]}: name codes with --code`);
  const { engine, container, print } = place;
  const { log, append } = await openAsOwner(place, "expect");
  const end = (/** @type {Date} */ now) => endOf({ hours, until }, now);
  const plan = async () => {
    const now = await container.store.serviceTime();
    return engine.planAnnouncement({ codes: code ?? [], until: end(now) }, now);
  };
  const { expect: planned } = await plan();
  print(`Alarms that backups until ${planned.until} will take for notes: ${planned.codes.join(", ")}`);
  const entry = await engine.appendAnswer(append, log, plan);
  print(`Announced in log entry ${entry.entry.seq}, signed by ${entry.signer}`);
}

/** @param {Place} place @param {"acknowledge" | "expect"} kind */
async function openAsOwner({ engine, container, vault, pins }, kind) {
  const { OWNER_KEY: ownerKey } = process.env;
  if (!ownerKey) throw new Error("OWNER_KEY is not set: only the owner key may sign this. Give it by environment");
  const { store, cryptography } = container;
  const owner = await engine.parseOwnerKey(ownerKey, cryptography, "OWNER_KEY");
  const place = { store, cryptography, vault, ...pins };
  const log = await engine.readLog(place);
  engine.requireOwner(log, { signer: owner.signer, kind });
  const signing = { signingSeed: owner.signingSeed, signer: owner.signer };
  const by = { tool: toolVersion(), build: "command line", run: kind };
  return { log, append: { ...place, clock: engine.systemClock, signing, by } };
}

/** @param {Pick<Options, "hours" | "until">} options @param {Date} now */
function endOf({ hours, until }, now) {
  if (hours !== undefined && until !== undefined) throw new Error("Give --hours or --until, not both");
  if (until === undefined) {
    const count = hours === undefined ? defaultHours : Number(hours);
    if (!(count > 0)) throw new Error(`--hours is ${hours}: give a number of hours, at most 72`);
    return new Date(now.getTime() + count * 3_600_000);
  }
  // A day without a time is its end.
  const text = /^\d{4}-\d{2}-\d{2}$/.test(until) ? `${until}T23:59:59Z` : until;
  if (!/^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:\d{2})$/.test(text) || Number.isNaN(Date.parse(text)))
    throw new Error(`--until is ${until}: give a time such as ${now.toISOString()}, or a day`);
  return new Date(text);
}

/** @param {{ code: string, n: number, of?: number, streams?: readonly string[], since?: string }} anomaly */
function describe({ code, n, of, streams = [], since }) {
  const parts = [`${code}: ${n}${of === undefined ? "" : ` of ${of}`}`, ...streams];
  return `${parts.join("  ")}${since === undefined ? "" : `  since ${since}`}`;
}

function toolVersion() {
  return JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).version;
}
