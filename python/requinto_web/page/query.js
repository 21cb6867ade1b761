// SPDX-License-Identifier: GPL-3.0-or-later
/** @file What to extract: a name, a marked stretch, or a sound file. */

import * as api from "./api.js";
import { acceptDrops, element, make, showError } from "./dom.js";
import { capital } from "./format.js";

/** The form of a query. */
export class QueryForm {
  /**
   * @param {api.Options} options
   * @param {import("./timeline.js").Timeline} timeline
   * @param {import("./controls.js").Controls} controls
   * @param {(query: object) => Promise<void>} onQuery
   */
  constructor(options, timeline, controls, onQuery) {
    this.options = options;
    this.timeline = timeline;
    this.onQuery = onQuery;
    this.songId = "";
    this.duration = 0;
    /** @type {{id: string, name: string} | null} */
    this.reference = null;
    fill("target", options.targets, options.default_target, capital);
    fill("model", options.models, options.default_model, capital);
    fill("beats", options.beats_per_clip, options.default_beats_per_clip);
    const form = element("query");
    form.addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      void this.#submit();
    });
    for (const input of form.elements.kind) {
      input.addEventListener("change", () => this.#show());
    }
    element("target").addEventListener("change", () => this.#show());
    element("start-here").addEventListener("click", () => controls.mark("start"));
    element("end-here").addEventListener("click", () => controls.mark("end"));
    for (const side of ["start", "end"]) {
      element(`stretch-${side}`).addEventListener("change", () => this.#onTimes());
    }
    timeline.addEventListener("mark", () => this.#onMark());
    element("reference-file").addEventListener("change", (/** @type {any} */ event) => {
      const [file] = event.target.files;
      event.target.value = ""; // so that the same one can be chosen again
      if (file) void this.#takeReference(file);
    });
    acceptDrops(element("reference-drop"), (file) => void this.#takeReference(file));
  }

  /** @param {api.Song} song */
  open(song) {
    this.songId = song.id;
    this.duration = song.duration_s;
    this.reference = null;
    this.kind = "target";
    element("stretch-start").value = element("stretch-end").value = "";
    element("stretch-end").max = element("stretch-start").max = song.duration_s.toFixed(2);
    element("reference-name").textContent = "or drop it here: some seconds of the instrument alone";
    for (const id of ["stretch-error", "reference-error", "query-error"]) showError(id, null);
    this.#show();
  }

  get kind() {
    return element("query").elements.kind.value;
  }

  set kind(kind) {
    element("query").elements.kind.value = kind;
  }

  /** Show the part of the form that is chosen, and what the button will do. */
  #show() {
    for (const part of /** @type {NodeListOf<HTMLElement>} */ (
      document.querySelectorAll("#query [data-kind]")
    )) {
      part.hidden = part.dataset.kind !== this.kind;
    }
    element("extract").textContent = {
      target: `Extract ${element("target").value}`,
      stretch: "Extract what is marked",
      file: this.reference ? `Extract what is in ${this.reference.name}` : "Extract",
    }[/** @type {"target" | "stretch" | "file"} */ (this.kind)];
    showError("query-error", null);
  }

  #onMark() {
    const { mark } = this.timeline;
    if (mark) {
      setField("stretch-start", mark.start);
      setField("stretch-end", mark.end);
      this.kind = "stretch";
      this.#show();
    }
    this.#checkStretch();
  }

  #onTimes() {
    const stretch = this.#stretch();
    const isInside = stretch && stretch.start >= 0 && stretch.end <= this.duration;
    if (isInside && stretch.end > stretch.start) this.timeline.setMark(stretch);
    else this.#checkStretch();
  }

  /** @returns {import("./mixer.js").Stretch | null} */
  #stretch() {
    const [start, end] = [element("stretch-start"), element("stretch-end")];
    if (start.value === "" || end.value === "") return null;
    return { start: start.valueAsNumber, end: end.valueAsNumber };
  }

  /** Return whether the stretch can be a reference, and say why not. */
  #checkStretch(isAsked = false) {
    const stretch = this.#stretch();
    const { min_reference_s: min, max_reference_s: max } = this.options.limits;
    let text = null;
    if (!stretch) {
      text = isAsked ? "Nothing is marked. Drag over the waveform, or give a start and an end." : null;
    } else if (stretch.start < 0 || stretch.end > this.duration + 0.01) {
      text = `The song lasts ${this.duration.toFixed(2)} s. Give times within it.`;
    } else if (stretch.end <= stretch.start) {
      text = "The end is before the start.";
    } else if (stretch.end - stretch.start < min) {
      const length = (stretch.end - stretch.start).toFixed(2);
      text = `The marked stretch lasts ${length} s. Mark ${min} s or more.`;
    } else if (stretch.end - stretch.start > max + 0.01) {
      const length = (stretch.end - stretch.start).toFixed(0);
      text = `The marked stretch lasts ${length} s. Mark ${max} s or less.`;
    }
    showError("stretch-error", text);
    for (const side of ["start", "end"]) {
      element(`stretch-${side}`).setAttribute("aria-invalid", String(text !== null));
    }
    return stretch !== null && text === null;
  }

  /** @param {File} file */
  async #takeReference(file) {
    this.kind = "file";
    this.reference = null;
    this.#show();
    showError("reference-error", null);
    element("reference-name").textContent = `Sending ${file.name}…`;
    const { songId } = this;
    try {
      const reference = await api.upload(`/songs/${songId}/references`, file);
      if (songId !== this.songId) return;
      this.reference = reference;
      element("reference-name").textContent =
        `${reference.name}, ${reference.duration_s.toFixed(1)} s`;
      this.#show();
    } catch (error) {
      element("reference-name").textContent = "or drop it here";
      showError("reference-error", /** @type {Error} */ (error).message);
    }
  }

  /** @returns {object | null} */
  #query() {
    if (this.kind === "target") return { target: element("target").value };
    if (this.kind === "stretch") {
      const stretch = this.#checkStretch(true) ? this.#stretch() : null;
      return stretch && { start_s: stretch.start, end_s: Math.min(stretch.end, this.duration) };
    }
    if (this.reference) return { reference_id: this.reference.id };
    showError("reference-error", "Choose a sound file first, or drop one.");
    return null;
  }

  async #submit() {
    showError("query-error", null);
    const query = this.#query();
    if (!query) return;
    const button = element("extract");
    button.disabled = true;
    try {
      await this.onQuery({
        ...query,
        model: element("model").value,
        beats_per_clip: Number(element("beats").value),
      });
    } catch (error) {
      showError("query-error", /** @type {Error} */ (error).message);
    } finally {
      button.disabled = false;
    }
  }
}

/**
 * Show a time in a field, which somebody may be typing it in.
 * @param {string} id
 * @param {number} seconds
 */
function setField(id, seconds) {
  const field = element(id);
  if (!(Math.abs(field.valueAsNumber - seconds) < 0.005)) field.value = seconds.toFixed(2);
}

/**
 * Fill a list.
 * @param {string} id
 * @param {(string | number)[]} values
 * @param {string | number} chosen
 * @param {(name: string) => string} label
 */
function fill(id, values, chosen, label = (name) => name) {
  const options = values.map((value) => make("option", { value: String(value) }, [label(String(value))]));
  element(id).replaceChildren(...options);
  element(id).value = String(chosen);
}
