# SPDX-License-Identifier: GPL-3.0-or-later
"""How the error of the 2020 thesis' network falls as it learns, by instrument."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from requinto_lab.systems import fitting
from requinto_lab.systems.bachata2020 import Bachata2020Config
from requinto_lab.systems.bachata2020_clips import (
    INSTRUMENTS,
    Bank,
    Pictures,
    draw,
    pictures,
)
from requinto_lab.systems.bachata2020_training import Bachata2020Training, compiled

if TYPE_CHECKING:
    import keras

N_BATCHES = 4  # of each instrument
_LAST = 3  # measurements that stand for the end of a run
_SURE = 1.96  # standard errors: 95 %

Waves = tuple[np.ndarray, np.ndarray, np.ndarray]  # mixtures, targets, references


class Variant(NamedTuple):
    """A network to train."""

    clamp: bool = True
    normalise: bool = True
    instrument: str = ""  # the only one that it is asked for


class Curve(NamedTuple):
    """The errors of a network as it learns, by instrument."""

    steps: np.ndarray  # (n_epochs,)
    errors: dict[str, np.ndarray]  # (n_epochs,)
    margins: dict[str, np.ndarray]  # (n_epochs,), half of a 95 % interval

    def at_end(self, name: str) -> tuple[float, float]:
        """Return an error at the end of the run, and its margin."""
        found = (self.errors[name], self.margins[name])
        return float(found[0][-_LAST:].mean()), float(found[1][-_LAST:].mean())


def learn(
    run: Bachata2020Training,
    variant: Variant,
    banks: dict[str, Bank],
    examples: dict[str, list[Waves]],
) -> Curve:
    """Train a network, or read what it was like where it was trained before.

    Its learning rate stays what it is, as in the thesis: then networks compare at
    equal steps, however many of them the minutes allowed.
    """
    run = dataclasses.replace(
        run, clamp=variant.clamp, normalise=variant.normalise, resume=True
    )
    model = run.model()
    network = compiled(model, run)

    def batch(split: str, rng: np.random.Generator) -> fitting.Batch:
        waves = draw(banks[split], run.batch_size, rng, variant.instrument)
        return pictures(*waves, model)[:2]

    wanted = {
        name: found
        for name, found in examples.items()
        if variant.instrument in ("", name)
    }
    folder = fitting.fit(
        run,
        network,
        draw=lambda rng: batch("train", rng),
        fixed=fitting.fixed_batches(run, lambda rng: batch("validation", rng)),
        save=lambda record: None,
        hear=lambda: errors(network, model, wanted),
        rate=lambda run, share: run.learning_rate,
    )
    return _curve(fitting.read_log(folder))


def errors(
    network: keras.Model, model: Bachata2020Config, examples: dict[str, list[Waves]]
) -> fitting.Scores:
    """Return mean square errors in thousandths, and 95 % margins over examples.

    `all` and instruments are of logarithmic spectrograms as they are; names ending in
    `own` are over each target's peak, which is the scale of the thesis' losses.
    """
    scores: fitting.Scores = {}
    for name, batches in examples.items():
        rows = [_errors(network, model, waves) for waves in batches]
        plain, own = 1e3 * np.concatenate(rows, axis=1)
        for key, values in ((name, plain), (f"{name} own", own)):
            scores[f"error {key}"] = float(values.mean())
            deviation = float(values.std(ddof=1))
            scores[f"margin {key}"] = _SURE * deviation / np.sqrt(len(values))
    for kind in ("", " own"):
        every = [scores[f"error {name}{kind}"] for name in examples]
        margins = [scores[f"margin {name}{kind}"] for name in examples]
        scores[f"error all{kind}"] = float(np.mean(every))
        # How the instruments differ is no chance
        scores[f"margin all{kind}"] = float(np.linalg.norm(margins)) / len(margins)
    return scores


def _errors(network: keras.Model, model: Bachata2020Config, waves: Waves) -> np.ndarray:
    """Return each example's error, and that over its target's peak, `(2, n)`."""
    seen, _, scale = pictures(*waves, model)
    drawn = np.asarray(network.predict_on_batch(seen), np.float32) * scale
    wanted = truths(waves, model)
    error = np.mean(np.square(drawn[..., 0] - wanted), axis=(1, 2))
    return np.stack([error, error / np.max(wanted, axis=(1, 2)) ** 2])


def truths(waves: Waves, model: Bachata2020Config) -> np.ndarray:
    """Return the logarithmic spectrograms of targets before any normalisation."""
    return _plain(waves, model).wanted[..., 0]


def _plain(waves: Waves, model: Bachata2020Config) -> Pictures:
    return pictures(*waves, dataclasses.replace(model, normalise=False))


def _curve(lines: list[fitting.Scores]) -> Curve:
    def column(prefix: str) -> dict[str, np.ndarray]:
        names = [key for key in lines[0] if key.startswith(prefix)]
        return {
            key.removeprefix(prefix): np.array([line[key] for line in lines])
            for key in names
        }

    steps = np.array([line["step"] for line in lines])
    return Curve(steps, column("error "), column("margin "))


class Floors(NamedTuple):
    """What can be had without learning, in thousandths."""

    silence: dict[str, float]  # error of drawing nothing, by instrument and of all
    mixture: dict[str, float]  # of drawing the untouched mix
    clamped: float  # of the truth, limited to 1 without having been normalised
    above: float  # share of values above 1, percent

    def below_db(self, name: str, error: float) -> tuple[float, float]:
        """Return how far an error is below that of nothing, and of the mix."""
        whole = [self.silence[name], self.mixture[name]]
        nothing, mixture = 10 * np.log10(np.divide(whole, error))
        return float(nothing), float(mixture)


def floors(examples: dict[str, list[Waves]], model: Bachata2020Config) -> Floors:
    """Return the errors of answers that need no network."""
    every = {
        name: [_plain(waves, model) for waves in batches]
        for name, batches in examples.items()
    }
    every["all"] = [found for batches in every.values() for found in batches]
    wanted = np.concatenate([found.wanted for found in every["all"]])

    def errors_of(drawn: Callable[[Pictures], np.ndarray | float]) -> dict[str, float]:
        return {
            name: 1e3 * float(np.mean([np.mean((drawn(f) - f.wanted) ** 2) for f in b]))
            for name, b in every.items()
        }

    return Floors(
        errors_of(lambda found: 0.0),
        errors_of(lambda found: found.seen[..., :1]),
        1e3 * float(np.mean(np.maximum(wanted - 1, 0) ** 2)),
        100 * float(np.mean(wanted > 1)),
    )


def compared(curves: dict[str, Curve]) -> dict[str, Curve]:
    """Return curves up to the last step that all of them reached."""
    last = min(curve.steps[-1] for curve in curves.values())
    found = {}
    for name, curve in curves.items():
        n = int(np.searchsorted(curve.steps, last, side="right"))
        values = [{k: v[:n] for k, v in rows.items()} for rows in curve[1:]]
        found[name] = Curve(curve.steps[:n], *values)
    return found


def validation_examples(bank: Bank, run: Bachata2020Training) -> dict[str, list[Waves]]:
    """Return the batches of each instrument in which the error is measured."""
    return {
        name: [
            draw(bank, run.batch_size, np.random.default_rng([run.seed, 3, i, n]), name)
            for n in range(N_BATCHES)
        ]
        for i, name in enumerate(INSTRUMENTS)
    }
