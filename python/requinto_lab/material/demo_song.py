# SPDX-License-Identifier: GPL-3.0-or-later
"""Compose and render the song that `requinto demo` plays.

    python -m requinto_lab.material.demo_song models/demo

Half a minute of bachata: three beats of pickup, eight bars of derecho, eight
of mambo, and a last beat.  Its pattern seed is a test seed and its timbres
are models that no network is trained on; everything in it is ours to give.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pedalboard
import soundfile
import typer

from requinto_lab.material import rendering, splits
from requinto_lab.material.finishing import ACTIVE_LEVEL_DB, finish
from requinto_lab.material.loops import timing
from requinto_lab.material.patterns import play
from requinto_lab.material.presets import OWN_LICENCE
from requinto_lab.material.songs import Bar, Song, generator, progression
from requinto_lab.material.soundfonts import SAMPLE_RATE
from requinto_lab.material.style import STYLES

SEED = splits.seeds("test")[0]
PICKUP_BEATS = 3
_BACHATA = STYLES["bachata"]
_KEY = 9  # A
_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_VERSE = "i|bVI|bIII|bVII|i|iv|V7|V7"
_MAMBO = "i|iv|V7|i|bVI|bIII|V7|i"
# Part, model, name of the instrument, level in dB, pan (-1 left to 1 right), room
_DESK = {
    "guitar": ("requinto", "courses", "demo", -20.0, -0.25, 0.10),
    "bass": ("bajo", "courses", "demo", -20.0, 0.0, 0.03),
    "bongo": ("bongo", "sweep", "demo", -23.0, 0.3, 0.05),
    "guira": ("guira", "noise", "demo", -27.0, 0.0, 0.02),
}


def plan() -> Song:
    """Return the plan: a pickup, two sections and an ending."""
    verse, mambo = progression(_VERSE, _KEY), progression(_MAMBO, _KEY)
    rows = [("verse", i, chords) for i, chords in enumerate(verse)]
    rows += [("mambo", i, chords) for i, chords in enumerate(mambo)]
    metre = _BACHATA.beats_per_bar
    bars = [Bar(0.0, PICKUP_BEATS, "pickup", verse[0], 0)]
    for index, (section, number, chords) in enumerate(rows):
        start = PICKUP_BEATS + metre * index
        bars.append(Bar(start, metre, section, chords, number))
    end = PICKUP_BEATS + metre * len(rows)
    bars.append(Bar(end, metre, "outro", verse[0], 0, is_break=True))
    return Song(
        style=_BACHATA,
        seed=SEED,
        tempo_bpm=128.0,
        key=_KEY,
        minor=True,
        bars=tuple(bars),
        swing=0.06,
        looseness_s=0.004,
    )


def render() -> tuple[dict[str, np.ndarray], Song]:
    """Return the four stems, shape `(2, n_frames)` each, in a small room."""
    song = plan()
    lead_in = round(rendering.LEAD_IN_S * SAMPLE_RATE)
    stems = {}
    for instrument, (part, model, name, level_db, pan, room) in _DESK.items():
        notes = play(song, _BACHATA.part(part), instrument)
        rng = generator(SEED, instrument, "demo")
        dry = rendering.through_model(model, name, instrument, notes, song, rng)
        # The song begins on its first beat, as a host's grid does
        dry = finish(dry, rendering.n_frames_of(song))[:, lead_in:]
        angle = (1 + pan) * np.pi / 4
        gains = np.sqrt(2) * np.array([[np.cos(angle)], [np.sin(angle)]])
        stereo = (dry * gains).astype(np.float32)
        wet = pedalboard.Reverb(0.3, 0.6, room, 1 - room)(stereo, SAMPLE_RATE)
        wet = wet * np.float32(10 ** ((level_db - ACTIVE_LEVEL_DB) / 20))
        n_fade = SAMPLE_RATE // 2
        wet[:, -n_fade:] *= np.linspace(1, 0, n_fade, dtype=np.float32) ** 2
        stems[instrument] = wet
    peak = float(np.abs(sum(stems.values(), start=np.zeros(1))).max())
    gain = np.float32(min(1.0, 0.7 / peak))
    return {name: stem * gain for name, stem in stems.items()}, song


def main(folder: Path) -> None:
    """Write the stems as 16-bit FLAC, whose sum is the mix, and `meta.json`."""
    stems, song = render()
    folder.mkdir(parents=True, exist_ok=True)
    for name, stem in stems.items():
        soundfile.write(
            folder / f"{name}.flac",
            stem.T,
            SAMPLE_RATE,
            subtype="PCM_16",
            compression_level=1.0,
        )
    meta = {
        "title": "Tres tiempos",
        **timing(song, first_s=0.0),
        "pickup_beats": PICKUP_BEATS,
        "chords": [
            [_NAMES[c.root] + c.quality for c in bar.chords] for bar in song.bars
        ],
        "licence": "GPL-3.0-or-later",
        "pattern_seed": song.seed,
        "stems": {
            name: {
                "source": f"requinto_lab.material model {row[1]!r}, draw {row[2]!r}",
                "licence": OWN_LICENCE,
                "trained_on": False,
            }
            for name, row in _DESK.items()
        },
    }
    (folder / "meta.json").write_text(json.dumps(meta, indent=1) + "\n")


if __name__ == "__main__":
    typer.run(main)
