# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the picture of the plugin's window that the README shows.

    python tests/support/window_picture.py [docs/window.png]

On an X server of its own, pedalboard opens the window and plays the demo song through
the plugin in real time, its guitar extracted by a reference: the first bar of the
stem.  What the window then shows, once the song has filled it, is the picture.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from matplotlib import image

from requinto_command.demo import load_song
from x_server import XClient, x_server

SIZE = (720, 420)  # pixels
REFERENCE = "Requinto, first bars"
FILLED_S = 19.0  # seconds of the song, until it has gone by as far as is shown

PLAYER = """
import sys, threading, time
import numpy as np
import pedalboard, requinto
from requinto_command.demo import load_song

reference, filled_s = sys.argv[1], float(sys.argv[2])
stems, rate, meta = load_song()
song = np.concatenate([sum(stems.values())] * 4, axis=1)
plugin = pedalboard.load_plugin(str(requinto.plugin_path()))
plugin.beat_source, plugin.tempo = "Fixed tempo", meta["tempo_bpm"]
plugin.target = reference
closed, block = threading.Event(), 1024

def play():
    begin = time.monotonic()
    for start in range(0, song.shape[1] - block, block):
        plugin.process(song[:, start : start + block], rate, block, reset=start == 0)
        ahead_s = start / rate - (time.monotonic() - begin)
        if ahead_s > 0:
            time.sleep(ahead_s)
        if closed.is_set():
            return
        if start / rate < filled_s <= (start + block) / rate:
            print("filled", flush=True)

def wait():
    sys.stdin.read()
    closed.set()

threading.Thread(target=play, daemon=True).start()
threading.Thread(target=wait, daemon=True).start()
plugin.show_editor(closed)
"""


def take(path: Path) -> None:
    """Play the demo song, and write the picture as PNG."""
    stems, rate, meta = load_song()
    n_frames = round(meta["downbeats_s"][1] * rate)
    with tempfile.TemporaryDirectory() as folder, x_server() as (name, _):
        file = Path(folder) / f"{REFERENCE}.flac"
        soundfile.write(file, stems["guitar"][:, :n_frames].T, rate)
        client = XClient(name)
        client.be_desktop()
        environment = os.environ | {"DISPLAY": name, "REQUINTO_REFERENCES": folder}
        command = [sys.executable, "-c", PLAYER, REFERENCE, str(FILLED_S)]
        pipe = subprocess.PIPE
        with subprocess.Popen(
            command, env=environment, stdin=pipe, stdout=pipe, text=True
        ) as player:
            assert player.stdout
            assert player.stdout.readline() == "filled\n", "the song does not play"
            number = client.innermost_window(SIZE)
            assert number is not None, "pedalboard shows no window of our size"
            pixels = client.pixels(number, *SIZE)
            player.communicate()
    shades = np.stack([pixels >> 16, pixels >> 8 & 255, pixels & 255], axis=-1)
    image.imsave(path, shades.astype(np.uint8))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("picture", nargs="?", type=Path, default="docs/window.png")
    take(parser.parse_args().picture)
