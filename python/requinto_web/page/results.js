// SPDX-License-Identifier: GPL-3.0-or-later
/** @file The extractions of a song: their list, sensitivity, downloads. */

import * as api from "./api.js";
import { announce, element, make, quarters, showError } from "./dom.js";
import { capital, left } from "./format.js";

const SETTLE_MS = 250; // of a slider moved by keys
const WORDS = {
  waiting: "Waiting",
  running: "Extracting",
  rendering: "Applying sensitivity",
  done: "",
  failed: "Failed",
};

/**
 * The list, one of which is listened to.
 *
 * It dispatches `select` when another one is to be listened to, or the same one sounds
 * different; and `list` when one comes or goes.
 */
export class Results extends EventTarget {
  /** @param {api.Options} options */
  constructor(options) {
    super();
    this.options = options;
    /** @type {Map<string, Row>} */
    this.rows = new Map();
    /** @type {string | null} */
    this.selected = null;
    /** @type {number | null} the sensitivity that was chosen, until the server has it */
    this.chosen = null;
    this.timer = 0;
    this.#fillFormats();
    const slider = element("sensitivity");
    slider.addEventListener("input", () => {
      this.chosen = slider.valueAsNumber;
      this.#showSensitivity(this.chosen);
    });
    slider.addEventListener("change", () => {
      clearTimeout(this.timer);
      const row = this.selected && this.rows.get(this.selected);
      const value = slider.valueAsNumber;
      if (row) this.timer = setTimeout(() => void this.#setSensitivity(row, value), SETTLE_MS);
    });
  }

  clear() {
    clearTimeout(this.timer);
    for (const row of this.rows.values()) row.stop();
    this.rows.clear();
    this.selected = this.chosen = null;
    element("results").replaceChildren();
    showError("results-error", null);
    this.#show();
  }

  /** The identifiers, the earliest first. */
  get ids() {
    return [...this.rows.keys()];
  }

  get extraction() {
    return this.selected ? (this.rows.get(this.selected)?.extraction ?? null) : null;
  }

  /**
   * Add one, and follow it to its end.
   * @param {api.Extraction} extraction
   */
  add(extraction) {
    const row = new Row(extraction, {
      onState: () => this.#onState(row),
      onSelect: () => this.select(extraction.id),
      onRemove: () => void this.#remove(row),
    });
    this.rows.set(extraction.id, row);
    element("results").append(row.item);
    if (extraction.status === "done") this.#onState(row);
    else row.follow();
    this.#show();
    this.dispatchEvent(new Event("list"));
  }

  /** @param {string} id */
  select(id) {
    if (id !== this.selected) this.chosen = null;
    this.selected = id;
    this.#show();
    this.dispatchEvent(new Event("select"));
  }

  /** @param {Row} row */
  #onState(row) {
    const { id, status, title } = row.extraction;
    row.show();
    if (status === "done") {
      announce(`${title} is extracted.`);
      // Not another one than is listened to, unless it was wanted last
      const isWanted = !this.selected || this.selected === id || this.ids.at(-1) === id;
      if (isWanted) this.select(id);
    } else if (this.selected === id) {
      this.#show();
    }
  }

