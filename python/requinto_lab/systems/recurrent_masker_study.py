# SPDX-License-Identifier: GPL-3.0-or-later
"""Show the mask of one output exceed 1, and two outputs cure it.

    python -m requinto_lab.systems.recurrent_masker_study LIBRARY -o FOLDER

Trains both for the same time, unless their runs are there already.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from requinto_files.figures import new_figure, plain_style, save_figure
from requinto_lab.systems import fitting, masking_training, packing, recurrent_masker
from requinto_lab.systems import recurrent_masker_training as training
from requinto_lab.systems.excerpts import Windows
from requinto_lab.systems.fixed_outputs import gains_db
from requinto_lab.systems.masking import Masker, Network
from requinto_lab.systems.recurrent_masker import NAMES, RecurrentMaskerConfig
from requinto_lab.systems.recurrent_masker_training import RecurrentMaskerTraining
from requinto_lab.systems.study import Study, show, write

NAME = "recurrent-masker"
_TITLES = {
    "untrained": "one output, untrained",
    "one": "one output",
    "limited": "one output, limited to 1",
    "two": "two outputs",
}
_N_BATCHES = 6


class Limited:
    """A network whose masks are limited to 1 after all."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def predict_on_batch(self, magnitudes: np.ndarray) -> np.ndarray:
        """Turn magnitudes into masks."""
        return np.minimum(self._network.predict_on_batch(magnitudes), 1)

    def count_params(self) -> int:
        """Return how many numbers were trained."""
        return self._network.count_params()


@dataclasses.dataclass(frozen=True)
class Found:
    """What one kind of mask does on the validation split."""

    masks: np.ndarray  # of the first source, wherever the mixture is audible
    above_one_anywhere: float  # percent, also where it is not
    gains_db: tuple[float, float]  # of both sources

    @property
    def above_one(self) -> float:
        """The share of masks above 1, in percent."""
        return 100 * float(np.mean(self.masks > 1))


def measured(
    run: RecurrentMaskerTraining,
    config: RecurrentMaskerConfig,
    network: Network,
    moments: Windows,
    n_heard: int,
) -> Found:
    """Return the masks of a network, and its gains over so many moments."""
    draw = masking_training.drawer(moments, run, config)
    batches = [draw(np.random.default_rng([3, i])) for i in range(_N_BATCHES)]
    masks = training.first_masks(network, batches)
    anywhere = training.first_masks(network, batches, least=0)
    gains = gains_db(Masker(NAME, config, network), moments, n_heard)
    first, second = (gains[f"{source}_gain_db"] for source in config.sources)
    return Found(masks, 100 * float(np.mean(anywhere > 1)), (first, second))


def study(runs: dict[int, RecurrentMaskerTraining], folder: Path, n: int) -> Study:
    """Train what is not trained yet, measure it, draw it; return the findings.

    Parameters
    ----------
    runs : dict of int to RecurrentMaskerTraining
        By the number of outputs, 1 and 2.
    folder : Path
        For the pictures.
    n : int
        Moments of the validation split over which gains are the means.
    """
    found, logs = {}, {}
    for n_outputs, run in runs.items():
        place = training.train(run)
        config, network = packing.load(
            place, run.name, RecurrentMaskerConfig, recurrent_masker.build
        )
        moments = masking_training.moments(run, config, "validation", run.remixed)
        key = "one" if n_outputs == 1 else "two"
        found[key] = measured(run, config, network, moments, n)
        if n_outputs == 1:
            limited = Limited(network)
            found["limited"] = measured(run, config, limited, moments, n)
            untrained = recurrent_masker.build(config)
            found["untrained"] = measured(run, config, untrained, moments, n)
        logs[key] = fitting.read_log(place)
    folder.mkdir(parents=True, exist_ok=True)
    _draw_masks(found, folder / f"{NAME}-masks.png")
    _draw_course(logs, folder / f"{NAME}-course.png")
    return _written(found, runs[1].minutes)


