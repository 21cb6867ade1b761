# SPDX-License-Identifier: GPL-3.0-or-later
"""What the weights of the sources' errors do to a Spectrogram-channels U-Net.

    python -m requinto_lab.systems.spectrogram_channels_study LIBRARY -o FOLDER

Short runs of a narrow network that differ in those weights alone, with two sources
and with four.  Adam does not feel a loss's size, so only ratios of weights matter:
0.707 and 0.707 are equal weights, as 0.5 and 0.5 are.  Runs that are there already
are not trained again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from requinto_files.figures import new_figure, plain_style, save_figure
from requinto_lab.systems import fitting, fixed_outputs
from requinto_lab.systems import spectrogram_channels as channels
from requinto_lab.systems.spectrogram_channels import SpectrogramChannels
from requinto_lab.systems.spectrogram_channels_training import (
    SpectrogramChannelsTraining,
    heard_moments,
    train,
)
from requinto_lab.systems.study import Cell, Study, show, write

NAME = "spectrogram-channels-weights"

_VOICE = ("voice", "accompaniment")
_BAND = ("guitar", "bass", "bongo", "guira")


@dataclass(frozen=True)
class Case:
    """One run's sources and weights."""

    sources: tuple[str, ...]
    weights: tuple[float, ...]

    @property
    def name(self) -> str:
        """Of its curves; also of its folder."""
        return " ".join(f"{weight:g}" for weight in self.weights)


@dataclass(frozen=True)
class Found:
    """What a run reached."""

    case: Case
    log: list[dict[str, float]]  # a line for each epoch
    gains_db: dict[str, float]  # of SI-SDR over the mixture, by source

    def least_error(self, source: str) -> float:
        """Return the lowest validation error of a source's magnitudes."""
        return min(line[f"validation_{source}_l1"] for line in self.log)


# 0.5 and 0.5 first: what the others are measured by
CASES = (
    *(Case(_VOICE, (a, round(1 - a, 3))) for a in (0.5, 0.707, 1.0, 0.0)),
    Case(_BAND, (0.5, 0.5, 0.5, 0.5)),
    Case(_BAND, (0.707, 0.707, 0.0, 0.0)),
    Case(_BAND, (1.0, 0.0, 0.0, 0.0)),
)


def ran(case: Case, base: SpectrogramChannelsTraining, n_heard: int) -> Found:
    """Train a case, in a folder of its own within the base's, and hear its end."""
    run = SpectrogramChannelsTraining(
        **{
            **vars(base),
            "sources": case.sources,
            "weights": case.weights,
            "run": str(Path(base.run) / case.name.replace(" ", "-")),
            "resume": True,
        }
    )
    folder = train(run)
    model, network = channels.load(folder, run.model)
    gains = fixed_outputs.gains_db(
        SpectrogramChannels(model, network), heard_moments(run, model), n_heard
    )
    return Found(
        case,
        fitting.read_log(folder),
        {source: gains[f"{source}_gain_db"] for source in case.sources},
    )


def study(found: Sequence[Found], minutes: float, n_heard: int) -> Study:
    """Return the study of some runs; the first of its sources is the equal one."""
    rows: list[tuple[Cell, ...]] = [
        (
            f"{len(run.case.sources)}: {run.case.name}",
            source,
            weight,
            run.least_error(source),
            run.gains_db[source],
        )
        for run in found
        for source, weight in zip(run.case.sources, run.case.weights, strict=True)
    ]
    pictures = tuple(
        (_picture_name(sources), f"Validation error of {', '.join(sources)} by weights")
        for sources in dict.fromkeys(run.case.sources for run in found)
    )
    return Study(
        NAME,
        "Weights of the sources' errors",
        f"python -m requinto_lab.systems.spectrogram_channels_study LIBRARY -o FOLDER "
        f"--minutes {minutes:g} --heard {n_heard}",
        finding(found),
        (
            "sources: weights",
            "source",
            "its weight",
            "validation L1",
            "SI-SDR gain, dB",
        ),
        tuple(rows),
        pictures,
    )


def finding(found: Sequence[Found]) -> str:
    """Return in words what each run gained and lost against equal weights."""
    said = []
    for sources in dict.fromkeys(run.case.sources for run in found):
        equal, *others = [run for run in found if run.case.sources == sources]
        reached = ", ".join(f"{s} {equal.gains_db[s]:+.1f}" for s in sources)
        said.append(f"With equal weights the SI-SDR rises by (dB) {reached}.")
        for run in others:
            parts = [
                f"{s} {run.gains_db[s] - equal.gains_db[s]:+.1f} dB (error times "
                f"{run.least_error(s) / equal.least_error(s):.2f})"
                for s in sources
            ]
            said.append(f"Weights {run.case.name} change {', '.join(parts)}.")
    return " ".join(said)


@plain_style()
def draw(found: Sequence[Found], folder: Path) -> None:
    """Draw the validation errors, a picture for each set of sources."""
    for sources in dict.fromkeys(run.case.sources for run in found):
        runs = [run for run in found if run.case.sources == sources]
        figure = new_figure(3.5 * len(sources), 3.5)
        axes = figure.subplots(1, len(sources), squeeze=False)[0]
        for axis, source in zip(axes, sources, strict=True):
            for run in runs:
                axis.plot(
                    [line["minutes"] for line in run.log],
                    [line[f"validation_{source}_l1"] for line in run.log],
                    marker=".",
                    label=run.case.name,
                )
            axis.set_title(source)
            axis.set_xlabel("minutes of one core")
        axes[0].set_ylabel("validation L1")
        axes[0].legend(title="weights", fontsize="small")
        save_figure(figure, folder / _picture_name(sources))


def _picture_name(sources: tuple[str, ...]) -> str:
    return f"{NAME}-{len(sources)}.png"


def main(
    library: Annotated[Path, typer.Argument(help="Rendered loops.")],
    output: Annotated[Path, typer.Option("-o", help="Folder of the findings.")],
    runs: Annotated[Path, typer.Option(help="Folder of the runs.")] = Path(
        "runs/spectrogram-channels-weights"
    ),
    minutes: Annotated[float, typer.Option(help="Of one core, each run.")] = 4.0,
    divisor: Annotated[int, typer.Option(help="Of the network's width.")] = 4,
    heard: Annotated[int, typer.Option(help="Mixtures, for SI-SDR.", min=1)] = 12,
) -> None:
    """Train with each set of weights, and say what they did."""
    base = SpectrogramChannelsTraining(
        loops=str(library),
        run=str(runs),
        minutes=minutes,
        width_divisor=divisor,
        steps_per_epoch=10,
        n_heard=heard,
        epochs_per_hearing=10**6,  # at the end alone
        precision="mixed_bfloat16",
    )
    found = [ran(case, base, heard) for case in CASES]
    output.mkdir(parents=True, exist_ok=True)
    draw(found, output)
    made = study(found, minutes, heard)
    write(output, made)
    show(made, Console())


if __name__ == "__main__":
    typer.run(main)
