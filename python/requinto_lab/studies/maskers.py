# SPDX-License-Identifier: GPL-3.0-or-later
"""Studies of the recurrent systems: the mask of one output, and what is learnt from."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from requinto.metrics import si_sdr
from requinto_lab.networks.weights import load_network
from requinto_lab.studies import Cell, Options, Picture, Result, Study
from requinto_lab.studies.plots import Bars, Curve, Panel, Panels
from requinto_lab.systems import lstm_separator, masking, recurrent_masker
from requinto_lab.systems.excerpts import Excerpts
from requinto_lab.systems.fixed_outputs import FixedOutputs, Network, gains_db
from requinto_lab.systems.lstm_separator import (
    LstmSeparator,
    LstmSeparatorConfig,
    LstmSeparatorTraining,
)
from requinto_lab.systems.masking import Masker
from requinto_lab.systems.recurrent_masker import (
    RecurrentMaskerConfig,
    RecurrentMaskerTraining,
)
from requinto_lab.training import system_fit

# The mask of one output exceeds 1, and two outputs cure it

_N_BATCHES = 6


class Limited:
    """A network whose masks are limited to 1 after all."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def predict_on_batch(self, magnitudes: np.ndarray, /) -> np.ndarray:
        """Turn magnitudes into masks."""
        return np.minimum(self._network.predict_on_batch(magnitudes), 1)

    def count_params(self) -> int:
        """Return how many numbers were trained."""
        return self._network.count_params()


@dataclass(frozen=True)
class MaskKind:
    """One kind of mask."""

    n_outputs: int
    trained: bool = True
    limited: bool = False


def _masks(variants: Mapping[str, MaskKind], options: Options) -> Result:
    """Train with one output and with two; measure masks and gains of each kind."""
    runs = {
        n_outputs: RecurrentMaskerTraining(
            loops=str(options.material),
            run=options.run_folder(name),
            name=name,
            minutes=options.minutes,
            n_outputs=n_outputs,
            epochs_per_eval=1,
            steps_per_epoch=50,
            resume=True,
        )
        for n_outputs, name in recurrent_masker.NAMES.items()
    }
    folders = {n: recurrent_masker.train(run) for n, run in runs.items()}
    rows: list[tuple[Cell, ...]] = []
    histograms = []
    for name, kind in variants.items():
        run = runs[kind.n_outputs]
        config, network = load_network(
            folders[kind.n_outputs],
            *(run.name, RecurrentMaskerConfig, recurrent_masker.build),
        )
        if not kind.trained:
            network = recurrent_masker.build(config)
        figures, values = _mask_figures(
            run, config, Limited(network) if kind.limited else network, options.n_eval
        )
        rows.append((name, *figures))
        if not kind.limited:
            histograms.append(_histogram(name, values))
    headings = ("Masks", "above 1 (%)", "anywhere (%)", "median", "largest")
    values_panel = Panel(
        histograms,
        *("the voice's mask", "% of audible bins"),
        scales=("log", "linear"),
        mark=1,
    )
    return Result(
        (*headings, "voice gain (dB)", "accompaniment gain (dB)"),
        tuple(rows),
        (
            Picture(
                *("-masks", "How often masks have which value."),
                Panels([values_panel], size=(8, 4)),
            ),
            Picture(
                *("-course", "Masks above 1 in the course of training."),
                _course(
                    {
                        name: folders[kind.n_outputs]
                        for name, kind in variants.items()
                        if kind.trained and not kind.limited
                    }
                ),
            ),
        ),
    )


def _mask_figures(
    run: RecurrentMaskerTraining,
    config: RecurrentMaskerConfig,
    network: Network,
    n_eval: int,
) -> tuple[tuple[float, ...], np.ndarray]:
    """Return a row of the table, and the first source's masks where it is audible."""
    excerpts = masking.make_excerpts(run, config, "validation", run.remixed)
    batches = [
        masking.make_batch(excerpts, run, config, np.random.default_rng([3, i]))
        for i in range(_N_BATCHES)
    ]
    values = recurrent_masker.first_masks(network, batches)
    anywhere = recurrent_masker.first_masks(network, batches, min_magnitude=0)
    gains = gains_db(Masker(run.name, config, network), excerpts, n_eval)
    return (
        100 * float(np.mean(values > 1)),
        100 * float(np.mean(anywhere > 1)),
        float(np.median(values)),
        float(values.max()),
        *(gains[f"{source}_gain_db"] for source in config.sources),
    ), values


