// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * @file The spectrogram in the colours of the plugin's window.
 *
 * Grey and amber rise evenly in lightness; what is extracted is lit in the picture of
 * the song.
 */

const RANGE_DB = 80; // of the levels 0 to 255
const DARK_DB = -74;
const LIGHT_DB = -14;
const GREYS = [[15, 16, 19], [40, 42, 47], [74, 77, 83], [112, 115, 122], [156, 159, 166]];
const AMBERS = [[15, 16, 19], [92, 44, 4], [184, 96, 0], [250, 166, 12], [255, 232, 150]];

/**
 * @param {number[][]} stops
 * @param {number} lightness 0 to 1
 */
function colourOf(stops, lightness) {
  const x = Math.max(0, Math.min(lightness, 1)) * (stops.length - 1);
  const i = Math.min(Math.floor(x), stops.length - 2);
  return stops[i].map((value, channel) => value + (x - i) * (stops[i + 1][channel] - value));
}

/** Return 256 x 256 colours: rows by the song's level, columns by the extracted one. */
function makeColours() {
  const pixels = new Uint8ClampedArray(256 * 256 * 4);
  for (let i = 0; i < 256; i++) {
    const songDb = (i / 255) * RANGE_DB - RANGE_DB;
    const lightness = (songDb - DARK_DB) / (LIGHT_DB - DARK_DB);
    const [grey, amber] = [colourOf(GREYS, lightness), colourOf(AMBERS, lightness)];
    for (let j = 0; j < 256; j++) {
      const extractedDb = (j / 255) * RANGE_DB - RANGE_DB;
      const share = Math.min(1, 10 ** ((extractedDb - songDb) / 20));
      const mix = j === 0 ? 0 : share * share * (3 - 2 * share);
      const rgb = grey.map((value, channel) => value + mix * (amber[channel] - value));
      pixels.set([...rgb, 255], (i * 256 + j) * 4);
    }
  }
  return pixels;
}

/** @type {Uint8ClampedArray | undefined} */
let colours;

/**
 * Return the levels of a picture, 0 to 255.
 * @param {string} url
 */
export async function loadLevels(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = image.naturalWidth;
  canvas.height = image.naturalHeight;
  const context = /** @type {CanvasRenderingContext2D} */ (
    canvas.getContext("2d", { willReadFrequently: true })
  );
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/**
 * Paint a song's levels, lit where something is extracted.
 * @param {HTMLCanvasElement} canvas
 * @param {ImageData} song
 * @param {ImageData | null} extracted of the same size
 */
export function paintSpectrum(canvas, song, extracted) {
  colours ??= makeColours();
  canvas.width = song.width;
  canvas.height = song.height;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const picture = context.createImageData(song.width, song.height);
  const isLit = extracted?.width === song.width && extracted.height === song.height;
  for (let i = 0; i < picture.data.length; i += 4) {
    const index = (song.data[i] * 256 + (isLit ? extracted.data[i] : 0)) * 4;
    picture.data[i] = colours[index];
    picture.data[i + 1] = colours[index + 1];
    picture.data[i + 2] = colours[index + 2];
    picture.data[i + 3] = 255;
  }
  context.putImageData(picture, 0, 0);
}
