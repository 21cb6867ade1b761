# SPDX-License-Identifier: GPL-3.0-or-later
"""Train DeepConvSep in stereo on rendered loops.

    requinto train CONFIG.toml [--resume]     # system = "deepconvsep"

The 2018 thesis' two augmentations are `dropped` and `remixed`.  Some pieces are cut
from each of many excerpts, silent ones left out, as the thesis had to do too: a silent
mixture has no shares.  The optimiser is Adadelta at the rate of 1 that its inventor
and both programs have; at Keras' own 0.001 it would not begin to learn.  That the rate
falls, as a half cosine, is ours: at a constant one the validation loss goes on jumping.

The loss, Chandna, Miron, Janer, Gómez, LVA/ICA 2017, section 3, as Grau Noel's 2018
thesis prints it (section 4.c), over sources n of which one leads (their voice, here
the guitar) and one is the rest (their "other", here the guira; unlike theirs it is
learnt as the others are):

    E_total = E_sq - alpha E_diff - beta E_other - beta_lead E_otherlead
    E_sq = sum over n of |e_n - t_n|^2
    E_diff = sum over n, and over m that is not n, neither the rest, of |e_n - e_m|^2
    E_other = sum over n, neither the lead nor the rest, of |e_n - e_rest|^2
    E_otherlead = |e_lead - e_rest|^2

where e are estimates and t truths.  The programs of both differ from what is
printed: there e_n is compared with the *truth* of the other source (`unlike` =
"truths" here), E_sq leaves the rest out, and the absolute value of all is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from requinto.errors import ConfigError
from requinto_lab.material.loop_library import LoopLibrary
from requinto_lab.networks.backend import prepare_keras
from requinto_lab.networks.weights import save_networks
from requinto_lab.ranges import check_at_least
from requinto_lab.systems import deepconvsep
from requinto_lab.systems.deepconvsep import DeepConvSep, DeepConvSepConfig
from requinto_lab.systems.excerpts import Excerpts, ExcerptsConfig
from requinto_lab.systems.fixed_outputs import gains_db
from requinto_lab.training import system_fit

if TYPE_CHECKING:
    import keras

_EVAL_S = 6.0  # length of a mixture whose SI-SDR is measured
_DECAY = 0.95  # of Adadelta's averages, and
_CONSTANT = 1e-6  # what keeps their ratio finite: as in both programs


@dataclass(frozen=True)
class PiecesRun(system_fit.Run):
    """The numbers of a run that say what is learnt from, for autoencoders too."""

    batch_size: int = 6  # excerpts: fewer of more pieces each make the loss jump
    excerpt_s: float = 0.7
    pieces_per_excerpt: int = 4
    quiet: float = 0.02  # mean magnitude under which no piece is learnt from
    remixed: float = 0.4  # probability that sources come from different songs
    dropped: float = 0.1  # probability, for each source, that it is silent

    def __post_init__(self) -> None:
        super().__post_init__()
        check_at_least(self, 1, "pieces_per_excerpt")
        if self.excerpt_s <= 0:
            raise ConfigError(f"excerpt_s must be above 0, got {self.excerpt_s}")


@dataclass(frozen=True)
class DeepConvSepTraining(PiecesRun):
    """The numbers of a run that are this system's own."""

    learning_rate: float = 1.0  # of Adadelta, at the start
    sources: tuple[str, ...] = DeepConvSepConfig.sources
    lead: str = "guitar"  # in the place of the thesis' voice
    rest: str = "guira"  # in the place of its "other" instruments
    alpha: float = 0.001  # how much estimates shall differ from each other,
    beta: float = 0.01  # from the rest,
    beta_lead: float = 0.03  # and the lead from the rest
    unlike: str = "estimates"  # or "truths": what they differ from

    def model_config(self) -> DeepConvSepConfig:
        """Return the system that the run trains."""
        return DeepConvSepConfig(sources=self.sources)


# Examples


def make_excerpts(run: PiecesRun, model: DeepConvSepConfig, split: str) -> Excerpts:
    """Return the excerpts of a split that a run trains on or is validated on."""
    n_frames = round(run.excerpt_s * model.sample_rate)
    config = ExcerptsConfig(
        model.sources,
        model.sample_rate,
        n_frames,
        n_channels=2,
        remixed=run.remixed,
        dropped=run.dropped,
    )
    return Excerpts(LoopLibrary(Path(run.loops), split), config)


