# SPDX-License-Identifier: GPL-3.0-or-later
"""Studies of the convolutional systems: weights, augmentations, and the gate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from requinto.metrics import si_sdr
from requinto.model_folder import models_folder
from requinto_lab.grouping import group_pairs
from requinto_lab.material.loop_library import LoopLibrary
from requinto_lab.networks.weights import load_network
from requinto_lab.studies import Cell, Options, Picture, Result, Study
from requinto_lab.studies.plots import Bars, Curve, Panel, Panels
from requinto_lab.systems import deepconvsep, deepconvsep_training
from requinto_lab.systems import spectrogram_channels as channels
from requinto_lab.systems.deepconvsep import DeepConvSep, DeepConvSepConfig
from requinto_lab.systems.deepconvsep_training import DeepConvSepTraining
from requinto_lab.systems.excerpts import Excerpts, ExcerptsConfig
from requinto_lab.systems.fixed_outputs import (
    FixedOutputs,
    GateConfig,
    apply_gate,
    gains_db,
)
from requinto_lab.systems.spectrogram_channels import (
    SpectrogramChannels,
    SpectrogramChannelsTraining,
)
from requinto_lab.training import system_fit

_AT_THE_END = 10**6  # epochs between evaluations: none in the course of a run

# What DeepConvSep's augmentations, and the terms of its loss, are good for


def _deepconvsep(variants: Mapping[str, Any], options: Options) -> Result:
    """Train runs that differ in one thing each; measure songs and mixed songs."""
    rows: list[tuple[Cell, ...]] = []
    gains: dict[str, list[float]] = {}
    for name, changes in variants.items():
        run = DeepConvSepTraining(
            loops=str(options.material),
            run=options.run_folder(name),
            resume=True,
            minutes=options.minutes,
            n_validation_batches=10,
            epochs_per_eval=_AT_THE_END,
            **changes,
        )
        system = DeepConvSep(
            *load_network(
                deepconvsep_training.train(run),
                *(deepconvsep.NAME, DeepConvSepConfig, deepconvsep.build),
            )
        )
        songs, mixed = (
            gains_db(
                system,
                deepconvsep_training.evaluation_excerpts(run.loops, system.config, x),
                options.n_eval,
            )
            for x in (0.0, 1.0)
        )
        gains[name] = [songs[f"{source}_gain_db"] for source in run.sources]
        rows.append((name, songs["mean_gain_db"], mixed["mean_gain_db"], *gains[name]))
    sources = DeepConvSepTraining.sources
    return Result(
        ("run", "songs, dB", "mixed songs, dB", *(f"{s}, dB" for s in sources)),
        tuple(rows),
        (
            Picture(
                *("", "Gains of SI-SDR in songs, by source and run"),
                Bars(sources, gains, "SI-SDR gain, dB", size=(10, 4)),
            ),
        ),
    )


# What the weights of the sources' errors do to a Spectrogram-channels U-Net.  Adam does
# not feel a loss's size, so only ratios of weights matter: 0.707 and 0.707 are equal
# weights, as 0.5 and 0.5 are


class Weighted(NamedTuple):
    """One run's sources and weights."""

    sources: tuple[str, ...]
    weights: tuple[float, ...]


_VOICE = ("voice", "accompaniment")
_BAND = ("guitar", "bass", "bongo", "guira")
_WEIGHTED = (
    *(Weighted(_VOICE, (a, round(1 - a, 3))) for a in (0.5, 0.707, 1.0, 0.0)),
    Weighted(_BAND, (0.5, 0.5, 0.5, 0.5)),
    Weighted(_BAND, (0.707, 0.707, 0.0, 0.0)),
    Weighted(_BAND, (1.0, 0.0, 0.0, 0.0)),
)


def _channels(variants: Mapping[str, Weighted], options: Options) -> Result:
    """Train narrow networks that differ in the weights of the sources' errors."""
    rows: list[tuple[Cell, ...]] = []
    logs = {}
    for name, (sources, weights) in variants.items():
        run = SpectrogramChannelsTraining(
            loops=str(options.material),
            run=options.run_folder(name),
            resume=True,
            sources=sources,
            weights=weights,
            minutes=options.minutes,
            width_divisor=options.width_divisor,
            steps_per_epoch=10,
            epochs_per_eval=_AT_THE_END,
            precision="mixed_bfloat16",
        )
        folder = channels.train(run)
        model, network = channels.load(folder, run.model)
        gains = gains_db(
            SpectrogramChannels(model, network),
            channels.evaluation_excerpts(run, model),
            options.n_eval,
        )
        logs[name] = system_fit.read_log(folder)
        for source, weight in zip(sources, weights, strict=True):
            error = min(line[f"validation_{source}_l1"] for line in logs[name])
            label = f"{len(sources)}: {name}"
            rows.append((label, source, weight, error, gains[f"{source}_gain_db"]))
    by_sources = group_pairs(
        (variant.sources, name) for name, variant in variants.items()
    )
    return Result(
        (
            "sources: weights",
            "source",
            "its weight",
            "validation L1",
            "SI-SDR gain, dB",
        ),
        tuple(rows),
        tuple(
            Picture(
                f"-{len(sources)}",
                f"Validation error of {', '.join(sources)} by weights",
                _error_curves(sources, {n: logs[n] for n in names}),
            )
            for sources, names in by_sources.items()
        ),
    )


