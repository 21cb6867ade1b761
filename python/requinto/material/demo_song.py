# SPDX-License-Identifier: GPL-3.0-or-later
"""Compose and render the song that `requinto demo` plays.

    python -m requinto.material.demo_song models/demo

Half a minute of bachata: three beats of pickup, eight bars of derecho, eight
of mambo, and a last chord.  Its pattern seed is a test seed and its timbres
are models that no network is trained on; everything in it is ours to give.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pedalboard
import soundfile
import typer

from requinto.material import rendering
from requinto.material.pattern_tables import BEATS_PER_BAR
from requinto.material.patterns import play
from requinto.material.songs import (
    SEED_RANGES,
    Chord,
    Note,
    Song,
    generator,
    humanise,
)
from requinto.material.soundfonts import SAMPLE_RATE
from requinto.material.timbres import OWN_LICENCE

SEED = SEED_RANGES["test"][0]
TEMPO_BPM = 128.0
PICKUP_BEATS = 3
N_BARS = 16
_ENDING_BEATS = 4
_A_MINOR, _C, _D_MINOR = Chord(9, "m"), Chord(0, ""), Chord(2, "m")
_E7, _F, _G = Chord(4, "7"), Chord(5, ""), Chord(7, "")
_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_VERSE = (_A_MINOR, _F, _C, _G, _A_MINOR, _D_MINOR, _E7, _E7)
_MAMBO = (_A_MINOR, _D_MINOR, _E7, _A_MINOR, _F, _C, _E7, _A_MINOR)
# The lick that leads into the first bar: beat, pitch, length
_LICK = (
    (0.0, 64, 0.5),
    (0.5, 69, 0.5),
    (1.0, 72, 0.25),
    (1.25, 71, 0.25),
    (1.5, 72, 0.5),
    (2.0, 76, 0.5),
    (2.5, 74, 0.25),
    (2.75, 71, 0.25),
)
# Model, name of the draw, level in dB, place (-1 left to 1 right), room
_DESK = {
    "guitar": ("courses", "guitar-demo", -20.0, -0.25, 0.10),
    "bass": ("courses", "bass-demo", -20.0, 0.0, 0.03),
    "bongo": ("sweep", "demo", -23.0, 0.3, 0.05),
    "guira": ("noise", "demo", -27.0, 0.0, 0.02),
}


def plan() -> Song:
    """Return the plan; its chords include a bar of ending for the last sounds."""
    return Song(
        seed=SEED,
        tempo_bpm=TEMPO_BPM,
        key=9,
        minor=True,
        chords=(*_VERSE, *_MAMBO, _A_MINOR),
        sections=("derecho",) * 8 + ("mambo",) * 8 + ("derecho",),
        swing=0.06,
        looseness_s=0.004,
    )


def compose(song: Song) -> dict[str, list[Note]]:
    """Return the notes of each instrument; beat 0 is the pickup's first."""
    last = N_BARS * BEATS_PER_BAR
    rng = generator(SEED, "demo song")
    parts = {"guitar": "requinto", "bass": "bass", "bongo": "bongo", "guira": "guira"}
    score = {}
    for instrument, part in parts.items():
        notes = [n for n in play(song, part) if n.beat < last - 0.1]
        score[instrument] = [n._replace(beat=n.beat + PICKUP_BEATS) for n in notes]

    lick = [Note(b, 1.1 * length, p, 0.8) for b, p, length in _LICK]
    lick += [Note(b, length, p - 8, 0.6) for b, p, length in _LICK[5:6]]
    score["guitar"] += humanise(lick, song, rng)
    end = last + PICKUP_BEATS
    chord = (57, 64, 69, 72, 76)
    score["guitar"] += [
        Note(end + 0.03 * i, 3.5, pitch, 0.75) for i, pitch in enumerate(chord)
    ]
    score["bass"].append(Note(end, 3.0, 33, 0.85))
    score["bongo"] += [Note(end, 0.25, 0, 0.9, "hi"), Note(end, 0.25, 0, 0.9, "lo")]
    score["bongo"].append(Note(2.5, 0.25, 0, 0.7, "lo"))
    score["guira"].append(Note(end, 0.25, 0, 0.9, "long"))
    return {
        name: sorted(n._replace(beat=max(n.beat, 0.0)) for n in notes)
        for name, notes in score.items()
    }


def render() -> tuple[dict[str, np.ndarray], Song]:
    """Return the four stems, shape `(2, n_frames)` each, in a small room."""
    song = plan()
    beat_s = 60 / song.tempo_bpm
    n_beats = PICKUP_BEATS + N_BARS * BEATS_PER_BAR + _ENDING_BEATS
    n_frames = round(n_beats * beat_s * SAMPLE_RATE)
    lead_in = round(rendering.LEAD_IN_S * SAMPLE_RATE)
    longer = Song(**{**vars(song), "chords": (*song.chords, *song.chords[:2])})
    stems = {}
    for instrument, notes in compose(song).items():
        model, name, level_db, place, room = _DESK[instrument]
        through = rendering.through_string
        if instrument in ("bongo", "guira"):
            through = rendering.through_model
        rng = generator(SEED, instrument, "demo")
        dry = through(model, name, notes, longer, rng)
        dry = rendering.finished(dry, longer)[:, lead_in : lead_in + n_frames]
        angle = (1 + place) * np.pi / 4
        gains = np.sqrt(2) * np.array([[np.cos(angle)], [np.sin(angle)]])
        stereo = (dry * gains).astype(np.float32)
        wet = pedalboard.Reverb(0.3, 0.6, room, 1 - room)(stereo, SAMPLE_RATE)
        wet = wet * np.float32(10 ** ((level_db - rendering.ACTIVE_LEVEL_DB) / 20))
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
    beat_s = 60 / song.tempo_bpm
    n_beats = PICKUP_BEATS + N_BARS * BEATS_PER_BAR + 1
    beats = [round(i * beat_s, 6) for i in range(n_beats)]
    meta = {
        "title": "Tres tiempos",
        "tempo_bpm": song.tempo_bpm,
        "beats_per_bar": BEATS_PER_BAR,
        "pickup_beats": PICKUP_BEATS,
        "beats_s": beats,
        "downbeats_s": beats[PICKUP_BEATS::BEATS_PER_BAR],
        "sections": [
            {"name": "pickup", "start_s": 0.0},
            {"name": "derecho", "start_s": beats[PICKUP_BEATS]},
            {"name": "mambo", "start_s": beats[PICKUP_BEATS + 8 * BEATS_PER_BAR]},
        ],
        "chords": [_NAMES[c.root] + c.quality for c in song.chords],
        "licence": "GPL-3.0-or-later",
        "pattern_seed": song.seed,
        "stems": {
            name: {
                "source": f"requinto.material model {row[0]!r}, draw {row[1]!r}",
                "licence": OWN_LICENCE,
                "trained_on": False,
            }
            for name, row in _DESK.items()
        },
    }
    (folder / "meta.json").write_text(json.dumps(meta, indent=1) + "\n")


if __name__ == "__main__":
    typer.run(main)
