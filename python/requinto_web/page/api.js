// SPDX-License-Identifier: GPL-3.0-or-later
/** @file The server's interface. */

/**
 * @typedef {object} Options
 * @property {string[]} targets
 * @property {string} default_target
 * @property {string[]} models
 * @property {string} default_model
 * @property {number[]} beats_per_clip
 * @property {number} default_beats_per_clip
 * @property {number} default_sensitivity
 * @property {string[]} formats
 * @property {{max_bytes: number, max_duration_s: number, kept_s: number, min_reference_s: number, max_reference_s: number}} limits
 * @property {string} version
 *
 * @typedef {object} Song
 * @property {string} id
 * @property {string} name
 * @property {"preparing" | "ready" | "failed"} status
 * @property {number} progress 0 to 1
 * @property {number | null} seconds_left
 * @property {string | null} message why it failed
 * @property {number} duration_s
 * @property {number} sample_rate
 * @property {number} n_channels
 * @property {number} gain of its sound
 * @property {string[]} problems
 * @property {number} expires_at Unix seconds
 *
 * @typedef {object} Extraction
 * @property {string} id
 * @property {string} song_id
 * @property {string} title
 * @property {"waiting" | "running" | "rendering" | "done" | "failed"} status
 * @property {number} progress 0 to 1
 * @property {number | null} seconds_left
 * @property {string | null} message why it failed
 * @property {number} sensitivity 0 to 1
 * @property {number} gain of its sound
 * @property {number} revision grows with each rendering
 * @property {number} expires_at Unix seconds
 *
 * @typedef {object} Overview
 * @property {number[][]} peaks smallest and largest sample, of the mono sound
 * @property {number} n_peaks_per_s
 * @property {number[]} beats_s
 * @property {number[]} downbeats_s
 * @property {number | null} tempo_bpm
 */

