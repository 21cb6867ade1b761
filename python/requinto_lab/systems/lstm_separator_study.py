# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask what mixing across songs and added noise are worth to the LSTM separator.

    python -m requinto_lab.systems.lstm_separator_study LIBRARY -o FOLDER

Trains four networks for the same time, unless their runs are there already: on songs
as they are, on sources of different songs, on songs with noise, and on both.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from requinto.metrics import si_sdr
from requinto_files.figures import new_figure, plain_style, save_figure
from requinto_lab.systems import lstm_separator, masking_training, packing
from requinto_lab.systems import lstm_separator_training as training
from requinto_lab.systems.excerpts import Windows
from requinto_lab.systems.lstm_separator import LstmSeparator, LstmSeparatorConfig
from requinto_lab.systems.lstm_separator_training import LstmSeparatorTraining
from requinto_lab.systems.study import Study, show, write

NAME = "lstm-separator"
_REMIXED, _NOISY = 0.5, 0.5  # probabilities, where they are not none
TRAINED = {  # title: probability of sources of different songs, and of noise
    "songs as they are": (0.0, 0.0),
    "mixed across songs": (_REMIXED, 0.0),
    "with noise": (0.0, _NOISY),
    "both": (_REMIXED, _NOISY),
}
ASKED = {  # title: sources of different songs or of one, and noise in dB
    "songs": (0.0, None),
    "mixed across songs": (1.0, None),
    "songs with noise at -20 dB": (0.0, -20.0),
}
Gains = dict[str, float]


def gain_db(
    system: LstmSeparator, moments: Windows, run: LstmSeparatorTraining, n: int
) -> float:
    """Return the mean improvement of SI-SDR over `n` mixtures, with a run's noise.

    The noise is no source: it is to be kept out of both.
    """
    found = []
    for i in range(n):
        rng = np.random.default_rng([4, i])
        stems = moments.draw(rng)
        clean = stems.sum(axis=0)
        mixture = clean + masking_training.noise(clean, run, rng)
        answers = system.separated(mixture)
        for truth, answer in zip(stems, answers, strict=True):
            if truth.any():
                found.append(si_sdr(truth, answer) - si_sdr(truth, mixture))
    return float(np.mean(found))


def _asked(run: LstmSeparatorTraining, noise_db: float | None) -> LstmSeparatorTraining:
    """Return a run as it would be with noise at that level in each mixture, or none."""
    if noise_db is None:
        return dataclasses.replace(run, noisy=0.0)
    return dataclasses.replace(
        run, noisy=1.0, quietest_noise_db=noise_db, loudest_noise_db=noise_db
    )


def study(plan: Callable[[str], LstmSeparatorTraining], folder: Path, n: int) -> Study:
    """Train what is not trained yet, measure it, draw it; return the findings.

    Parameters
    ----------
    plan : callable
        Returns the run of a title in `TRAINED`.
    folder : Path
        For the picture.
    n : int
        Moments of the validation split over which gains are the means.
    """
    found: dict[str, Gains] = {}
    for title in TRAINED:
        run = plan(title)
        config, network = packing.load(
            training.train(run), run.name, LstmSeparatorConfig, lstm_separator.build
        )
        system = LstmSeparator(config, network)
        found[title] = {}
        for asked, (remixed, noise_db) in ASKED.items():
            moments = masking_training.moments(run, config, "validation", remixed)
            found[title][asked] = gain_db(system, moments, _asked(run, noise_db), n)
    folder.mkdir(parents=True, exist_ok=True)
    name = "-".join([NAME, *plan("both").sources])
    _draw(found, folder / f"{name}.png")
    return _written(name, found, plan("both"), n)


def _written(
    name: str, found: dict[str, Gains], run: LstmSeparatorTraining, n: int
) -> Study:
    plain, remixed, noisy, both = found.values()
    songs, across, hiss = ASKED
    pair = " and ".join(run.sources)
    finding = (
        f"{pair.capitalize()}, mean gain in SI-SDR over {n} moments of the validation "
        f"split after {run.minutes:g} minutes on one core each. On songs, mixing "
        f"across songs in training changes {plain[songs]:.1f} dB to "
        f"{remixed[songs]:.1f} dB, noise to {noisy[songs]:.1f} dB, both to "
        f"{both[songs]:.1f} dB; on sources of different songs {plain[across]:.1f} dB "
        f"becomes {remixed[across]:.1f}, {noisy[across]:.1f} and {both[across]:.1f} "
        f"dB. Where the mixture has noise at -20 dB it is {plain[hiss]:.1f} dB without "
        f"noise in training and {noisy[hiss]:.1f} dB with it, {remixed[hiss]:.1f} and "
        f"{both[hiss]:.1f} dB when mixed across songs."
    )
    return Study(
        name=name,
        title=f"What to learn from, for {pair}",
        command="python -m requinto_lab.systems.lstm_separator_study LIBRARY -o FOLDER "
        f"--sources {','.join(run.sources)} --minutes {run.minutes:g}",
        finding=finding,
        columns=("Trained on", *(f"{asked} (dB)" for asked in ASKED)),
        rows=tuple((title, *gains.values()) for title, gains in found.items()),
        pictures=((f"{name}.png", "Mean gain in SI-SDR by what was trained on."),),
    )


@plain_style()
def _draw(found: dict[str, Gains], place: Path) -> None:
    figure = new_figure(8, 4)
    axis = figure.subplots()
    width = 0.8 / len(found)
    for i, (title, gains) in enumerate(found.items()):
        places = np.arange(len(gains)) + (i - (len(found) - 1) / 2) * width
        axis.bar(places, list(gains.values()), width, label=title)
    axis.set_xticks(range(len(ASKED)), list(ASKED))
    axis.axhline(0, color="grey", linewidth=0.5)
    axis.set_ylabel("gain in SI-SDR (dB)")
    axis.legend(title="trained on", fontsize="small")
    save_figure(figure, place)


def main(
    loops: Path,
    output: Annotated[Path, typer.Option("-o", help="For the findings.")],
    runs: Annotated[Path, typer.Option(help="For the four runs.")] = Path("runs"),
    sources: Annotated[str, typer.Option(help="Two, with a comma.")] = "guitar,bass",
    minutes: Annotated[float, typer.Option(help="Of one core, for each.")] = 4.0,
    n_heard: int = 24,
) -> None:
    """Train and measure all four."""
    pair = tuple(sources.split(","))

    def plan(title: str) -> LstmSeparatorTraining:
        remixed, noisy = TRAINED[title]
        place = "-".join(["study", NAME, *pair, *title.split()])
        return LstmSeparatorTraining(
            loops=str(loops),
            run=str(runs / place),
            sources=pair,
            minutes=minutes,
            remixed=remixed,
            noisy=noisy,
            steps_per_epoch=50,
            resume=True,
        )

    found = study(plan, output, n_heard)
    write(output, found)
    show(found, Console())


if __name__ == "__main__":
    typer.run(main)