def _written(found: dict[str, Found], minutes: float) -> Study:
    untrained, one, limited, two = (found[key] for key in _TITLES)
    finding = (
        "Of one output the ratio becomes |ŷ| / |x|, since what is left of the mixture "
        "stands in for the second source, and nothing bounds it. A sigmoid begins at "
        "one half, and magnitudes are mostly far less: untrained, "
        f"{untrained.above_one:.1f} % of the masks are above 1 wherever the mixture is "
        f"audible. After {minutes:g} minutes of training on one core "
        f"{one.above_one:.2g} % still are, up to {one.masks.max():.3g}, and "
        f"{one.above_one_anywhere:.2g} % of all, audible or not. With two outputs "
        f"|ŷ₁| / (|ŷ₁| + |ŷ₂|) is {two.masks.max():.3g} at most. The first source "
        f"gains {one.gains_db[0]:.1f} dB of SI-SDR with one output, "
        f"{limited.gains_db[0]:.1f} dB when its masks are limited to 1 afterwards, "
        f"and {two.gains_db[0]:.1f} dB with two."
    )
    rows = tuple(
        (
            title,
            found[key].above_one,
            found[key].above_one_anywhere,
            float(np.median(found[key].masks)),
            float(found[key].masks.max()),
            *found[key].gains_db,
        )
        for key, title in _TITLES.items()
    )
    return Study(
        name=NAME,
        title="The mask of one output, and the cure",
        command="python -m requinto_lab.systems.recurrent_masker_study LIBRARY"
        f" -o FOLDER --minutes {minutes:g}",
        finding=finding,
        columns=(
            "Masks",
            "above 1 (%)",
            "anywhere (%)",
            "median",
            "largest",
            "voice gain (dB)",
            "accompaniment gain (dB)",
        ),
        rows=rows,
        pictures=(
            (f"{NAME}-masks.png", "How often masks have which value."),
            (f"{NAME}-course.png", "Masks above 1 in the course of training."),
        ),
    )


@plain_style()
def _draw_masks(found: dict[str, Found], place: Path) -> None:
    figure = new_figure(8, 4)
    axis = figure.subplots()
    edges = np.geomspace(1e-3, 1e3, 121)
    for key in ("untrained", "one", "two"):
        values = np.clip(found[key].masks, edges[0], edges[-1])
        weights = np.full(len(values), 100 / len(values))
        axis.hist(values, edges, weights=weights, histtype="step", label=_TITLES[key])
    axis.axvline(1, color="grey", linewidth=0.7)
    axis.set(xscale="log", xlabel="the voice's mask", ylabel="% of audible places")
    axis.legend()
    save_figure(figure, place)


@plain_style()
def _draw_course(logs: dict[str, list[dict[str, float]]], place: Path) -> None:
    figure = new_figure(8, 4)
    axis = figure.subplots()
    for key, lines in logs.items():
        heard = [line for line in lines if "share_above_one" in line]
        shares = [100 * line["share_above_one"] for line in heard]
        axis.plot([line["minutes"] for line in heard], shares, label=_TITLES[key])
    axis.set(xlabel="minutes of one core", ylabel="masks above 1 (%)")
    axis.legend()
    save_figure(figure, place)


def main(
    loops: Path,
    output: Annotated[Path, typer.Option("-o", help="For the findings.")],
    runs: Annotated[Path, typer.Option(help="For the two runs.")] = Path("runs"),
    minutes: Annotated[float, typer.Option(help="Of one core, for each.")] = 6.0,
    n_heard: int = 24,
) -> None:
    """Train and measure both kinds of mask."""
    planned = {
        n_outputs: RecurrentMaskerTraining(
            loops=str(loops),
            run=str(runs / f"study-{name}"),
            name=name,
            minutes=minutes,
            n_outputs=n_outputs,
            epochs_per_hearing=1,
            steps_per_epoch=50,
            resume=True,
        )
        for n_outputs, name in NAMES.items()
    }
    found = study(planned, output, n_heard)
    write(output, found)
    show(found, Console())


if __name__ == "__main__":
    typer.run(main)
