# SPDX-License-Identifier: GPL-3.0-or-later
"""Train DeepConvSep in stereo on rendered loops.

    requinto train CONFIG.toml [--resume]     # system = "deepconvsep"

The 2018 thesis' two augmentations are `dropped` and `remixed`.  The optimiser is
Adadelta at the rate of 1 that its inventor and both programs have; at Keras' own
0.001 it would not begin to learn.  That the rate falls, as a half cosine, is ours:
at a constant one the validation loss goes on jumping.  The guitar takes the part that
the voice has in the loss, the guira that of the "other" instruments; unlike those it
is learnt as the rest are.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from requinto_lab.networks.backend import prepare_keras
from requinto_lab.systems import deepconvsep, fitting, packing
from requinto_lab.systems import deepconvsep_material as material
from requinto_lab.systems.deepconvsep import DeepConvSep, DeepConvSepConfig
from requinto_lab.systems.fixed_outputs import gains_db

if TYPE_CHECKING:
    import keras

_DECAY = 0.95  # of Adadelta's averages, and
_CONSTANT = 1e-6  # what keeps their ratio finite: as in both programs


@dataclass(frozen=True)
class DeepConvSepTraining(material.MaterialRun):
    """The numbers of a run that are this system's own."""

    learning_rate: float = 1.0  # of Adadelta, at the start
    sources: tuple[str, ...] = DeepConvSepConfig.sources
    lead: str = "guitar"  # in the place of the thesis' voice
    rest: str = "guira"  # in the place of its "other" instruments
    alpha: float = 0.001  # how much estimates shall differ from each other,
    beta: float = 0.01  # from the rest,
    beta_lead: float = 0.03  # and the lead from the rest
    unlike: str = "estimates"  # or "truths": what they differ from


def train(config: DeepConvSepTraining) -> Path:
    """Train until the minutes are used up; return the folder of the best model."""
    model = DeepConvSepConfig(sources=config.sources)
    network = compiled(model, config)
    known = {s: material.moments(config, model, s) for s in ("train", "validation")}
    heard = material.heard(config.loops, model)

    def draw(split: str, rng: np.random.Generator) -> fitting.Batch:
        return material.batch(known[split], model, config, rng)

    return fitting.fit(
        config,
        network,
        draw=lambda rng: draw("train", rng),
        fixed=fitting.fixed_batches(config, lambda rng: draw("validation", rng)),
        save=lambda record: packing.save(
            Path(config.run), deepconvsep.NAME, model, network, record
        ),
        hear=lambda: gains_db(DeepConvSep(model, network), heard, config.n_heard),
    )


def compiled(model: DeepConvSepConfig, config: DeepConvSepTraining) -> keras.Model:
    """Return the untrained network with its loss and optimiser.

    Raises
    ------
    ConfigError
        If the lead and the rest are not two of the sources.
    """
    prepare_keras()
    import keras

    from requinto_lab.systems import deepconvsep_loss

    unlikeness = deepconvsep_loss.weights(
        model.sources,
        lead=config.lead,
        rest=config.rest,
        alpha=config.alpha,
        beta=config.beta,
        beta_lead=config.beta_lead,
    )
    keras.utils.set_random_seed(config.seed)
    network = deepconvsep.build(model)
    network.compile(
        keras.optimizers.Adadelta(config.learning_rate, rho=_DECAY, epsilon=_CONSTANT),
        loss=deepconvsep_loss.total(unlikeness, config.unlike),
        jit_compile=False,
    )
    return network
