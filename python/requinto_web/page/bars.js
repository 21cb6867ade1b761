// SPDX-License-Identifier: GPL-3.0-or-later
/** @file Beats and bars of a song. */

const NEAR_S = 0.02; // what lies this near before a line is on it

/**
 * Return the index of the last time at or before a position, or -1.
 * @param {number[]} times ascending, in seconds
 * @param {number} position seconds
 */
export function indexAt(times, position) {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= position + NEAR_S) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Where beats and bars lie; a song may have none. */
export class Bars {
  /**
   * @param {number[]} beats seconds, ascending
   * @param {number[]} downbeats seconds, ascending
   * @param {number} duration seconds
   */
  constructor(beats, downbeats, duration) {
    this.beats = beats;
    this.downbeats = downbeats.filter((time) => time < duration);
    this.duration = duration;
  }

  /**
   * Return the number of a bar, from 1; 0 before the first.
   * @param {number} position seconds
   */
  numberAt(position) {
    return indexAt(this.downbeats, position) + 1;
  }

  /**
   * Return the bar around a position: the whole song where there are no bars.
   * @param {number} position seconds
   * @returns {import("./mixer.js").Stretch}
   */
  barAt(position) {
    const index = indexAt(this.downbeats, position);
    return {
      start: this.downbeats[index] ?? 0,
      end: this.downbeats[index + 1] ?? this.duration,
    };
  }

  /**
   * Return the position some beats or bars away; by seconds where there are none.
   * @param {number} position seconds
   * @param {"beat" | "bar"} unit
   * @param {1 | -1} direction
   */
  stepFrom(position, unit, direction) {
    const times = unit === "beat" ? this.beats : this.downbeats;
    if (times.length < 2) return position + direction * (unit === "beat" ? 1 : 5);
    const index = indexAt(times, position);
    if (direction > 0) return times[index + 1] ?? this.duration;
    const isOnLine = index >= 0 && position - times[index] <= NEAR_S;
    return times[isOnLine ? index - 1 : index] ?? 0;
  }
}
