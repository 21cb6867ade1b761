// SPDX-License-Identifier: GPL-3.0-or-later
/** @file What the page's parts share: its elements, what is said, errors. */

/**
 * Return an element of the page.
 * @param {string} id
 * @returns {any}
 */
export function element(id) {
  const there = document.getElementById(id);
  if (!there) throw new Error(`the page has no #${id}`);
  return there;
}

/**
 * Make an element.
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {(Node | string)[]} children
 * @returns {any}
 */
export function make(tag, attributes = {}, children = []) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * Say something to those who listen, once.
 * @param {string} text
 */
export function announce(text) {
  const status = element("status");
  status.textContent = "";
  requestAnimationFrame(() => (status.textContent = text));
}

/**
 * Show an error near what caused it, or take it away; it is an alert.
 * @param {string} id
 * @param {string | null} text
 */
export function showError(id, text) {
  const there = element(id);
  if (there.textContent !== (text ?? "")) there.textContent = text ?? "";
}

/**
 * Return a function that announces progress by the quarter.
 * @param {string} name of what goes on
 */
export function quarters(name) {
  let last = 0;
  return (/** @type {number} */ share, /** @type {string} */ left) => {
    const quarter = Math.floor(share * 4);
    if (quarter > last && quarter < 4) announce(`${name}: ${quarter * 25} %. ${left}`);
    last = Math.max(last, quarter);
  };
}

/**
 * Let files be dropped on an element.
 * @param {HTMLElement} target
 * @param {(file: File) => void} onFile
 */
export function acceptDrops(target, onFile) {
  let depth = 0; // of the children that the pointer is over
  const light = () => target.classList.toggle("over", depth > 0);
  const hasFile = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
  target.addEventListener("dragenter", (event) => {
    if (!hasFile(event)) return;
    event.preventDefault();
    depth += 1;
    light();
  });
  target.addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    light();
  });
  target.addEventListener("dragover", (event) => {
    if (hasFile(event)) event.preventDefault();
  });
  target.addEventListener("drop", (event) => {
    depth = 0;
    light();
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    event.stopPropagation();
    onFile(file);
  });
}
