# SPDX-License-Identifier: GPL-3.0-or-later
"""Score the labelling of sections on songs whose sections are known.

    python -m requinto_lab.evaluation.section_scores FOLDER

FOLDER is what `beat_sets` built.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import mir_eval
import numpy as np
import typer
from rich.console import Console
from rich.table import Table

import requinto
from requinto.errors import AudioFileError
from requinto.sections import Section, sections
from requinto_files import audio_reader
from requinto_lab.evaluation.items import true_beats
from requinto_lab.material.parallel import show_progress

_NEAR_S = 3.0  # within which a boundary is right
_MIN_SECTIONS = 3  # sections of a song that is scored


class SectionScore(NamedTuple):
    """How well the sections of one song were estimated."""

    bars: str  # which bars were compared
    boundary_f: float  # F-measure, 0 to 1, within 3 s
    pairwise_f: float  # F-measure, 0 to 1, of pairs of moments that sound alike


def score(folder: Path) -> Iterator[SectionScore]:
    """Yield the scores of each song by its true bars, by tracked ones, and by none.

    Raises
    ------
    AudioFileError
        If there are no songs of several sections in `folder`.
    """
    metas = {p: json.loads(p.read_text()) for p in Path(folder).glob("*/*/meta.json")}
    chosen = {
        p: m for p, m in metas.items() if len(m.get("sections", ())) >= _MIN_SECTIONS
    }
    if not chosen:
        raise AudioFileError(f"no songs with known sections in {folder}")
    for path in show_progress(sorted(chosen), "Listening"):
        audio, rate = audio_reader.read(path.parent / "mix.flac")
        duration_s, meta = audio.shape[1] / rate, chosen[path]
        by_bars = {
            "true bars": sections(audio, rate, true_beats(meta)),
            "tracked bars": sections(audio, rate, requinto.beats(audio, rate)),
            "one section": [Section("verse", "A", 0.0, duration_s)],
        }
        for bars, some in by_bars.items():
            yield SectionScore(bars, *_measures(meta, some, duration_s))


def _measures(
    meta: dict[str, Any], estimate: list[Section], duration_s: float
) -> tuple[float, float]:
    """Return the F-measures of boundaries and of pairs, both by mir_eval."""
    # A pickup is part of the section that it leads to
    named = [s for s in meta["sections"] if s["name"] != "pickup"]
    starts_s = [0.0, *(s["start_s"] for s in named[1:])]
    true = np.stack([starts_s, [*starts_s[1:], duration_s]], axis=1)
    names = [s["name"] for s in named]
    spans = np.array([[s.start_s, s.end_s] for s in estimate])
    groups = [s.group for s in estimate]
    # The song's own ends are no boundaries, so a single section has none
    boundary_f = 0.0
    if len(estimate) > 1:
        *_, boundary_f = mir_eval.segment.detection(true, spans, _NEAR_S, trim=True)
    *_, pairwise_f = mir_eval.segment.pairwise(true, names, spans, groups)
    return boundary_f, pairwise_f


def show(rows: list[SectionScore], console: Console) -> None:
    """Print the means over songs."""
    page = Table("bars", "n", "boundaries F, 3 s", "pairwise F")
    for bars in dict.fromkeys(row.bars for row in rows):
        some = [row for row in rows if row.bars == bars]
        means = (np.mean([row[i] for row in some]) for i in (1, 2))
        page.add_row(bars, str(len(some)), *(f"{mean:.3f}" for mean in means))
    console.print(page)


def main(
    folder: Annotated[Path, typer.Argument(help="What `beat_sets` built.")],
) -> None:
    """Score how sections are labelled on songs whose sections are known."""
    show(list(score(folder)), Console())


if __name__ == "__main__":
    typer.run(main)
