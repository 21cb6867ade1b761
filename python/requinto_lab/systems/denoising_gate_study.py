# SPDX-License-Identifier: GPL-3.0-or-later
"""What the denoising gate takes away: leaks where a source rests, and what else.

    python -m requinto_lab.systems.denoising_gate_study LIBRARY -o FOLDER

Validation songs in which each source rests for a while are separated, and gated at
several softnesses: a softness of 0 is no gate.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from requinto.metrics import si_sdr
from requinto.model_folder import models_folder
from requinto_files.figures import new_figure, plain_style, save_figure
from requinto_lab.material.loop_library import LoopLibrary
from requinto_lab.systems import spectrogram_channels as channels
from requinto_lab.systems.denoising_gate import GateConfig, gated
from requinto_lab.systems.excerpts import Windows, WindowsConfig
from requinto_lab.systems.fixed_outputs import FixedOutputs
from requinto_lab.systems.spectrogram_channels import SpectrogramChannels
from requinto_lab.systems.study import Study, show, write

NAME = "denoising-gate"
SOFTNESSES = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5)

_SONG_S = 12.0
_REST_S = 4.0
_QUIETEST_DB = -100.0  # what digital silence counts as


@dataclass(frozen=True)
class Measured:
    """One source of one song at one softness, in dB."""

    source: str
    softness: float
    leak_db: float  # where the source rests, over the mixture there
    gain_db: float  # of SI-SDR where it plays
    whole_gain_db: float  # of SI-SDR, rest included


def rested(
    stems: np.ndarray, sample_rate: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return stems that are silent for a while each, and where they are.

    Stems are `(n_sources, n_channels, n_frames)`; rests are `(n_sources, n_frames)`,
    true where a source rests, at times of its own.
    """
    n_frames = stems.shape[-1]
    size = round(_REST_S * sample_rate)
    starts = rng.integers(0, n_frames - size, len(stems))
    frames = np.arange(n_frames)
    rests = (frames >= starts[:, None]) & (frames < starts[:, None] + size)
    return stems * ~rests[:, None], rests


def measured(
    system: FixedOutputs, moments: Windows, n: int, gate: GateConfig
) -> Iterator[Measured]:
    """Yield what each softness does to each source of `n` mixtures."""
    for i in range(n):
        rng = np.random.default_rng([3, i])
        stems, rests = rested(moments.draw(rng), system.sample_rate, rng)
        mixture = stems.sum(axis=0)
        answers = system.separated(mixture)
        for source, truth, rest, answer in zip(
            system.sources, stems, rests, answers, strict=True
        ):
            if not truth.any():
                continue
            for softness in SOFTNESSES:
                sound = gated(
                    answer, system.sample_rate, replace(gate, softness=softness)
                )
                yield Measured(
                    source,
                    softness,
                    _level_db(sound[:, rest]) - _level_db(mixture[:, rest]),
                    _gain_db(truth[:, ~rest], mixture[:, ~rest], sound[:, ~rest]),
                    _gain_db(truth, mixture, sound),
                )


def _level_db(sound: np.ndarray) -> float:
    power = float(np.mean(np.square(sound, dtype=np.float64)))
    return max(10 * np.log10(power + 1e-30), _QUIETEST_DB)


def _gain_db(truth: np.ndarray, mixture: np.ndarray, answer: np.ndarray) -> float:
    return max(si_sdr(truth, answer), _QUIETEST_DB) - si_sdr(truth, mixture)


def study(found: Sequence[Measured], command: str) -> Study:
    """Return the study of what was measured."""
    sources = tuple(dict.fromkeys(m.source for m in found))
    rows = [
        (source, softness, *means(found, source, softness))
        for source in sources
        for softness in SOFTNESSES
    ]
    return Study(
        NAME,
        "The denoising gate",
        command,
        finding(found),
        (
            "source",
            "softness",
            "level at rest, dB of the mixture",
            "SI-SDR gain where it plays, dB",
            "SI-SDR gain in all, dB",
        ),
        tuple(rows),
        ((f"{NAME}.png", "What is left at rest against what playing gains"),),
    )


def means(
    found: Sequence[Measured], source: str | None, softness: float
) -> tuple[float, float, float]:
    """Return the median level at rest and the mean gains; of all sources for None."""
    rows = [m for m in found if m.softness == softness and source in (None, m.source)]
    return (
        float(np.median([m.leak_db for m in rows])),
        float(np.mean([m.gain_db for m in rows])),
        float(np.mean([m.whole_gain_db for m in rows])),
    )


def finding(found: Sequence[Measured]) -> str:
    """Return in words what the gate does at its own softness, and which is best."""
    own = GateConfig().softness
    before, after = means(found, None, 0.0), means(found, None, own)
    best = max(SOFTNESSES, key=lambda s: means(found, None, s)[2])
    return (
        f"A softness of {own:g} takes what is left of a resting source from "
        f"{before[0]:.0f} to {after[0]:.0f} dB of the mixture (median) and changes the "
        f"SI-SDR where it plays by {after[1] - before[1]:+.2f} dB, in all by "
        f"{after[2] - before[2]:+.2f} dB. In all, a softness of {best:g} is the best, "
        f"with {means(found, None, best)[2] - before[2]:+.2f} dB."
    )


@plain_style()
def draw(found: Sequence[Measured], path: Path) -> None:
    """Draw level at rest and gain, a curve for each source, a point a softness."""
    figure = new_figure(7, 4.5)
    axis = figure.subplots()
    for source in dict.fromkeys(m.source for m in found):
        points = [means(found, source, softness) for softness in SOFTNESSES]
        axis.plot(
            [p[0] for p in points], [p[1] for p in points], marker="o", label=source
        )
    axis.set_xlabel("level at rest, dB of the mixture")
    axis.set_ylabel("SI-SDR gain where it plays, dB")
    axis.legend()
    save_figure(figure, path)


def main(
    library: Annotated[Path, typer.Argument(help="Rendered loops.")],
    output: Annotated[Path, typer.Option("-o", help="Folder of the findings.")],
    folder: Annotated[
        Path | None, typer.Option(help="Of the model, where not the released one.")
    ] = None,
    songs: Annotated[int, typer.Option(help="Mixtures.", min=1)] = 24,
) -> None:
    """Gate what a trained network leaves, and say what that does."""
    model, network = channels.load(folder or models_folder())
    system = SpectrogramChannels(model, network)
    size = round(_SONG_S * model.sample_rate)
    moment = WindowsConfig(model.sources, model.sample_rate, size, remixed=0.0)
    moments = Windows(LoopLibrary(library, "validation"), moment)
    found = list(measured(system, moments, songs, GateConfig()))
    output.mkdir(parents=True, exist_ok=True)
    draw(found, output / f"{NAME}.png")
    made = study(
        found,
        f"python -m requinto_lab.systems.denoising_gate_study LIBRARY -o FOLDER "
        f"--songs {songs}",
    )
    write(output, made)
    show(made, Console())


if __name__ == "__main__":
    typer.run(main)
