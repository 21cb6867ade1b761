// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * @file Original, extracted and rest out of two sounds that start at one time.
 *
 * The rest is the original minus the extracted sound, so tracks that are on with weights
 * o, e and r sound as (o + r) * original + (e - r) * extracted. Everything here works in
 * an OfflineAudioContext too.
 */

/**
 * @typedef {"original" | "extracted" | "rest"} Track
 * @typedef {{solo: Track | null, muted: Record<Track, boolean>}} Tracks
 * @typedef {{original: AudioBuffer, extracted: AudioBuffer | null, scale?: number}} Sounds
 *   `scale` brings the original to the level of the extracted sound: less than 1 where
 *   that was written more softly so as not to clip
 * @typedef {{start: number, end: number}} Stretch in seconds
 */

const RAMP_S = 0.01; // of a gain: short, and too long to click

/**
 * Return whether a track is to be audible.
 * @param {Tracks} tracks
 * @param {Track} track
 */
export const isOn = (tracks, track) =>
  tracks.solo ? tracks.solo === track : !tracks.muted[track];

/**
 * Return the gains of the two sounds.
 * @param {Tracks} tracks
 * @param {Sounds | null} sounds
 */
export function gainsOf(tracks, sounds) {
  if (!sounds?.extracted) return { original: 1, extracted: 0 };
  const [o, e, r] = /** @type {Track[]} */ (["original", "extracted", "rest"]).map((track) =>
    Number(isOn(tracks, track)),
  );
  return { original: (o + r) * (sounds.scale ?? 1), extracted: e - r };
}

/**
 * Return the first frame's time at or after a time.
 * @param {number} seconds
 * @param {number} rate Hz
 */
const toFrame = (seconds, rate) => Math.round(seconds * rate) / rate;

/** Two gains into one output. */
export class Mixer {
  /** @param {BaseAudioContext} context */
  constructor(context) {
    this.context = context;
    this.output = context.createGain();
    this.output.connect(context.destination);
    this.inputs = { original: context.createGain(), extracted: context.createGain() };
    this.inputs.extracted.gain.value = 0;
    for (const input of Object.values(this.inputs)) input.connect(this.output);
  }

  /**
   * Ramp to other gains, now; at once where nothing sounds.
   * @param {{original: number, extracted: number}} goals
   * @param {boolean} [atOnce]
   */
  setGains(goals, atOnce = false) {
    const now = this.context.currentTime;
    for (const name of /** @type {const} */ (["original", "extracted"])) {
      const { gain } = this.inputs[name];
      const value = gain.value;
      gain.cancelScheduledValues(now);
      if (atOnce) gain.setValueAtTime(goals[name], now);
      else gain.setValueAtTime(value, now).linearRampToValueAtTime(goals[name], now + RAMP_S);
    }
  }
}

/** Both sounds from one position on, once or in a loop. */
export class Voice {
  /**
   * @param {Mixer} mixer
   * @param {Sounds} sounds of one sample rate
   * @param {object} options
   * @param {number} options.at when it starts, in the context's seconds
   * @param {number} options.position in the sounds, in seconds
   * @param {Stretch | null} options.loop
   * @param {() => void} [options.onEnded] where the sounds end
   */
  constructor(mixer, sounds, { at, position, loop, onEnded }) {
    const { context } = mixer;
    const { sampleRate } = sounds.original;
    this.context = context;
    this.at = toFrame(at, context.sampleRate);
    this.position = toFrame(position, sampleRate);
    this.loop = loop && {
      start: toFrame(loop.start, sampleRate),
      end: toFrame(loop.end, sampleRate),
    };
    /** @type {{source: AudioBufferSourceNode, fade: GainNode}[]} */
    this.players = [];
    for (const name of /** @type {const} */ (["original", "extracted"])) {
      const buffer = sounds[name];
      if (buffer) this.players.push(this.#start(buffer, mixer.inputs[name]));
    }
    if (onEnded) this.players[0].source.onended = onEnded;
  }

  /**
   * @param {AudioBuffer} buffer
   * @param {AudioNode} output
   */
  #start(buffer, output) {
    const source = new AudioBufferSourceNode(this.context, { buffer });
    if (this.loop) {
      source.loop = true;
      source.loopStart = this.loop.start;
      source.loopEnd = this.loop.end;
    }
    const fade = this.context.createGain();
    fade.gain.setValueAtTime(0, this.at);
    fade.gain.linearRampToValueAtTime(1, this.at + RAMP_S);
    source.connect(fade).connect(output);
    source.start(this.at, this.position);
    return { source, fade };
  }

  /**
   * Return the position at a time of the context.
   * @param {number} time
   */
  positionAt(time) {
    const position = this.position + Math.max(0, time - this.at);
    if (!this.loop || position < this.loop.end) return position;
    const length = this.loop.end - this.loop.start;
    return this.loop.start + ((position - this.loop.start) % length);
  }

  /**
   * Fade out from a time on.
   * @param {number} at
   */
  stop(at) {
    for (const { source, fade } of this.players) {
      source.onended = () => fade.disconnect();
      // One that has not begun yet, when keys come fast, is left out
      fade.gain.cancelScheduledValues(at);
      fade.gain.setValueAtTime(at <= this.at ? 0 : Math.min(1, (at - this.at) / RAMP_S), at);
      fade.gain.linearRampToValueAtTime(0, at + RAMP_S);
      source.stop(at + RAMP_S);
    }
  }

  /** Be silent at once, as if it had never started. */
  cancel() {
    for (const { source, fade } of this.players) {
      source.onended = null;
      fade.disconnect();
      source.stop();
    }
  }
}
