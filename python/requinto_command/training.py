# SPDX-License-Identifier: GPL-3.0-or-later
"""The command that trains: `train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from requinto_command.workshop import OWN_SYSTEM, check_workshop


def train(
    config: Annotated[Path, typer.Argument(help="A TOML file of training numbers.")],
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the last checkpoint.")
    ] = False,
    anneal: Annotated[
        int | None,
        typer.Option(
            metavar="STEPS",
            help="Branch off: copy the run's last checkpoint to --output, and let its "
            "learning rate fall to nothing over so many steps. The same again resumes.",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The folder of the branch.")
    ] = None,
) -> None:
    """Train a model, or an earlier system, on a library of loops."""
    from requinto.config import read_toml
    from requinto.errors import ConfigError
    from requinto.model_folder import BEATS

    if (anneal is None) != (output is None):
        raise ConfigError("a branch needs both --anneal STEPS and --output FOLDER")
    check_workshop()
    from requinto_lab.networks.backend import import_for_training
    from requinto_lab.systems import registry

    values = read_toml(config)
    system = values.pop("system", OWN_SYSTEM)
    trainable = (OWN_SYSTEM, BEATS, *registry.TRAINERS)
    if system not in trainable:
        known = ", ".join(trainable)
        raise ConfigError(f"unknown system {system!r}; those to be trained are {known}")
    if anneal is not None and system != OWN_SYSTEM:
        raise ConfigError(f"--anneal is for the system {OWN_SYSTEM}, not for {system}")
    import_for_training()
    if system != OWN_SYSTEM:
        print(_train_another(system, values | ({"resume": True} if resume else {})))
        return
    from requinto_lab.training.fit import train as fit
    from requinto_lab.training.fit import training_config

    run = training_config(values)
    if anneal is not None and output is not None:
        from requinto_lab.training.annealing import branch

        run, resume = branch(run, anneal, output), True
    print(fit(run, resume=resume))


def _train_another(system: str, values: dict[str, Any]) -> Path:
    from requinto.model_folder import BEATS

    if system == BEATS:
        from requinto.config import from_values
        from requinto_lab.training import beat_fit

        return beat_fit.train(from_values(beat_fit.BeatTraining, values, "training"))
    from requinto_lab.systems import registry

    return registry.train(system, values)