  /** @param {Row} row */
  async #remove(row) {
    const { id, title } = row.extraction;
    row.stop();
    this.rows.delete(id);
    row.item.remove();
    announce(`${title} is removed.`);
    if (this.selected === id) {
      this.selected = this.ids.find((other) => this.rows.get(other)?.extraction.revision) ?? null;
      this.dispatchEvent(new Event("select"));
    }
    this.#show();
    element("results-title").focus();
    this.dispatchEvent(new Event("list"));
    try {
      await api.remove("extractions", id);
    } catch (error) {
      const { status, message } = /** @type {api.ApiError} */ (error);
      if (status !== 404) showError("results-error", message);
    }
  }

  #show() {
    element("no-results").hidden = this.rows.size > 0;
    for (const [id, row] of this.rows) row.setSelected(id === this.selected);
    const { extraction } = this;
    element("result").hidden = !extraction;
    if (!extraction) return;
    // What arrives while the user moves it is of before
    if (this.chosen === extraction.sensitivity || extraction.status === "failed") this.chosen = null;
    const sensitivity = this.chosen ?? extraction.sensitivity;
    element("sensitivity").value = String(sensitivity);
    this.#showSensitivity(sensitivity);
    this.#showLinks();
  }

  /** @param {number} value */
  #showSensitivity(value) {
    element("sensitivity-value").textContent = `${Math.round(value * 100)} %`;
    element("sensitivity").style.setProperty("--share", String(value));
    element("sensitivity").setAttribute("aria-valuetext", `${Math.round(value * 100)} percent`);
  }

  /** @param {Row} row @param {number} value */
  async #setSensitivity(row, value) {
    if (row.extraction.sensitivity === value) return;
    showError("results-error", null);
    try {
      row.extraction = await api.setSensitivity(row.extraction.id, value);
      row.show();
      row.follow();
    } catch (error) {
      showError("results-error", /** @type {Error} */ (error).message);
      this.chosen = null;
      this.#show();
    }
  }

  #fillFormats() {
    for (const [i, format] of this.options.formats.entries()) {
      const input = make("input", { type: "radio", name: "format", value: format });
      input.checked = i === 0;
      element("formats").append(make("label", {}, [input, make("span", {}, [format.toUpperCase()])]));
    }
    element("formats").addEventListener("change", () => this.#showLinks());
    for (const id of ["get-extracted", "get-rest", "get-all"]) {
      element(id).addEventListener("click", (/** @type {MouseEvent} */ event) => {
        if (event.isTrusted) void this.#download(event);
      });
    }
  }

  // A browser would save the server's refusal as a file: so it is made before
  /** @param {MouseEvent} event */
  async #download(event) {
    const link = /** @type {HTMLAnchorElement} */ (event.currentTarget);
    event.preventDefault();
    showError("download-error", null);
    try {
      announce("The download is being made.");
      await api.makeDownload(link.pathname + link.search);
      link.click();
    } catch (error) {
      showError("download-error", /** @type {Error} */ (error).message);
    }
  }

  #showLinks() {
    if (!this.extraction) return;
    const chosen = document.querySelector("input[name=format]:checked");
    const format = /** @type {HTMLInputElement} */ (chosen).value;
    const links = api.links(this.extraction.id, format);
    element("get-extracted").href = links.extracted;
    element("get-rest").href = links.rest;
    element("get-all").href = links.all;
  }
}

/** One of the list. */
class Row {
  /**
   * @param {api.Extraction} extraction
   * @param {{onState: () => void, onSelect: () => void, onRemove: () => void}} calls
   */
  constructor(extraction, { onState, onSelect, onRemove }) {
    this.extraction = extraction;
    this.onState = onState;
    this.announceProgress = quarters(extraction.title);
    this.unfollow = () => {};
    this.title = make("button", { type: "button", class: "title", "aria-pressed": "false" });
    this.title.addEventListener("click", onSelect);
    this.drop = make("button", { type: "button", class: "quiet drop-result" });
    this.drop.addEventListener("click", onRemove);
    this.bar = make("progress", { max: "1", "aria-label": `Progress of ${extraction.title}` });
    this.step = make("span", { class: "faint step" });
    this.error = make("p", { class: "error", role: "alert" });
    this.item = make("li", {}, [this.title, this.drop, this.bar, this.step, this.error]);
    this.show();
  }

  follow() {
    this.stop();
    this.unfollow = api.follow(
      "extractions",
      this.extraction.id,
      (/** @type {api.Extraction} */ state) => {
        this.extraction = state;
        this.onState();
      },
      (error) => (this.error.textContent = error ? error.message : ""),
    );
  }

  stop() {
    this.unfollow();
  }

  show() {
    const { title, status, progress, seconds_left, message } = this.extraction;
    const isBusy = status !== "done" && status !== "failed";
    this.title.textContent = capital(title);
    this.title.disabled = !this.extraction.revision;
    this.step.textContent = isBusy ? [WORDS[status], left(seconds_left)].filter(Boolean).join(", ") : WORDS[status];
    this.bar.hidden = !isBusy;
    if (status === "waiting") this.bar.removeAttribute("value");
    else this.bar.value = progress;
    const word = isBusy && status !== "rendering" ? "Cancel" : "Remove";
    this.drop.textContent = word;
    this.drop.setAttribute("aria-label", `${word} ${title}`);
    this.error.textContent = status === "failed" ? message : "";
    if (status === "running") this.announceProgress(progress, left(seconds_left));
  }

  /** @param {boolean} isSelected */
  setSelected(isSelected) {
    this.item.classList.toggle("selected", isSelected);
    this.title.setAttribute("aria-pressed", String(isSelected));
  }
}
