# SPDX-License-Identifier: GPL-3.0-or-later
"""Track beats and sections, as `requinto beats` does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import requinto
from requinto.beats import Beats
from requinto.sections import Section
from requinto_command import outputs
from requinto_command.clicks import add_clicks
from requinto_command.inputs import name_problems, read_song
from requinto_command.outputs import Output
from requinto_files.sound_set import write_sounds


class Request(NamedTuple):
    """What `requinto beats` is called with."""

    song: Path
    click: Path | None
    plot: Path | None
    overwrite: bool


def run(request: Request, *, as_json: bool) -> None:
    """Track a song; print its beats, or as JSON all that is known of them."""
    song, click, plot, overwrite = request
    outputs.check_outputs(
        (Output(click, outputs.SOUND), Output(plot, outputs.PICTURE)),
        (song,),
        overwrite=overwrite,
    )
    recording = read_song(song)
    mixture, rate = recording.samples, recording.sample_rate
    shape = (len(mixture), mixture.shape[1])
    outputs.check_capacity((click,), *shape, rate)
    tracked = requinto.beats(mixture, rate)
    parts = requinto.sections(mixture, rate, beats=tracked)
    gain = 1.0
    if click:
        blocks = [(add_clicks(mixture, rate, tracked),)]
        levels = write_sounds((click,), blocks, shape, rate, overwrite=overwrite)
        outputs.warn_of_gain(levels)
        gain = levels.gain
    if plot:
        from requinto_command.pictures import song_map

        song_map(mixture, rate, tracked, parts, plot, overwrite=overwrite)
    if not as_json:
        _print_times(tracked)
        return
    report = {
        "song": str(song),
        **_describe(tracked, parts),
        "click": str(click) if click else None,
        "gain": gain,
        "downmixed_from": recording.downmixed_from,
        "input_problems": name_problems({song: recording.problems}),
        "plot": str(plot) if plot else None,
    }
    print(json.dumps(report, indent=2))


def _print_times(beats: Beats) -> None:
    bars = set(beats.downbeats_s.tolist())
    for time_s in beats.times_s.tolist():
        print(f"{time_s:.3f}{' downbeat' if time_s in bars else ''}")


def _describe(beats: Beats, parts: Sequence[Section]) -> dict[str, Any]:
    """Return beats and sections as JSON can hold them."""
    return {
        "tempo_bpm": round(beats.tempo_bpm, 2),
        "beats_per_bar": beats.beats_per_bar,
        "confidence": round(beats.confidence, 3),
        "times_s": beats.times_s.round(4).tolist(),
        "downbeats_s": beats.downbeats_s.round(4).tolist(),
        "sections": [
            {
                "name": part.name,
                "group": part.group,
                "start_s": round(part.start_s, 4),
                "end_s": round(part.end_s, 4),
            }
            for part in parts
        ],
    }