/** What the server answers, or that it does not. */
export class ApiError extends Error {
  /**
   * @param {string} message one sentence
   * @param {number} status 0 where there is no answer
   */
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

const API = "/api";
const GONE = "The server does not answer. Is `requinto serve` still running?";
const FINAL = new Set(["ready", "done", "failed"]);
const RETRY_MS = 2000;
// A browser opens six connections to a server, for all its tabs: one of each, and others
// ask now and then
const MAX_STREAMS = 1;
let nStreams = 0;

/**
 * Return the sentence of an answer that refuses.
 * @param {string} body
 * @param {number} status
 */
function refusal(body, status) {
  try {
    const { detail } = JSON.parse(body);
    if (typeof detail === "string") return new ApiError(detail, status);
  } catch {
    // Not of our server, such as a proxy's page
  }
  return new ApiError(`The server answers with error ${status}.`, status);
}

/**
 * Ask the server; throw an ApiError where it refuses or does not answer.
 * @param {string} path
 * @param {RequestInit} [init]
 * @returns {Promise<Response>}
 */
async function request(path, init) {
  let response;
  try {
    response = await fetch(`${API}${path}`, init);
  } catch {
    throw new ApiError(GONE, 0);
  }
  if (!response.ok) throw refusal(await response.text(), response.status);
  return response;
}

/**
 * @param {string} path
 * @param {string} method
 * @param {object} [body]
 */
async function json(path, method = "GET", body) {
  const init = body
    ? { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }
    : { method };
  return (await request(path, init)).json();
}

/** @returns {Promise<Options>} */
export const getOptions = () => json("/options");

/** @param {string} id @returns {Promise<Song>} */
export const getSong = (id) => json(`/songs/${encodeURIComponent(id)}`);

/** @param {string} id @returns {Promise<Extraction>} */
export const getExtraction = (id) => json(`/extractions/${encodeURIComponent(id)}`);

/** @param {"songs" | "extractions"} kind @param {string} id @returns {Promise<Overview>} */
export const getOverview = (kind, id, revision = 0) =>
  json(`/${kind}/${encodeURIComponent(id)}/overview?r=${revision}`);

/** @param {"songs" | "extractions"} kind @param {string} id */
export const pictureUrl = (kind, id, revision = 0) =>
  `${API}/${kind}/${encodeURIComponent(id)}/spectrogram?r=${revision}`;

/**
 * Return a sound as its file.
 * @param {"songs" | "extractions"} kind
 * @param {string} id
 */
export async function getSound(kind, id, revision = 0) {
  const response = await request(`/${kind}/${encodeURIComponent(id)}/sound?r=${revision}`);
  return response.arrayBuffer();
}

/**
 * Begin an extraction.
 * @param {string} songId
 * @param {object} query
 * @returns {Promise<Extraction>}
 */
export const startExtraction = (songId, query) =>
  json(`/songs/${encodeURIComponent(songId)}/extractions`, "POST", query);

/** @param {string} id @param {number} sensitivity @returns {Promise<Extraction>} */
export const setSensitivity = (id, sensitivity) =>
  json(`/extractions/${encodeURIComponent(id)}`, "PATCH", { sensitivity });

/** @param {"songs" | "extractions"} kind @param {string} id */
export const remove = (kind, id) => request(`/${kind}/${encodeURIComponent(id)}`, { method: "DELETE" });

/** @param {string} id @param {string} format */
export const links = (id, format) => {
  const base = `${API}/extractions/${encodeURIComponent(id)}`;
  return {
    extracted: `${base}/download?part=extracted&format=${format}`,
    rest: `${base}/download?part=rest&format=${format}`,
    all: `${base}/archive?format=${format}`,
  };
};

/**
 * Have the server make a download, or throw why it cannot.
 * @param {string} link one of `links`
 */
export const makeDownload = (link) => request(link.slice(API.length), { method: "POST" });

/**
 * Send a file; fetch() cannot say how far it is.
 * @param {string} path such as "/songs"
 * @param {File} file
 * @param {(share: number) => void} [onProgress] 0 to 1
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export function upload(path, file, onProgress = () => {}, signal) {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    const body = new FormData();
    body.append("file", file, file.name);
    sending.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    sending.onload = () => {
      if (sending.status < 300) resolve(JSON.parse(sending.responseText));
      else reject(refusal(sending.responseText, sending.status));
    };
    sending.onerror = () => reject(new ApiError(GONE, 0));
    sending.onabort = () => reject(new DOMException("Cancelled", "AbortError"));
    signal?.addEventListener("abort", () => sending.abort());
    sending.open("POST", `${API}${path}`);
    sending.send(body);
  });
}

/**
 * Follow a song or an extraction to its end.
 * @template {Song | Extraction} T
 * @param {"songs" | "extractions"} kind
 * @param {string} id
 * @param {(state: T) => void} onState each state, the last one too
 * @param {(error: ApiError | null) => void} onError that the server does not answer, and null when it does again
 * @returns {() => void} stops following
 */
export function follow(kind, id, onState, onError) {
  const path = `/${kind}/${encodeURIComponent(id)}`;
  let isOver = false;
  /** @type {EventSource | undefined} */
  let events;
  let timer = 0;

  const close = () => {
    if (events) nStreams -= 1;
    events?.close();
    events = undefined;
  };
  const stop = () => {
    isOver = true;
    close();
    clearTimeout(timer);
  };
  const take = (/** @type {T} */ state) => {
    if (isOver) return;
    if (FINAL.has(state.status)) stop();
    onState(state);
  };
  const listen = () => {
    if (nStreams >= MAX_STREAMS) {
      void check();
      return;
    }
    nStreams += 1;
    events = new EventSource(`${API}${path}/events`);
    events.onmessage = (event) => take(JSON.parse(event.data));
    events.onerror = check;
  };
  // A stream that ends or breaks: the state says which, and whether to listen again
  const check = async () => {
    close();
    if (isOver) return;
    try {
      const state = await json(path);
      onError(null);
      take(state);
      if (!isOver) timer = setTimeout(listen, nStreams < MAX_STREAMS ? RETRY_MS / 4 : RETRY_MS);
    } catch (error) {
      if (isOver) return;
      onError(/** @type {ApiError} */ (error));
      if (/** @type {ApiError} */ (error).status === 0) timer = setTimeout(check, RETRY_MS);
      else stop();
    }
  };
  listen();
  return stop;
}
