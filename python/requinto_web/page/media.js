// SPDX-License-Identifier: GPL-3.0-or-later
/** @file The player as wavesurfer wants a media element. */

/**
 * What wavesurfer reads of a media element and does with one, over a player.
 *
 * Its events are those of a media element; `readyState` says that it can always play.
 */
export class PlayerMedia extends EventTarget {
  /** @param {import("./player.js").Player} player */
  constructor(player) {
    super();
    this.player = player;
    this.src = "";
    this.currentSrc = "";
    this.readyState = 4; // HAVE_ENOUGH_DATA
    this.seeking = false;
    this.volume = 1;
    this.muted = false;
    this.playbackRate = 1;
    this.error = null;
    player.addEventListener("state", () => {
      this.#tell(player.isPlaying ? "play" : "pause", "timeupdate");
    });
    player.addEventListener("position", () => this.#tell("seeking", "timeupdate", "seeked"));
  }

  get currentTime() {
    return this.player.position;
  }

  set currentTime(seconds) {
    this.player.seek(seconds);
  }

  get duration() {
    return this.player.duration;
  }

  get paused() {
    return !this.player.isPlaying;
  }

  get ended() {
    return this.paused && this.player.position >= this.player.duration;
  }

  play() {
    return this.player.play();
  }

  pause() {
    this.player.pause();
  }

  canPlayType() {
    return "";
  }

  load() {}
  remove() {}
  removeAttribute() {}

  /** @param {...string} types */
  #tell(...types) {
    for (const type of types) this.dispatchEvent(new Event(type));
  }
}
