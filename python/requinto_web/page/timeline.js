// SPDX-License-Identifier: GPL-3.0-or-later
/** @file The picture of the song: waveforms over a spectrogram, bars, a marked stretch. */

import WaveSurfer from "./vendor/wavesurfer.esm.js";
import RegionsPlugin from "./vendor/regions.esm.js";
import { Bars } from "./bars.js";
import { element, make } from "./dom.js";
import { clock, spoken } from "./format.js";
import { PlayerMedia } from "./media.js";
import { isOn } from "./mixer.js";
import { paintSpectrum } from "./spectrum.js";
import { timelineSheet } from "./timeline_style.js";

/** @typedef {import("./mixer.js").Track} Track */

const SVG = "http://www.w3.org/2000/svg";
const MAX_PX_PER_S = 240;
const MAX_GAIN = 8; // of the waveforms of a soft song
const LABEL_PX = 44; // between two numbers of bars
const TRACKS = /** @type {Track[]} */ (["original", "extracted", "rest"]);
const COLOURS = {
  original: { waveColor: "#8d9098", progressColor: "#d6d7d9" },
  extracted: { waveColor: "#b67e00", progressColor: "#ffb000" },
  rest: { waveColor: "#6f7279", progressColor: "#a9acb2" },
  silent: { waveColor: "#3f434b", progressColor: "#4b4f58" },
};

/**
 * The waveforms and what lies under them.
 *
 * It dispatches `mark` when a stretch was marked, by the pointer or not.
 */