def _histogram(name: str, values: np.ndarray) -> Curve:
    edges = np.geomspace(1e-3, 1e3, 121)
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
    return Curve(name, edges, 100 * counts / len(values), style="steps")


def _course(folders: Mapping[str, Path]) -> Panels:
    curves = []
    for name, folder in folders.items():
        lines = [x for x in system_fit.read_log(folder) if "share_above_one" in x]
        shares = [100 * line["share_above_one"] for line in lines]
        curves.append(Curve(name, [line["minutes"] for line in lines], shares))
    return Panels([Panel(curves, "minutes of one core", "masks above 1 (%)")], (8, 4))


# What mixing across songs and added noise are worth to the LSTM separator

_EVALUATED = {  # sources of different songs or of one, and noise in dB
    "songs": (0.0, None),
    "mixed across songs": (1.0, None),
    "songs with noise at -20 dB": (0.0, -20.0),
}


def noisy_gain_db(
    system: FixedOutputs, excerpts: Excerpts, run: LstmSeparatorTraining, n: int
) -> float:
    """Return the mean improvement of SI-SDR over `n` mixtures, with a run's noise.

    The noise is no source: it is to be kept out of both.
    """
    gains = []
    for i in range(n):
        rng = np.random.default_rng([4, i])
        stems = excerpts.draw(rng)
        clean = stems.sum(axis=0)
        mixture = clean + masking.noise(clean, run, rng)
        for truth, estimate in zip(stems, system.separate(mixture), strict=True):
            if truth.any():
                gains.append(si_sdr(truth, estimate) - si_sdr(truth, mixture))
    return float(np.mean(gains))


def _with_noise(run: LstmSeparatorTraining, db: float | None) -> LstmSeparatorTraining:
    """Return a run with noise at that level in each mixture, or none."""
    if db is None:
        return dataclasses.replace(run, noisy=0.0)
    return dataclasses.replace(
        run, noisy=1.0, quietest_noise_db=db, loudest_noise_db=db
    )


def _lstm(variants: Mapping[str, tuple[float, float]], options: Options) -> Result:
    """Train on songs, on mixed songs, with noise, and on both; measure each."""
    sources = tuple(options.sources.split(","))
    gains = {}
    for name, (remixed, noisy) in variants.items():
        run = LstmSeparatorTraining(
            loops=str(options.material),
            run=options.run_folder(f"{'-'.join(sources)} {name}"),
            sources=sources,
            minutes=options.minutes,
            remixed=remixed,
            noisy=noisy,
            steps_per_epoch=50,
            resume=True,
        )
        config, network = load_network(
            lstm_separator.train(run),
            *(run.name, LstmSeparatorConfig, lstm_separator.build),
        )
        system = LstmSeparator(config, network)
        gains[name] = [
            noisy_gain_db(
                system,
                masking.make_excerpts(run, config, "validation", mixed),
                _with_noise(run, noise_db),
                options.n_eval,
            )
            for mixed, noise_db in _EVALUATED.values()
        ]
    caption = "Mean gain in SI-SDR by what was trained on."
    bars = Bars(tuple(_EVALUATED), gains, "gain in SI-SDR (dB)", legend="trained on")
    return Result(
        ("Trained on", *(f"{name} (dB)" for name in _EVALUATED)),
        tuple((name, *row) for name, row in gains.items()),
        (Picture("", caption, bars),),
        suffix="-".join(["", *sources]),
    )


STUDIES = (
    Study(
        name="recurrent-masker",
        title="The mask of one output, and the cure",
        material="library",
        variants={
            "one output, untrained": MaskKind(1, trained=False),
            "one output": MaskKind(1),
            "one output, limited to 1": MaskKind(1, limited=True),
            "two outputs": MaskKind(2),
        },
        defaults={"minutes": 6.0, "n_eval": 24},
        measure=_masks,
    ),
    Study(
        name="lstm-separator",
        title="What the LSTM separator learns from",
        material="library",
        variants={  # probabilities of sources of different songs, and of noise
            "songs as they are": (0.0, 0.0),
            "mixed across songs": (0.5, 0.0),
            "with noise": (0.0, 0.5),
            "both": (0.5, 0.5),
        },
        defaults={"sources": "guitar,bass", "minutes": 4.0, "n_eval": 24},
        measure=_lstm,
    ),
)
