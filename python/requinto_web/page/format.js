// SPDX-License-Identifier: GPL-3.0-or-later
/** @file Numbers as words. */

/**
 * Minutes and seconds, such as 3:07.
 * @param {number} seconds
 * @param {number} [decimals] of the seconds
 */
export function clock(seconds, decimals = 0) {
  const scale = 10 ** decimals;
  const units = Math.floor(Math.max(0, seconds) * scale + 1e-6);
  const minutes = Math.floor(units / (60 * scale));
  const rest = ((units - minutes * 60 * scale) / scale).toFixed(decimals);
  return `${minutes}:${rest.padStart(decimals ? decimals + 3 : 2, "0")}`;
}

/**
 * A position for somebody who listens, such as "1 minute 7 seconds".
 * @param {number} seconds
 */
export function spoken(seconds) {
  const whole = Math.round(seconds);
  const [minutes, rest] = [Math.floor(whole / 60), whole % 60];
  const unit = (/** @type {number} */ n, /** @type {string} */ word) =>
    `${n} ${word}${n === 1 ? "" : "s"}`;
  return minutes ? `${unit(minutes, "minute")} ${unit(rest, "second")}` : unit(rest, "second");
}

/**
 * How long something still takes.
 * @param {number | null | undefined} seconds
 */
export function left(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 1) return "almost done";
  return seconds < 90 ? `${Math.ceil(seconds)} s left` : `${Math.ceil(seconds / 60)} min left`;
}

/**
 * A size of a file, such as 200 MB.
 * @param {number} bytes
 */
export function size(bytes) {
  const megabytes = bytes / 1e6;
  return megabytes < 1 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${Math.round(megabytes)} MB`;
}

/**
 * A time to which something is kept.
 * @param {number} unixSeconds
 */
export function until(unixSeconds) {
  const when = new Date(unixSeconds * 1000);
  const isToday = when.toDateString() === new Date().toDateString();
  const options = /** @type {Intl.DateTimeFormatOptions} */ (
    isToday ? { timeStyle: "short" } : { dateStyle: "long", timeStyle: "short" }
  );
  return (isToday ? "today, " : "") + new Intl.DateTimeFormat(undefined, options).format(when);
}

/**
 * A word with a capital.
 * @param {string} word
 */
export function capital(word) {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