export class Timeline extends EventTarget {
  /**
   * @param {HTMLElement} container
   * @param {import("./player.js").Player} player
   */
  constructor(container, player) {
    super();
    this.container = container;
    this.player = player;
    this.media = new PlayerMedia(player);
    this.bars = new Bars([], [], 0);
    /** @type {Partial<Record<Track, Float32Array>>} */
    this.heights = {};
    /** @type {import("./mixer.js").Stretch | null} */
    this.mark = null;
    this.zoomLevel = 0;
    /** @type {any} what wavesurfer's typings leave open */
    this.surfer = null;
    player.addEventListener("tracks", () => this.#paintLanes());
    for (const type of ["position", "state"]) {
      player.addEventListener(type, () => this.#describe());
    }
    element("zoom-in").addEventListener("click", () => this.zoom(1));
    element("zoom-out").addEventListener("click", () => this.zoom(-1));
    element("scroll").addEventListener("input", () => this.#scrollTo(element("scroll").value));
  }

  /**
   * Show a song.
   * @param {Float32Array} heights
   * @param {Bars} bars
   */
  open(heights, bars) {
    this.surfer?.destroy();
    this.bars = bars;
    this.heights = { original: heights };
    this.region = null;
    this.zoomLevel = 0;
    this.container.parentElement?.classList.remove("has-result");
    this.surfer = WaveSurfer.create({
      container: this.container,
      media: /** @type {any} */ (this.media),
      peaks: [heights],
      duration: bars.duration,
      height: this.#laneHeight(false),
      barHeight: Math.min(MAX_GAIN, 0.95 / heights.reduce((a, b) => Math.max(a, b), 1e-6)),
      splitChannels: [COLOURS.original],
      cursorColor: "#ffffff",
      cursorWidth: 2,
      autoCenter: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    });
    this.#addStyle();
    this.#addPicture();
    this.#addSlider();
    this.#addRegions();
    this.surfer.on("redraw", () => this.#layRuler());
    this.surfer.on("resize", () => this.#onResize());
    this.surfer.on("scroll", () => this.#showScroll());
    this.surfer.on("timeupdate", () => this.dispatchEvent(new Event("time")));
    this.#showZoom();
    this.setMark(null);
  }

  /**
   * Show what is extracted, or with null the song alone.
   * @param {{extracted: Float32Array, rest: Float32Array | null} | null} heights
   */
  setExtracted(heights) {
    const { original } = this.heights;
    this.heights = heights
      ? { original, extracted: heights.extracted, rest: heights.rest ?? undefined }
      : { original };
    this.#paintLanes();
  }

  /**
   * Show a spectrogram, and what is extracted in it.
   * @param {ImageData} song
   * @param {ImageData | null} extracted
   */
  setSpectrum(song, extracted) {
    if (this.picture) paintSpectrum(this.picture, song, extracted);
  }

  /**
   * Mark a stretch, or none.
   * @param {import("./mixer.js").Stretch | null} stretch
   */
  setMark(stretch) {
    this.mark = stretch;
    if (!stretch) {
      this.region?.remove();
      this.region = null;
    } else if (this.region) {
      this.region.setOptions(stretch);
    } else {
      this.region = this.regions.addRegion({ ...stretch, color: "var(--mark)" });
    }
    this.dispatchEvent(new Event("mark"));
  }

  /** @param {1 | -1} direction */
  zoom(direction) {
    if (!this.surfer) return;
    const fit = this.surfer.getWidth() / this.bars.duration;
    const max = Math.max(0, Math.ceil(Math.log2(MAX_PX_PER_S / fit)));
    this.zoomLevel = Math.max(0, Math.min(this.zoomLevel + direction, max));
    this.surfer.zoom(this.zoomLevel ? Math.min(MAX_PX_PER_S, fit * 2 ** this.zoomLevel) : 0);
    this.#showZoom(max);
    const width = this.surfer.getWrapper().clientWidth;
    const left = (this.player.position / this.bars.duration) * width - this.surfer.getWidth() / 2;
    this.surfer.setScroll(left);
    this.#showScroll();
  }

  #root() {
    return /** @type {ShadowRoot} */ (this.surfer.getWrapper().getRootNode());
  }

  // The page's policy lets no library write a style into it: it is taken as a sheet
  #addStyle() {
    const root = this.#root();
    const library = new CSSStyleSheet();
    library.replaceSync(root.querySelector("style")?.textContent ?? "");
    root.adoptedStyleSheets = [library, timelineSheet()];
  }

  #addPicture() {
    this.picture = make("canvas", { class: "spectrum", part: "spectrum" });
    this.ruler = make("div", { class: "ruler" });
    const lines = document.createElementNS(SVG, "svg");
    lines.setAttribute("class", "lines");
    lines.setAttribute("viewBox", `0 0 ${this.bars.duration} 1`);
    lines.setAttribute("preserveAspectRatio", "none");
    for (const [name, times] of Object.entries({
      beat: this.bars.beats,
      bar: this.bars.downbeats,
    })) {
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("class", name);
      path.setAttribute("d", times.map((time) => `M${time} 0V1`).join(""));
      lines.append(path);
    }
    this.surfer.getWrapper().append(this.ruler, this.picture, lines);
  }

  // The part that scrolls takes keys, so that it can be reached
  #addSlider() {
    this.slider = /** @type {HTMLElement} */ (this.#root().querySelector(".scroll"));
    for (const [name, value] of Object.entries({
      role: "slider",
      tabindex: "0",
      "aria-label": "Position in the song",
      "aria-valuemin": "0",
      "aria-valuemax": this.bars.duration.toFixed(2),
    })) {
      this.slider.setAttribute(name, value);
    }
    this.slider.addEventListener("keydown", (event) => this.#onKey(event));
    this.#describe();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const { position, duration } = this.player;
    const unit = event.shiftKey ? "bar" : "beat";
    /** @type {Record<string, () => number>} */
    const goals = {
      ArrowLeft: () => this.bars.stepFrom(position, unit, -1),
      ArrowDown: () => this.bars.stepFrom(position, unit, -1),
      ArrowRight: () => this.bars.stepFrom(position, unit, 1),
      ArrowUp: () => this.bars.stepFrom(position, unit, 1),
      PageDown: () => this.bars.stepFrom(position, "bar", -1),
      PageUp: () => this.bars.stepFrom(position, "bar", 1),
      Home: () => 0,
      End: () => duration,
    };
    const goal = goals[event.key];
    if (!goal) return;
    event.preventDefault();
    this.player.seek(goal());
  }

  // While it plays, not each moment: a screen reader would read each
  #describe() {
    if (!this.slider) return;
    const { position } = this.player;
    const bar = this.bars.numberAt(position);
    this.slider.setAttribute("aria-valuenow", position.toFixed(2));
    this.slider.setAttribute("aria-valuetext", spoken(position) + (bar ? `, bar ${bar}` : ""));
  }

  #addRegions() {
    this.regions = this.surfer.registerPlugin(RegionsPlugin.create());
    this.regions.enableDragSelection({ color: "var(--mark)" });
    const take = (/** @type {any} */ region) => {
      if (this.region && this.region !== region) this.region.remove();
      this.region = region;
      this.mark = { start: region.start, end: region.end };
    };
    this.regions.on("region-created", (/** @type {any} */ region) => {
      take(region);
      this.dispatchEvent(new Event("mark"));
    });
    this.regions.on("region-updated", (/** @type {any} */ region) => {
      take(region);
      this.dispatchEvent(new Event("mark"));
    });
  }

  // As high as the heads beside them, which are higher for thumbs
  /** @param {boolean} hasExtracted */
  #laneHeight(hasExtracted) {
    const name = hasExtracted ? "--lane" : "--lane-alone";
    return parseInt(getComputedStyle(this.container).getPropertyValue(name), 10);
  }

  #paintLanes() {
    if (!this.surfer) return;
    const hasExtracted = Boolean(this.heights.extracted);
    this.container.parentElement?.classList.toggle("has-result", hasExtracted);
    const tracks = hasExtracted ? TRACKS : TRACKS.slice(0, 1);
    const silence = new Float32Array(1);
    this.surfer.setOptions({
      height: this.#laneHeight(hasExtracted),
      splitChannels: tracks.map((track) =>
        hasExtracted && !isOn(this.player.tracks, track) ? COLOURS.silent : COLOURS[track],
      ),
    });
    // wavesurfer's options do not take other waveforms, whatever they say
    const peaks = tracks.map((track) => this.heights[track] ?? silence);
    void this.surfer.load("", peaks, this.bars.duration).catch(() => {}); // of an earlier one
  }

