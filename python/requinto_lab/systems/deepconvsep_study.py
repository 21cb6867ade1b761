# SPDX-License-Identifier: GPL-3.0-or-later
"""What DeepConvSep's augmentations, and the terms of its loss, are good for.

    python -m requinto_lab.systems.deepconvsep_study LIBRARY -o FOLDER

Short runs from the same beginnings that differ in one thing each, heard on songs of
the validation split and on mixtures of different songs' parts.  Runs that are there
already are not trained again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from requinto_files.figures import new_figure, plain_style, save_figure
from requinto_lab.systems import deepconvsep, packing
from requinto_lab.systems import deepconvsep_material as material
from requinto_lab.systems.deepconvsep import DeepConvSep, DeepConvSepConfig
from requinto_lab.systems.deepconvsep_training import DeepConvSepTraining, train
from requinto_lab.systems.fixed_outputs import gains_db
from requinto_lab.systems.study import Cell, Study, show, write

NAME = "deepconvsep-augmentation-and-loss"

_NO_CONTRAST = {"alpha": 0.0, "beta": 0.0, "beta_lead": 0.0}
# By its name, what is changed; the first is what the others are measured by
CASES: dict[str, dict[str, Any]] = {
    "as released": {},
    "no source dropped": {"dropped": 0.0},
    "nothing remixed": {"remixed": 0.0},
    "no augmentation": {"dropped": 0.0, "remixed": 0.0},
    "square error alone": _NO_CONTRAST,
    "no term of the lead": {"beta_lead": DeepConvSepTraining.beta},
    "unlike the truths": {"unlike": "truths"},
}


@dataclass(frozen=True)
class Found:
    """What a run reached: gains of SI-SDR over the mixture, by source and in all."""

    name: str
    songs_db: dict[str, float]  # parts of one song
    strangers_db: dict[str, float]  # each part of a song and a moment of its own

    @property
    def mean_db(self) -> float:
        """Return the mean over the sources of songs."""
        return self.songs_db["mean_gain_db"]


def ran(name: str, base: DeepConvSepTraining, n_heard: int) -> Found:
    """Train a case, in a folder of its own within the base's, and hear its best."""
    place = str(Path(base.run) / name.replace(" ", "-"))
    run = dataclasses.replace(base, run=place, resume=True, **CASES[name])
    loaded = packing.load(
        train(run), deepconvsep.NAME, DeepConvSepConfig, deepconvsep.build
    )
    system = DeepConvSep(*loaded)
    songs, strangers = (
        gains_db(system, material.heard(run.loops, system.config, remixed), n_heard)
        for remixed in (0.0, 1.0)
    )
    return Found(name, songs, strangers)


def study(found: Sequence[Found], base: DeepConvSepTraining, n_heard: int) -> Study:
    """Return the study of some runs."""
    rows: list[tuple[Cell, ...]] = [
        (
            run.name,
            run.mean_db,
            run.strangers_db["mean_gain_db"],
            *(run.songs_db[f"{source}_gain_db"] for source in base.sources),
        )
        for run in found
    ]
    return Study(
        NAME,
        "DeepConvSep's augmentations and loss",
        f"python -m requinto_lab.systems.deepconvsep_study LIBRARY -o FOLDER "
        f"--minutes {base.minutes:g} --heard {n_heard}",
        finding(found, base),
        ("run", "songs, dB", "mixed songs, dB", *(f"{s}, dB" for s in base.sources)),
        tuple(rows),
        ((f"{NAME}.png", "Gains of SI-SDR in songs, by source and run"),),
    )


def finding(found: Sequence[Found], base: DeepConvSepTraining) -> str:
    """Return in words what each run gained and lost against the first."""
    first, *others = found
    said = [
        f"After {base.minutes:g} minutes of one core, {first.name}, the SI-SDR rises "
        f"by {first.mean_db:.1f} dB in songs, by "
        f"{first.strangers_db['mean_gain_db']:.1f} dB where songs are mixed."
    ]
    for run in others:
        change = run.mean_db - first.mean_db
        apart = run.strangers_db["mean_gain_db"] - first.strangers_db["mean_gain_db"]
        said.append(
            f"With {run.name} that changes by {change:+.1f} dB in songs, {apart:+.1f} "
            "dB where they are mixed."
        )
    best = max(found, key=lambda run: run.mean_db)
    said.append(f"Best in songs is: {best.name}.  One seed each.")
    return " ".join(said)


@plain_style()
def draw(found: Sequence[Found], sources: Sequence[str], folder: Path) -> None:
    """Draw the gains in songs, a group of bars for each source."""
    figure = new_figure(10, 4)
    axis = figure.subplots()
    width = 0.8 / len(found)
    for nth, run in enumerate(found):
        places = [i + (nth - (len(found) - 1) / 2) * width for i in range(len(sources))]
        gains = [run.songs_db[f"{source}_gain_db"] for source in sources]
        axis.bar(places, gains, width, label=run.name)
    axis.axhline(0, color="grey", linewidth=0.5)
    axis.set_xticks(range(len(sources)), list(sources))
    axis.set_ylabel("SI-SDR gain, dB")
    axis.legend(fontsize="small")
    save_figure(figure, folder / f"{NAME}.png")


def main(
    library: Annotated[Path, typer.Argument(help="Rendered loops.")],
    output: Annotated[Path, typer.Option("-o", help="Folder of the findings.")],
    runs: Annotated[Path, typer.Option(help="Folder of the runs.")] = Path(
        "runs/deepconvsep-study"
    ),
    minutes: Annotated[float, typer.Option(help="Of one core, each run.")] = 3.0,
    heard: Annotated[int, typer.Option(help="Mixtures, for SI-SDR.", min=1)] = 24,
) -> None:
    """Train with and without each part, and say what it did."""
    base = DeepConvSepTraining(
        loops=str(library),
        run=str(runs),
        minutes=minutes,
        steps_per_epoch=100,
        n_validation_batches=10,
        epochs_per_hearing=10**6,  # at the end alone
    )
    found = [ran(name, base, heard) for name in CASES]
    output.mkdir(parents=True, exist_ok=True)
    draw(found, base.sources, output)
    made = study(found, base, heard)
    write(output, made)
    show(made, Console())


if __name__ == "__main__":
    typer.run(main)
