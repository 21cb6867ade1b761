// SPDX-License-Identifier: GPL-3.0-or-later
/** @file The page: a song is opened, and what is extracted of it listened to. */

import * as api from "./api.js";
import { Bars } from "./bars.js";
import { Controls } from "./controls.js";
import { acceptDrops, announce, element, make, quarters, showError } from "./dom.js";
import { clock, left, size, until } from "./format.js";
import { Player } from "./player.js";
import { QueryForm } from "./query.js";
import { Results } from "./results.js";
import { heightsOf, heightsOfRest, loadSound } from "./sounds.js";
import { loadLevels } from "./spectrum.js";
import { Timeline } from "./timeline.js";

const MUCH_MEMORY = 500e6; // bytes

export const player = new Player();
export const timeline = new Timeline(element("timeline"), player);
const controls = new Controls(player, timeline);
/** @type {api.Options} */
let options;
/** @type {Results} */
let results;
/** @type {QueryForm} */
let queryForm;

/** What is open. */
const open = {
  /** @type {api.Song | null} */
  song: null,
  nPeaksPerS: 50,
  /** @type {AudioBuffer | null} */
  original: null,
  /** @type {ImageData | null} */
  levels: null,
  /** Of the extraction that is listened to, and its revision */
  sounding: "",
  cancel: () => {},
};

/**
 * Show one of the page's three states.
 * @param {"open" | "preparing" | "work"} state
 */
function show(state) {
  for (const id of ["open", "preparing", "work"]) element(id).hidden = id !== state;
}

/** @param {unknown} error */
const sentence = (error) => (error instanceof Error ? error.message : String(error));

function close() {
  open.cancel();
  open.cancel = () => {};
  open.song = open.original = open.levels = null;
  open.sounding = "";
  player.close();
  results?.clear();
}

/**
 * Show the first state, with what went wrong.
 * @param {string | null} error
 */
function showOpen(error = null) {
  close();
  show("open");
  document.title = "Requinto";
  showError("open-error", error);
  if (error) element("song-file").focus();
}

/**
 * Send a song, and open it.
 * @param {File} file
 */
async function send(file) {
  const { max_bytes } = options.limits;
  if (file.size > max_bytes) {
    refuse(`${file.name} has ${size(file.size)}. Files of up to ${size(max_bytes)} are accepted.`);
    return;
  }
  close();
  showPreparing(file.name);
  const abort = new AbortController();
  open.cancel = () => abort.abort();
  const announceShare = quarters("Sending");
  try {
    const song = await api.upload(
      "/songs",
      file,
      (share) => {
        showProgress("Sending", share, "");
        announceShare(share, "");
      },
      abort.signal,
    );
    if (abort.signal.aborted) return;
    history.pushState(null, "", hashOf(song.id, []));
    prepare(song);
  } catch (error) {
    // Whoever cancelled it shows what comes instead
    if (!abort.signal.aborted) showOpen(sentence(error));
  }
}

/**
 * Say why a file is not taken, where the user is.
 * @param {string} error
 */
function refuse(error) {
  showError(open.song ? "song-error" : "open-error", error);
}

/** @param {string} name */
function showPreparing(name) {
  show("preparing");
  showError("open-error", null);
  showError("song-error", null);
  element("preparing-title").textContent = name;
  showProgress("Sending", 0, "");
  element("song-cancel").focus();
}

/**
 * @param {string} step
 * @param {number} share 0 to 1
 * @param {string} time left
 */
function showProgress(step, share, time) {
  element("song-step").textContent = step;
  element("song-progress").value = share;
  element("song-left").textContent = time;
}

/**
 * Follow a song until it is ready, and show it.
 * @param {api.Song} song
 * @param {string[]} extractions of it
 */