  #onResize() {
    const height = this.#laneHeight(Boolean(this.heights.extracted));
    if (height !== this.surfer.options.height) this.surfer.setOptions({ height });
  }

  // Numbers of bars, or times where there are no bars, as many as there is room for
  #layRuler() {
    const width = this.surfer.getWrapper().clientWidth;
    const { downbeats, duration } = this.bars;
    const hasBars = downbeats.length > 1;
    const step = hasBars ? (downbeats[downbeats.length - 1] - downbeats[0]) / (downbeats.length - 1) : 1;
    let every = 1;
    while (every * step * (width / duration) < LABEL_PX) every *= 2;
    const labels = [];
    const n = hasBars ? downbeats.length : Math.floor(duration) + 1;
    for (let i = 0; i < n; i += every) {
      const label = make("span", {}, [hasBars ? String(i + 1) : clock(i)]);
      label.style.left = `${((hasBars ? downbeats[i] : i) / duration) * 100}%`;
      labels.push(label);
    }
    this.ruler.replaceChildren(...labels);
  }

  #showZoom(max = 1) {
    element("zoom-out").disabled = this.zoomLevel === 0;
    element("zoom-in").disabled = this.zoomLevel >= max;
    element("view").hidden = this.zoomLevel === 0;
  }

  #showScroll() {
    const hidden = this.surfer.getWrapper().clientWidth - this.surfer.getWidth();
    if (hidden > 0) element("scroll").value = this.surfer.getScroll() / hidden;
  }

  /** @param {string} share */
  #scrollTo(share) {
    const hidden = this.surfer.getWrapper().clientWidth - this.surfer.getWidth();
    this.surfer.setScroll(Number(share) * hidden);
  }
}