def _error_curves(
    sources: Sequence[str], logs: Mapping[str, list[system_fit.Scores]]
) -> Panels:
    panels = [
        Panel(
            [
                Curve(
                    name,
                    [line["minutes"] for line in log],
                    [line[f"validation_{source}_l1"] for line in log],
                )
                for name, log in logs.items()
            ],
            "minutes of one core",
            "" if i else "validation L1",
            title=source,
        )
        for i, source in enumerate(sources)
    ]
    return Panels(panels, size=(3.5 * len(sources), 3.5), legend="weights")


# What the denoising gate takes away: leaks where a source rests, and what else

_SONG_S = 12.0
_REST_S = 4.0
_QUIETEST_DB = -100.0  # what digital silence counts as


class Effect(NamedTuple):
    """What one softness does to one source of one song, in dB."""

    source: str
    softness: float
    leak_db: float  # where the source rests, over the mixture there
    gain_db: float  # of SI-SDR where it plays
    whole_gain_db: float  # of SI-SDR, rest included


def add_rests(
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


def gate_effects(
    system: FixedOutputs, excerpts: Excerpts, n: int, gates: Sequence[GateConfig]
) -> Iterator[Effect]:
    """Yield what each gate does to each source of `n` mixtures."""
    for i in range(n):
        rng = np.random.default_rng([3, i])
        stems, rests = add_rests(excerpts.draw(rng), system.sample_rate, rng)
        mixture = stems.sum(axis=0)
        rows = zip(system.sources, stems, rests, system.separate(mixture), strict=True)
        for source, truth, rest, estimate in rows:
            for gate in gates if truth.any() else ():
                gated = apply_gate(estimate, system.sample_rate, gate)
                yield Effect(
                    source,
                    gate.softness,
                    _level_db(gated[:, rest]) - _level_db(mixture[:, rest]),
                    _gain_db(truth[:, ~rest], mixture[:, ~rest], gated[:, ~rest]),
                    _gain_db(truth, mixture, gated),
                )


def _level_db(samples: np.ndarray) -> float:
    power = float(np.mean(np.square(samples, dtype=np.float64)))
    return max(10 * np.log10(power + 1e-30), _QUIETEST_DB)


def _gain_db(truth: np.ndarray, mixture: np.ndarray, estimate: np.ndarray) -> float:
    return max(si_sdr(truth, estimate), _QUIETEST_DB) - si_sdr(truth, mixture)


def _gate(variants: Mapping[str, GateConfig], options: Options) -> Result:
    """Separate songs in which each source rests for a while, and gate them."""
    folder = Path(options.model) if options.model else models_folder()
    model, network = channels.load(folder)
    size = round(_SONG_S * model.sample_rate)
    excerpt = ExcerptsConfig(model.sources, model.sample_rate, size, remixed=0.0)
    excerpts = Excerpts(LoopLibrary(options.material, "validation"), excerpt)
    system = SpectrogramChannels(model, network)
    gates = list(variants.values())
    return gate_result(list(gate_effects(system, excerpts, options.n_eval, gates)))


def gate_result(effects: Sequence[Effect]) -> Result:
    """Return medians of leaks and means of gains, by source and softness."""
    by_case = group_pairs(
        ((effect.source, effect.softness), effect) for effect in effects
    )
    sources = list(dict.fromkeys(effect.source for effect in effects))

    def order(case: tuple[tuple[str, float], list[Effect]]) -> tuple[int, float]:
        (source, softness), _ = case
        return sources.index(source), softness

    rows = [
        (
            source,
            softness,
            float(np.median([effect.leak_db for effect in some])),
            float(np.mean([effect.gain_db for effect in some])),
            float(np.mean([effect.whole_gain_db for effect in some])),
        )
        for (source, softness), some in sorted(by_case.items(), key=order)
    ]
    curves = [
        Curve(
            source,
            [row[2] for row in rows if row[0] == source],
            [row[3] for row in rows if row[0] == source],
            style="o",
        )
        for source in sources
    ]
    axes = ("level at rest, dB of the mixture", "SI-SDR gain where it plays, dB")
    return Result(
        ("source", "softness", *axes, "SI-SDR gain in all, dB"),
        tuple(rows),
        (
            Picture(
                *("", "What is left at rest against what playing gains"),
                Panels([Panel(curves, *axes)], size=(7, 4.5)),
            ),
        ),
    )


_NO_CONTRAST = {"alpha": 0.0, "beta": 0.0, "beta_lead": 0.0}
STUDIES = (
    Study(
        name="spectrogram-channels-weights",
        title="Weights of the sources' errors",
        material="library",
        variants={" ".join(f"{w:g}" for w in case.weights): case for case in _WEIGHTED},
        defaults={"minutes": 4.0, "width_divisor": 4, "n_eval": 12},
        measure=_channels,
    ),
    Study(
        name="denoising-gate",
        title="The denoising gate",
        material="library",
        variants={
            f"{softness:g}": GateConfig(softness=softness)
            for softness in (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5)
        },
        defaults={"n_eval": 24, "model": ""},
        measure=_gate,
    ),
    Study(
        name="deepconvsep-augmentation-and-loss",
        title="DeepConvSep's augmentations and loss",
        material="library",
        variants={  # what is changed
            "as released": {},
            "no source dropped": {"dropped": 0.0},
            "nothing remixed": {"remixed": 0.0},
            "no augmentation": {"dropped": 0.0, "remixed": 0.0},
            "square error alone": _NO_CONTRAST,
            "no term of the lead": {"beta_lead": DeepConvSepTraining.beta},
            "unlike the truths": {"unlike": "truths"},
        },
        defaults={"minutes": 3.0, "n_eval": 24},
        measure=_deepconvsep,
    ),
)