function prepare(song, extractions = []) {
  open.song = song;
  if (song.status === "ready") {
    void showSong(song, extractions);
    return;
  }
  showPreparing(song.name);
  const announceShare = quarters("Reading");
  const showState = (/** @type {api.Song} */ { progress, seconds_left }) => {
    showProgress("Reading, and tracking beats", progress, left(seconds_left));
    announceShare(progress, left(seconds_left));
  };
  showState(song);
  open.cancel = api.follow(
    "songs",
    song.id,
    (/** @type {api.Song} */ state) => {
      if (state.status === "ready") void showSong(state, extractions);
      else if (state.status === "failed") {
        history.replaceState(null, "", location.pathname);
        showOpen(state.message ?? "This file cannot be read.");
      } else {
        showState(state);
      }
    },
    (error) => {
      if (error?.status) showOpen(error.message);
      else element("song-left").textContent = error ? error.message : "";
    },
  );
}

/**
 * @param {api.Song} song
 * @param {api.Overview} overview
 */
function factsOf(song, overview) {
  const channels = { 1: "mono", 2: "stereo" }[song.n_channels] ?? `${song.n_channels} channels`;
  const facts = [clock(song.duration_s), `${song.sample_rate / 1000} kHz`, channels];
  if (overview.tempo_bpm) facts.push(`${Math.round(overview.tempo_bpm)} bpm`);
  return facts.join(" · ");
}

/**
 * What is wrong with a song, and what may go wrong: it is played out of memory.
 * @param {api.Song} song
 */
function problemsOf({ problems, duration_s, sample_rate, n_channels }) {
  const bytes = 2 * 4 * n_channels * duration_s * sample_rate; // original and extracted
  if (bytes < MUCH_MEMORY) return problems;
  return [...problems, `Playing it takes ${size(bytes)} of memory, which a phone may not have.`];
}

/**
 * Show a song that is ready, and what is extracted of it.
 * @param {api.Song} song
 * @param {string[]} extractions
 */
async function showSong(song, extractions) {
  open.song = song;
  const isCurrent = () => open.song?.id === song.id;
  try {
    const overview = await api.getOverview("songs", song.id);
    if (!isCurrent()) return;
    show("work");
    open.nPeaksPerS = overview.n_peaks_per_s;
    document.title = `${song.name} – Requinto`;
    element("song-name").textContent = song.name;
    element("song-facts").textContent = factsOf(song, overview);
    element("song-problems").replaceChildren(...problemsOf(song).map((text) => make("li", {}, [text])));
    showExpiry(song.expires_at);
    for (const id of ["song-error", "play-error"]) showError(id, null);
    player.open(song.duration_s);
    timeline.open(heightsOf(overview.peaks), new Bars(overview.beats_s, overview.downbeats_s, song.duration_s));
    queryForm.open(song);
    announce(`${song.name} is ready.`);
    element("main").focus({ preventScroll: true });
    await Promise.all([showPicture(isCurrent), restore(extractions, isCurrent), loadOriginal(isCurrent)]);
  } catch (error) {
    if (isCurrent()) refuse(sentence(error));
  }
}

/** @param {number} time Unix seconds; use puts it off */
function showExpiry(time) {
  element("expiry").textContent =
    `The song and what is extracted of it are kept until ${until(time)}.`;
}

/** @param {() => boolean} isCurrent */
async function showPicture(isCurrent) {
  const levels = await loadLevels(api.pictureUrl("songs", /** @type {api.Song} */ (open.song).id));
  if (!isCurrent()) return;
  open.levels = levels;
  timeline.setSpectrum(levels, null);
}

/** @param {() => boolean} isCurrent */
async function loadOriginal(isCurrent) {
  const { id, sample_rate } = /** @type {api.Song} */ (open.song);
  try {
    const original = await loadSound("songs", id, 0, sample_rate);
    if (!isCurrent()) return;
    open.original = original;
    player.setSounds({ original, extracted: null });
    await showSelected();
  } catch (error) {
    if (isCurrent()) showError("play-error", `The song cannot be played: ${sentence(error)}`);
  }
}

/**
 * Add extractions that are there still.
 * @param {string[]} ids
 * @param {() => boolean} isCurrent
 */
async function restore(ids, isCurrent) {
  const states = await Promise.allSettled(ids.map(api.getExtraction));
  if (!isCurrent()) return;
  for (const state of states) if (state.status === "fulfilled") results.add(state.value);
}

