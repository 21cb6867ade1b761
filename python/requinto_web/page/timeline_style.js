// SPDX-License-Identifier: GPL-3.0-or-later
/** @file Styles of what lies inside wavesurfer's shadow. */

const TEXT = `
  :host .scroll { border-radius: 4px; outline: none; touch-action: pan-y; }
  :host .scroll:focus-visible { outline: 2px solid var(--focus); outline-offset: -2px; }
  :host .wrapper { touch-action: pan-y; cursor: text; padding-top: var(--ruler); box-sizing: border-box; }
  :host .progress { top: var(--ruler); }
  :host .canvases > div + div, :host .progress > div + div { border-top: 1px solid var(--well-line); box-sizing: border-box; }
  :host .ruler { position: absolute; inset: 0 0 auto; height: var(--ruler); overflow: hidden; pointer-events: none;
    background: var(--well-head); color: var(--well-faint); font: 11px/var(--ruler) system-ui, sans-serif; }
  :host .ruler span { position: absolute; padding-left: 4px; font-variant-numeric: tabular-nums; }
  :host .spectrum { display: block; position: static; width: 100%; height: var(--picture);
    image-rendering: auto; pointer-events: none; border-top: 1px solid var(--well-line); box-sizing: border-box; }
  :host .lines { position: absolute; inset: 0; width: 100%; height: 100%; z-index: 3; pointer-events: none; }
  :host .lines path { fill: none; stroke: #fff; stroke-opacity: 0.07; vector-effect: non-scaling-stroke; }
  :host .lines .bar { stroke: #5aa9e6; stroke-opacity: 0.5; }
  :host [part~="region"] { border-left: 1px solid #5aa9e6 !important; border-right: 1px solid #5aa9e6; }
  :host [part~="region-handle"] { width: 10px !important; border-color: transparent !important; }
  @media (pointer: coarse) { :host [part~="region-handle"] { width: 22px !important; } }
`;

/** @type {CSSStyleSheet | undefined} */
let sheet;

/** Return the sheet, which all timelines share. */
export function timelineSheet() {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(TEXT);
  }
  return sheet;
}
