// SPDX-License-Identifier: GPL-3.0-or-later
/** @file Playing, seeking, looping and exchanging what is played. */

import { gainsOf, Mixer, Voice } from "./mixer.js";

/** @typedef {import("./mixer.js").Track} Track */
/** @typedef {import("./mixer.js").Sounds} Sounds */
/** @typedef {import("./mixer.js").Stretch} Stretch */

// From a call to its sound: by then the audio thread must know both sources, or they would
// not start together
const AHEAD_S = 0.03;
const MAX_AHEAD_S = 1;

/**
 * Return a context at a rate, or at the system's where that cannot be.
 * @param {number} sampleRate Hz
 */
function openContext(sampleRate) {
  try {
    return new AudioContext({ sampleRate, latencyHint: "interactive" });
  } catch {
    return new AudioContext();
  }
}

/**
 * One song and what is extracted of it.
 *
 * It dispatches `state` (playing or not), `position` (after a jump), `loop`, `tracks` and
 * `sounds`.
 */
export class Player extends EventTarget {
  constructor() {
    super();
    /** @type {AudioContext | null} */
    this.context = null;
    /** @type {Mixer | null} */
    this.mixer = null;
    /** @type {Voice | null} */
    this.voice = null;
    /** @type {Sounds | null} */
    this.sounds = null;
    this.duration = 0;
    /** @type {Stretch | null} */
    this.loop = null;
    /** @type {import("./mixer.js").Tracks} */
    this.tracks = { solo: null, muted: { original: true, extracted: false, rest: false } };
    this.restingAt = 0;
  }

  get isPlaying() {
    return this.voice !== null;
  }

  /** What is audible now, in seconds. */
  get position() {
    if (!this.voice || !this.context) return this.restingAt;
    const late = this.context.outputLatency || 0;
    return Math.min(this.duration, this.voice.positionAt(this.context.currentTime - late));
  }

  /**
   * Take another song, which does not sound yet.
   * @param {number} duration seconds
   */
  open(duration) {
    this.close();
    this.duration = duration;
    this.tracks = { solo: null, muted: { original: true, extracted: false, rest: false } };
    this.#tell("tracks", "sounds");
  }

  close() {
    this.pause();
    void this.context?.close();
    this.context = this.mixer = this.sounds = this.loop = null;
    this.restingAt = 0;
    this.#tell("loop", "position", "sounds");
  }

  /**
   * Exchange the sounds; while it plays, at the same position.
   * @param {Sounds} sounds
   */
  setSounds(sounds) {
    this.sounds = sounds;
    this.mixer?.setGains(this.#gains(), !this.isPlaying);
    if (this.isPlaying) this.#restart();
    this.#tell("sounds");
  }

  async play() {
    if (!this.sounds || this.isPlaying) return;
    if (!this.context) {
      this.context = openContext(this.sounds.original.sampleRate);
      this.mixer = new Mixer(this.context);
    }
    this.mixer?.setGains(this.#gains(), true);
    if (this.restingAt >= this.duration - 0.01) this.restingAt = 0;
    await this.context.resume();
    if (this.sounds && !this.isPlaying) this.#restart(this.restingAt);
    this.#tell("state");
  }

  pause() {
    if (!this.voice || !this.context) return;
    this.restingAt = this.position;
    this.voice.stop(this.context.currentTime);
    this.voice = null;
    this.#tell("state", "position");
  }

  /** @param {number} position seconds */
  seek(position) {
    const target = Math.max(0, Math.min(position, this.duration));
    this.restingAt = target;
    if (this.loop && (target < this.loop.start || target >= this.loop.end)) {
      this.loop = null; // whoever goes elsewhere wants to hear what is there
      this.#tell("loop");
    }
    if (this.isPlaying) this.#restart(target);
    this.#tell("position");
  }

  /** @param {Stretch | null} loop */
  setLoop(loop) {
    const position = this.position;
    const isOutside = loop && (position < loop.start || position >= loop.end);
    this.loop = loop;
    if (isOutside) this.restingAt = loop.start;
    if (this.isPlaying) this.#restart(isOutside ? loop.start : undefined);
    this.#tell("loop", "position");
  }

  /** @param {Track} track */
  toggleSolo(track) {
    this.tracks.solo = this.tracks.solo === track ? null : track;
    this.#applyTracks();
  }

  /** @param {Track} track */
  toggleMuted(track) {
    this.tracks.muted[track] = !this.tracks.muted[track];
    this.#applyTracks();
  }

  #applyTracks() {
    this.mixer?.setGains(this.#gains(), !this.isPlaying);
    this.#tell("tracks");
  }

  #gains() {
    return gainsOf(this.tracks, this.sounds);
  }

  /** @param {number} [position] where it goes on, or where it is by then */
  #restart(position) {
    const { context, mixer, sounds, voice: before } = this;
    if (!context || !mixer || !sounds) return;
    for (let ahead = AHEAD_S; ; ahead *= 2) {
      const at = context.currentTime + ahead;
      const from = position ?? before?.positionAt(at) ?? this.restingAt;
      const voice = new Voice(mixer, sounds, {
        at,
        position: Math.min(from, this.duration),
        loop: this.loop,
        onEnded: () => {
          if (this.voice === voice) this.#end();
        },
      });
      // Where this thread was held up meanwhile, later again
      if (context.currentTime < voice.at || ahead > MAX_AHEAD_S) {
        before?.stop(at);
        this.voice = voice;
        return;
      }
      voice.cancel();
    }
  }

  #end() {
    this.voice = null;
    this.restingAt = this.duration;
    this.#tell("state", "position");
  }

  /** @param {...string} types */
  #tell(...types) {
    for (const type of types) this.dispatchEvent(new Event(type));
  }
}
