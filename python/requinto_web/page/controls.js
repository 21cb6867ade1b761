// SPDX-License-Identifier: GPL-3.0-or-later
/** @file Buttons and keys of playback. */

import { announce, element } from "./dom.js";
import { clock } from "./format.js";
import { isOn } from "./mixer.js";

/** @typedef {import("./mixer.js").Track} Track */

const TRACK_OF_KEY = /** @type {Record<string, Track>} */ ({
  1: "original",
  2: "extracted",
  3: "rest",
});
const SETTING = "requinto-keys"; // "off" where keys without a modifier are not wanted

/** Playback as the user sees it. */
export class Controls {
  /**
   * @param {import("./player.js").Player} player
   * @param {import("./timeline.js").Timeline} timeline
   */
  constructor(player, timeline) {
    this.player = player;
    this.timeline = timeline;
    this.loopKind = "off";
    element("play").addEventListener("click", () => this.togglePlay());
    for (const button of document.querySelectorAll(".solo")) {
      button.addEventListener("click", () => player.toggleSolo(trackOf(button)));
    }
    for (const button of document.querySelectorAll(".mute")) {
      button.addEventListener("click", () => player.toggleMuted(trackOf(button)));
    }
    element("loop").addEventListener("change", (/** @type {any} */ event) =>
      this.setLoop(event.target.value),
    );
    player.addEventListener("state", () => this.#showState());
    player.addEventListener("sounds", () => this.#showSounds());
    player.addEventListener("tracks", () => this.#showTracks());
    player.addEventListener("position", () => this.#showPosition());
    player.addEventListener("loop", () => this.#showLoop());
    timeline.addEventListener("time", () => this.#showPosition());
    timeline.addEventListener("mark", () => this.#onMark());
    this.#listenToKeys();
  }

  async togglePlay() {
    if (this.player.isPlaying) this.player.pause();
    else await this.player.play();
  }

  /** @param {string} kind "off", "bar", "marked" or "all" */
  setLoop(kind) {
    const { player, timeline } = this;
    this.loopKind = kind;
    if (kind === "bar") player.setLoop(timeline.bars.barAt(player.position));
    else if (kind === "marked") player.setLoop(timeline.mark);
    else if (kind === "all") player.setLoop({ start: 0, end: player.duration });
    else player.setLoop(null);
  }

  #onMark() {
    const { mark } = this.timeline;
    const isLong = mark !== null && mark.end - mark.start > 0.02;
    const choice = document.querySelector("input[name=loop][value=marked]");
    /** @type {HTMLInputElement} */ (choice).disabled = !isLong;
    if (this.loopKind === "marked") this.setLoop(isLong ? "marked" : "off");
  }

  #showState() {
    const { isPlaying } = this.player;
    element("play").classList.toggle("playing", isPlaying);
    element("play-word").textContent = isPlaying ? "Pause" : "Play";
    this.#showPosition();
  }

  #showSounds() {
    const { sounds } = this.player;
    element("play").disabled = !sounds;
    element("duration").textContent = clock(this.player.duration);
    this.#showPosition();
    this.#showTracks();
  }

  #showTracks() {
    const { tracks, sounds } = this.player;
    const hasExtracted = Boolean(sounds?.extracted);
    for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (
      document.querySelectorAll(".solo, .mute")
    )) {
      const track = trackOf(button);
      const isSolo = button.classList.contains("solo");
      const isPressed = isSolo ? tracks.solo === track : tracks.muted[track];
      button.disabled = !hasExtracted;
      button.setAttribute("aria-pressed", String(hasExtracted && isPressed));
      button.parentElement?.classList.toggle("silent", hasExtracted && !isOn(tracks, track));
    }
  }

  #showPosition() {
    const { position } = this.player;
    element("position").textContent = clock(position, 2);
    const { bars } = this.timeline;
    const number = bars.numberAt(position);
    element("bar").textContent = bars.downbeats.length ? `Bar ${number || "–"}` : "";
  }

  #showLoop() {
    if (!this.player.loop) this.loopKind = "off";
    const choice = document.querySelector(`input[name=loop][value=${this.loopKind}]`);
    /** @type {HTMLInputElement} */ (choice).checked = true;
  }

  #listenToKeys() {
    const isWanted = element("keys-on");
    isWanted.checked = localStorage.getItem(SETTING) !== "off";
    isWanted.addEventListener("change", () =>
      localStorage.setItem(SETTING, isWanted.checked ? "on" : "off"),
    );
    element("show-keys").addEventListener("click", () => element("keys").showModal());
    document.addEventListener("keydown", (event) => {
      const isOurs = !event.ctrlKey && !event.altKey && !event.metaKey && !hasFocus();
      if (isOurs && isWanted.checked && !element("work").hidden) this.#onKey(event);
    });
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const { player, timeline } = this;
    const { position } = player;
    const track = TRACK_OF_KEY[event.key];
    /** @type {Record<string, () => void>} */
    const actions = {
      " ": () => this.togglePlay(),
      l: () => {
        this.setLoop(player.loop ? "off" : "bar");
        announce(player.loop ? `Looping bar ${timeline.bars.numberAt(position)}` : "Loop off");
      },
      "[": () => this.mark("start"),
      "]": () => this.mark("end"),
      "+": () => timeline.zoom(1),
      "=": () => timeline.zoom(1),
      "-": () => timeline.zoom(-1),
      "?": () => element("keys").showModal(),
    };
    if (track && player.sounds?.extracted) {
      player.toggleSolo(track);
      announce(player.tracks.solo ? `Solo ${track}` : "Solo off");
    } else if (event.key.toLowerCase() in actions) {
      actions[event.key.toLowerCase()]();
    } else {
      return;
    }
    event.preventDefault();
  }

  /**
   * Start or end the marked stretch at the position.
   * @param {"start" | "end"} side
   */
  mark(side) {
    const { position, duration } = this.player;
    const before = this.timeline.mark ?? { start: 0, end: duration };
    const stretch = { ...before, [side]: position };
    if (stretch.end < stretch.start) stretch[side === "start" ? "end" : "start"] = position;
    this.timeline.setMark(stretch);
    announce(`Marked from ${stretch.start.toFixed(2)} to ${stretch.end.toFixed(2)} seconds`);
  }
}

/**
 * @param {Element} button
 * @returns {Track}
 */
const trackOf = (button) => /** @type {any} */ (button).dataset.track;

/** Return whether keys belong to a control or to a dialog. */
function hasFocus() {
  const active = document.activeElement;
  if (element("keys").open) return true;
  // The waveform takes arrows, and nothing else
  const isFree = !active || active === document.body || active.id === "main";
  return !isFree && !active.closest("#timeline");
}
