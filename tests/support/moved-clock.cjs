/* global process */
// @ts-check
/**
 * Loaded before a program (`node --require`): its clock goes as many milliseconds wrong as the file MOVED_CLOCK_FILE
 * says, now and whenever it is written again.
 */
const { readFileSync } = require("node:fs");

const file = process.env.MOVED_CLOCK_FILE ?? "";
const RealDate = Date;

function now() {
  return RealDate.now() + Number(readFileSync(file, "utf8"));
}

globalThis.Date = /** @type {DateConstructor} */ (
  new Proxy(RealDate, {
    construct: (target, values, own) => Reflect.construct(target, values.length === 0 ? [now()] : values, own),
    get: (target, name) => (name === "now" ? now : Reflect.get(target, name)),
  })
);
