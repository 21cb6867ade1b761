# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of `requinto serve` in Debian's Chromium."""

from __future__ import annotations

import base64
import contextlib
import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from models import RELEASED
from web_server import Server

N_PROBED = 32768  # samples of the output, the largest that an analyser holds

# What the page plays, as mono, from a time on when ramps are over
_PROBE = """async () => {
  const { player } = await import("/assets/main.js");
  const probe = new AnalyserNode(player.context, { fftSize: 32768 });
  player.mixer.output.connect(probe);
  const end = player.context.currentTime + 41000 / player.context.sampleRate;
  while (player.context.currentTime < end) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
  const samples = new Float32Array(probe.fftSize);
  probe.getFloatTimeDomainData(samples);
  player.mixer.output.disconnect(probe);
  const bytes = new Uint8Array(samples.buffer);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}"""
_DROP = """([name, content]) => {
  const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name));
  return transfer;
}"""


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """Yield a running Chromium, which plays sound without being clicked first."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium")
    assert path, "there is no chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
        )
        yield browser
        browser.close()


def write_song(path: Path, duration_s: float = 8.0) -> Path:
    """Write the start of the demo's bachata: real bars, and real bleed."""
    stems = sorted((RELEASED / "demo").glob("*.flac"))
    n_frames = round(44100 * duration_s)
    sounds = [soundfile.read(stem, frames=n_frames)[0] for stem in stems]
    soundfile.write(path, sum(sounds), 44100, subtype="PCM_24")
    return path


def extract_bass(server: Server, path: Path) -> str:
    """Extract a song's bass without the page, and return the address of both."""
    song = server.ready_song(path.read_bytes(), path.name)
    part = server.extract(song, target="bass", model="fast")
    return f"{server.url}/#song={song['id']}&x={part['id']}"


def song_alone(url: str) -> str:
    """Return the address of a song without what is extracted of it."""
    return url.partition("&x=")[0]


def open_page(browser: Any, url: str, **options: Any) -> Any:
    """Return a page whose uncaught errors and refused styles fail the test."""
    page = browser.new_context(base_url=url, **options).new_page()
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("console", lambda message: _note(page, message))
    page.set_default_timeout(20_000)
    page.goto(url)
    page.locator("main > :is(section, div):not([hidden])").wait_for()  # it listens
    return page


def _note(page: Any, message: Any) -> None:
    """Note what the browser complains of; requests that fail are shown by the page."""
    if message.type == "error" and "Failed to load resource" not in message.text:
        page.problems.append(message.text)


def close_page(page: Any) -> None:
    """Close a page, of which the browser must not have complained."""
    problems = page.problems
    page.context.close()
    assert not problems, problems


def drop(page: Any, selector: str, path: Path) -> None:
    """Drop a file on an element."""
    content = base64.b64encode(path.read_bytes()).decode()
    transfer = page.evaluate_handle(_DROP, [path.name, content])
    for event in ("dragenter", "dragover", "drop"):
        page.dispatch_event(selector, event, {"dataTransfer": transfer})


def choose_fast(page: Any) -> None:
    """Choose the model that takes less time."""
    page.click("summary")
    page.select_option("#model", "fast")


def extract(page: Any, n_results: int = 1) -> None:
    """Have the page extract what its form says, and wait until that can be played."""
    page.click("#extract")
    page.locator(f"#results li:nth-child({n_results}).selected").wait_for()
    wait_until_sounding(page)


def wait_until_sounding(page: Any) -> None:
    """Wait until solo and mute can be pressed: both sounds are decoded."""
    page.locator(".solo[data-track=extracted]:enabled").wait_for()


def said_of(page: Any, selector: str) -> str:
    """Return an error that is shown and read out."""
    error = page.locator(f"{selector}:not(:empty)")
    error.wait_for()
    assert error.get_attribute("role") == "alert"
    return error.inner_text()


def wait_for(page: Any, condition: str, argument: Any = None) -> None:
    """Wait until an expression of the page's `player` and an `argument` is true.

    Playwright's own waiting evaluates text in the page, which its policy forbids.
    """
    page.evaluate(
        """async ([text, argument]) => {
          const { player } = await import("/assets/main.js");
          const next = () => new Promise((resolve) => requestAnimationFrame(resolve));
          const end = performance.now() + 20000;
          while (!CONDITION) {
            if (performance.now() > end) throw new Error(`never: ${text}`);
            await next();
          }
        }""".replace("CONDITION", f"({condition})"),
        [condition, argument],
    )


def probe(page: Any) -> np.ndarray:
    """Return what the page plays from now on, as mono."""
    content = base64.b64decode(page.evaluate(_PROBE))
    return np.frombuffer(content, np.float32).astype(np.float64)


def read_sound(page: Any, path: str) -> np.ndarray:
    """Return a sound of the server's, `(n_frames, n_channels)`."""
    response = page.request.get(path)
    assert response.ok, response.text()
    return soundfile.read(io.BytesIO(response.body()), always_2d=True)[0]


def locate(samples: np.ndarray, sound: np.ndarray) -> tuple[int, float]:
    """Return where samples lie in a sound, and what differs, in dB of the samples.

    The sound must be longer than the samples, and both be mono.
    """
    size = len(sound) + len(samples)
    spectrum = np.fft.rfft(sound, size) * np.conj(np.fft.rfft(samples, size))
    energy = np.cumsum(np.concatenate([[0.0], sound**2]))
    n_offsets = len(sound) - len(samples) + 1
    products = np.fft.irfft(spectrum, size)[:n_offsets]
    energies = energy[len(samples) :] - energy[:n_offsets]
    offset = int(np.argmin(energies - 2 * products))
    difference = samples - sound[offset : offset + len(samples)]
    return offset, 10 * np.log10(np.sum(difference**2) / np.sum(samples**2) + 1e-30)


def tab_to(page: Any, is_there: str, n_presses: int = 80) -> None:
    """Press the tabulator until an expression of the focused element, `e`, is true."""
    test = f"(() => {{ const e = document.activeElement; return {is_there}; }})()"
    for _ in range(n_presses):
        if page.evaluate(test):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no key leads to {is_there}")


def touch_drag(page: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag a finger; wavesurfer takes it for a drag after a tenth of a second."""
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        session.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]},
        )

    touch("touchStart", start)
    page.wait_for_timeout(150)
    for step in np.linspace(0, 1, 8):
        x, y = (a + step * (b - a) for a, b in zip(start, end, strict=True))
        touch("touchMove", (x, y))
    touch("touchEnd")


def violations(page: Any) -> list[str]:
    """Return what axe finds."""
    from axe_playwright_python.sync_playwright import Axe

    results = Axe().run(page).response["violations"]
    return [
        f"{v['id']}: {node['html'][:120]} {node['failureSummary'][:200]}"
        for v in results
        for node in v["nodes"]
    ]
