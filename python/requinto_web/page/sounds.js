// SPDX-License-Identifier: GPL-3.0-or-later
/** @file Sounds as samples, and what pictures show of them. */

import { getSound } from "./api.js";

const N_FRAMES_AT_ONCE = 1 << 20; // about 10 ms of work

/**
 * Return a decoded sound.
 * @param {"songs" | "extractions"} kind
 * @param {string} id
 * @param {number} revision
 * @param {number} sampleRate Hz, the song's
 */
export async function loadSound(kind, id, revision, sampleRate) {
  const file = await getSound(kind, id, revision);
  // It needs no permission to sound, and decodes at the song's rate
  return new OfflineAudioContext(1, 1, sampleRate).decodeAudioData(file);
}

/**
 * Return the heights of a waveform, 0 to 1, of the server's pairs.
 * @param {number[][]} peaks
 * @param {number} [scale] of the sound
 */
export const heightsOf = (peaks, scale = 1) =>
  Float32Array.from(peaks, ([low, high]) => scale * Math.max(Math.abs(low), Math.abs(high)));

/**
 * Return the heights of the waveform of original minus extracted, both as mono.
 * @param {AudioBuffer} original
 * @param {AudioBuffer} extracted
 * @param {number} scale of the extracted sound
 * @param {number} nPerS
 */
export async function heightsOfRest(original, extracted, scale, nPerS) {
  const length = Math.min(original.length, extracted.length);
  const hop = original.sampleRate / nPerS;
  const heights = new Float32Array(Math.max(1, Math.ceil(length / hop)));
  const channels = Array.from({ length: original.numberOfChannels }, (_, i) => [
    original.getChannelData(i),
    extracted.getChannelData(i),
  ]);
  for (let start = 0; start < length; start += N_FRAMES_AT_ONCE) {
    const end = Math.min(start + N_FRAMES_AT_ONCE, length);
    for (let i = start; i < end; i++) {
      let sum = 0;
      for (const [a, b] of channels) sum += a[i] - scale * b[i];
      const height = Math.abs(sum / channels.length);
      const index = Math.floor(i / hop);
      if (height > heights[index]) heights[index] = height;
    }
    await new Promise((resolve) => setTimeout(resolve)); // let the page move
  }
  return heights;
}