/** Let the extraction that is selected be heard and seen, in the revision there is. */
async function showSelected() {
  const { song, original } = open;
  const { extraction } = results;
  if (!song || !original) return;
  if (!extraction) {
    open.sounding = "";
    player.setSounds({ original, extracted: null });
    timeline.setExtracted(null);
    if (open.levels) timeline.setSpectrum(open.levels, null);
    return;
  }
  const { id, revision } = extraction;
  const key = `${id} ${revision}`;
  if (!revision || key === open.sounding) return;
  showExpiry(extraction.expires_at);
  const isFirst = open.sounding === "";
  open.sounding = key;
  const isCurrent = () => open.sounding === key && open.song === song;
  try {
    const extracted = await loadSound("extractions", id, revision, song.sample_rate);
    if (!isCurrent()) return;
    if (isFirst && !player.tracks.solo) player.toggleSolo("extracted");
    const scale = extraction.gain / song.gain;
    player.setSounds({ original, extracted, scale });
    const [overview, levels, rest] = await Promise.all([
      api.getOverview("extractions", id, revision),
      loadLevels(api.pictureUrl("extractions", id, revision)),
      heightsOfRest(original, extracted, 1 / scale, open.nPeaksPerS),
    ]);
    if (!isCurrent()) return;
    timeline.setExtracted({ extracted: heightsOf(overview.peaks, 1 / scale), rest });
    if (open.levels) timeline.setSpectrum(open.levels, levels);
    showError("play-error", null);
  } catch (error) {
    if (!isCurrent()) return;
    open.sounding = "";
    showError("play-error", `What is extracted cannot be played: ${sentence(error)}`);
  }
}

/** @param {string} song @param {string[]} extractions */
const hashOf = (song, extractions) =>
  `#song=${song}${extractions.length ? `&x=${extractions.join(",")}` : ""}`;

/** Open what the address names. */
async function openAddress() {
  const names = new URLSearchParams(location.hash.slice(1));
  const id = names.get("song");
  if (!id) {
    showOpen();
    return;
  }
  close();
  try {
    prepare(await api.getSong(id), names.get("x")?.split(",").filter(Boolean));
  } catch (error) {
    const { status } = /** @type {api.ApiError} */ (error);
    showOpen(status === 404 ? "That song is not kept any longer. Open it again." : sentence(error));
  }
}

async function removeSong() {
  const { song } = open;
  if (!song) return;
  try {
    await api.remove("songs", song.id);
  } catch (error) {
    if (/** @type {api.ApiError} */ (error).status !== 404) {
      refuse(sentence(error));
      return;
    }
  }
  history.replaceState(null, "", location.pathname);
  showOpen();
  announce(`${song.name} is deleted.`);
  element("song-file").focus();
}

function cancelSong() {
  const { song } = open;
  showOpen();
  history.replaceState(null, "", location.pathname);
  if (song) api.remove("songs", song.id).catch(() => {}); // it expires by itself
  element("song-file").focus();
}

function listen() {
  for (const id of ["song-file", "other-file"]) {
    element(id).addEventListener("change", (/** @type {any} */ event) => {
      const [file] = event.target.files;
      event.target.value = "";
      if (file) void send(file);
    });
  }
  acceptDrops(document.body, (file) => void send(file));
  element("skip").addEventListener("click", (/** @type {Event} */ event) => {
    event.preventDefault(); // the address is that of the song
    element("main").focus();
  });
  element("song-cancel").addEventListener("click", cancelSong);
  element("remove-song").addEventListener("click", () => void removeSong());
  results.addEventListener("select", () => void showSelected());
  results.addEventListener("list", () => {
    if (open.song) history.replaceState(null, "", hashOf(open.song.id, results.ids));
  });
  addEventListener("popstate", () => void openAddress());
}

async function start() {
  try {
    options = await api.getOptions();
  } catch (error) {
    show("open");
    element("song-file").disabled = true;
    showError("open-error", sentence(error));
    return;
  }
  const { limits } = options;
  element("limits").textContent =
    `Up to ${size(limits.max_bytes)} and ${Math.round(limits.max_duration_s / 60)} minutes.`;
  results = new Results(options);
  queryForm = new QueryForm(options, timeline, controls, async (query) => {
    if (open.song) results.add(await api.startExtraction(open.song.id, query));
  });
  listen();
  await openAddress();
}

await start();
