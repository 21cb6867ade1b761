# SPDX-License-Identifier: GPL-3.0-or-later
"""Take docs/page.png: `python tests/support/page_picture.py`."""

import tempfile
from pathlib import Path

import soundfile
from PIL import Image

from models import RELEASED
from page import chromium, extract, open_page, wait_for
from shell import ROOT
from web_server import web_server

PATH = ROOT / "docs" / "page.png"


def main() -> None:
    """Extract the demo's guitar, and take a picture while it plays."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stems = sorted((RELEASED / "demo").glob("*.flac"))
        song = folder / "Bachata.flac"
        sounds = [soundfile.read(stem)[0] for stem in stems]
        soundfile.write(song, sum(sounds), soundfile.info(stems[0]).samplerate)
        models = str(RELEASED)
        with (
            web_server(folder / "songs", REQUINTO_MODELS=models) as server,
            chromium() as browser,
        ):
            size = {"width": 1280, "height": 900}
            page = open_page(browser, server.url, viewport=size, color_scheme="dark")
            page.set_input_files("#song-file", song)
            page.locator("#play:enabled").wait_for()
            extract(page)
            page.click("#play")
            wait_for(page, "player.position > 6")
            page.mouse.move(0, 0)
            page.screenshot(path=PATH, full_page=True)
    Image.open(PATH).convert("RGB").quantize(256).save(PATH, optimize=True)


if __name__ == "__main__":
    main()