def evaluation_excerpts(
    loops: str, model: DeepConvSepConfig, remixed: float = 0.0
) -> Excerpts:
    """Return the mixtures of the validation split whose SI-SDR is measured."""
    n_frames = round(_EVAL_S * model.sample_rate)
    config = ExcerptsConfig(
        model.sources, model.sample_rate, n_frames, n_channels=2, remixed=remixed
    )
    return Excerpts(LoopLibrary(Path(loops), "validation"), config)


def batch(
    excerpts: Excerpts,
    model: DeepConvSepConfig,
    run: PiecesRun,
    rng: np.random.Generator,
) -> system_fit.Batch:
    """Return pieces of some excerpts, and what their sources are."""
    examples = [
        pieces(excerpts.draw(rng), model, run, rng) for _ in range(run.batch_size)
    ]
    mixtures, truths = zip(*examples, strict=True)
    return np.concatenate(mixtures), np.concatenate(truths)


def pieces(
    stems: np.ndarray,
    model: DeepConvSepConfig,
    run: PiecesRun,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Cut pieces from an excerpt, at random, but not where it is silent.

    Parameters
    ----------
    stems : np.ndarray, shape=(n_sources, 2, n_frames)

    Returns
    -------
    mixtures : np.ndarray, shape=(n, n_columns, n_bins, 2)
    truths : np.ndarray, shape=(n, n_sources, n_columns, n_bins, 2)
        Magnitudes, where those of the excerpt's mixture have an RMS of 1.
    """
    spectra = deepconvsep.spectrum(stems, model)
    mixture = spectra.sum(axis=0)
    both = np.abs(np.concatenate([mixture[None], spectra]))
    both /= deepconvsep.level(mixture)
    size = model.n_columns
    means = np.convolve(both[0].mean(axis=(0, 1)), np.ones(size) / size, "valid")
    sounding = np.flatnonzero(means > min(run.quiet, means.max() / 2))
    n = run.pieces_per_excerpt
    starts = rng.choice(sounding, n, replace=len(sounding) < n)
    cut = np.stack([both[..., i : i + size].swapaxes(1, 3) for i in starts])
    return cut[:, 0], cut[:, 1:]


# The run


def unlikeness(run: DeepConvSepTraining) -> np.ndarray:
    """Return how much each source (row) shall differ from each (column).

    Returns
    -------
    np.ndarray, shape=(n_sources, n_sources)
        float32, zeros on the diagonal and in the row of the rest.

    Raises
    ------
    ConfigError
        If the lead and the rest are not two of the sources.
    """
    sources = run.sources
    if run.lead == run.rest or not {run.lead, run.rest} <= set(sources):
        raise ConfigError(
            f"lead and rest must be two of {sources}, got {run.lead!r} and {run.rest!r}"
        )
    lead, rest = sources.index(run.lead), sources.index(run.rest)
    weights = np.full((len(sources), len(sources)), run.alpha, np.float32)
    weights[:, rest] = run.beta
    weights[lead, rest] = run.beta_lead
    weights[rest] = 0
    np.fill_diagonal(weights, 0)
    return weights


def train(config: DeepConvSepTraining) -> Path:
    """Train until the minutes are used up; return the folder of the best model."""
    model = config.model_config()
    network = compile_network(model, config)
    excerpts = {s: make_excerpts(config, model, s) for s in ("train", "validation")}
    evaluated = evaluation_excerpts(config.loops, model)

    return system_fit.fit(
        config,
        network,
        draw=lambda split, rng: batch(excerpts[split], model, config, rng),
        save=lambda record: save_networks(
            Path(config.run), deepconvsep.NAME, model, (network,), record
        ),
        evaluate=lambda: gains_db(
            DeepConvSep(model, network), evaluated, config.n_eval
        ),
    )


def compile_network(
    model: DeepConvSepConfig, config: DeepConvSepTraining
) -> keras.Model:
    """Return the untrained network with its loss and optimiser.

    Raises
    ------
    ConfigError
        If the lead and the rest are not two of the sources.
    """
    prepare_keras()
    import keras

    from requinto_lab.systems.layers import contrastive_loss

    weights = unlikeness(config)
    keras.utils.set_random_seed(config.seed)
    network = deepconvsep.build(model)
    network.compile(
        keras.optimizers.Adadelta(config.learning_rate, rho=_DECAY, epsilon=_CONSTANT),
        loss=contrastive_loss(weights, config.unlike),
        jit_compile=False,
    )
    return network
