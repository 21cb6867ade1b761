# SPDX-License-Identifier: GPL-3.0-or-later
"""The thesis' network extracts one digit from a clutter, by the example of another.

A clutter is four handwritten digits over each other.  The images are scikit-learn's
`load_digits`: 1797 digits by 13 people, 8 by 8 pixels of 17 grey levels (E. Alpaydin,
C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository,
1998, doi:10.24432/C50P49, CC BY 4.0).  MNIST, larger and sharper, would be one more
thing to depend on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy.ndimage
from sklearn.datasets import load_digits

from requinto.errors import ConfigError
from requinto_lab.material.parallel import show_progress
from requinto_lab.networks.backend import prepare_keras
from requinto_lab.studies import Cell, Options, Picture, Result, Study
from requinto_lab.studies.plots import Curve, Images, Panel, Panels
from requinto_lab.systems.bachata2020 import build_network
from requinto_lab.systems.fixed_outputs import predict
from requinto_lab.training import system_fit

if TYPE_CHECKING:
    import keras

SIZE = 32  # pixels of a side of a clutter
N_PARTS = 4  # digits in it, no two of them the same
WIDTHS = (8, 16, 32, 64, 128)  # 1/8 of the thesis', to train in minutes on one core

# Whose reference is given: how far from the target it is among the four
REFERENCES = {"reference of the wanted digit": 0, "reference of another of the four": 1}
_RIGHT, _OTHER = REFERENCES
_LEVELS = 16.0  # of the package's images: 0 to 16
_ENLARGED = 3.5  # from 8 to 28 pixels, as MNIST's images have
# In the package's order, where neighbours look to be by one hand: so the splits have
# hardly a hand in common
_SPLITS = {"train": (0, 1197), "validation": (1197, 1497), "test": (1497, 1797)}
_N_TEST = 300  # clutters of the test split, each of their parts a target
_N_WATCHED = 3  # clutters of which the picture shows two parts each
_AT_ONCE = 100  # through the network

# Clutters


class Digits(NamedTuple):
    """Images of one split."""

    images: np.ndarray  # (n, 28, 28), float32 in [0, 1]
    classes: np.ndarray  # (n,), the digits that they show


class Clutters(NamedTuple):
    """Clutters, and their parts; the order of parts says nothing."""

    parts: np.ndarray  # (n, 4, 32, 32), float32 in [0, 1], each where it lies
    references: np.ndarray  # (n, 4, 32, 32), another image of each
    classes: np.ndarray  # (n, 4), the digits that they show

    @property
    def mixed(self) -> np.ndarray:
        """The clutters, `(n, 32, 32)`: of each pixel its brightest part."""
        return np.asarray(self.parts.max(axis=1))

    def batch(self, target: int, shown: int) -> tuple[np.ndarray, np.ndarray]:
        """Return inputs and targets of the network.

        Parameters
        ----------
        target : int
            The part to be extracted, 0 to 3.
        shown : int
            Of which digit the reference is, 0 to 3: `target`, or a wrong one.

        Returns
        -------
        tuple of np.ndarray, shapes=(n, 32, 32, 2) and (n, 32, 32, 1)
        """
        inputs = np.stack([self.mixed, self.references[:, shown]], axis=-1)
        return inputs, self.parts[:, target, :, :, None]


def split(name: str) -> Digits:
    """Return the images of a split; no image is in two.

    Parameters
    ----------
    name : str
        "train" (1197 images), "validation" (300) or "test" (300).

    Raises
    ------
    ConfigError
        If it is none of those.
    """
    if name not in _SPLITS:
        raise ConfigError(f"split must be one of {list(_SPLITS)}, got {name!r}")
    rows = slice(*_SPLITS[name])
    package = load_digits()
    # Cubic: smooth strokes, which swing a little beyond the levels there are
    zoom = (1, _ENLARGED, _ENLARGED)
    large = scipy.ndimage.zoom(package.images[rows] / _LEVELS, zoom, order=3)
    return Digits(np.clip(large, 0, 1).astype(np.float32), package.target[rows])


def draw(digits: Digits, n: int, rng: np.random.Generator) -> Clutters:
    """Return `n` clutters at random.

    Each part lies anywhere in the frame, whole: up to two pixels from the middle,
    either way.  Each reference lies anywhere in its own.
    """
    by_class = [np.flatnonzero(digits.classes == digit) for digit in range(10)]
    parts = np.zeros((n, N_PARTS, SIZE, SIZE), np.float32)
    references = np.zeros_like(parts)
    classes = np.empty((n, N_PARTS), int)
    for i in range(n):
        classes[i] = rng.choice(10, N_PARTS, replace=False)
        for k, digit in enumerate(classes[i]):
            image, other = rng.choice(by_class[digit], 2, replace=False)
            _paste(parts[i, k], digits.images[image], rng)
            _paste(references[i, k], digits.images[other], rng)
    return Clutters(parts, references, classes)


def _paste(frame: np.ndarray, image: np.ndarray, rng: np.random.Generator) -> None:
    size = len(image)
    down, right = rng.integers(len(frame) - size + 1, size=2)
    frame[down : down + size, right : right + size] = image


# Training

# From `(n, 32, 32, 2)`, clutter and reference, to `(n, 32, 32)`
Extractor = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class DigitsTraining(system_fit.Run):
    """The numbers of a run."""

    batch_size: int = 16
    learning_rate: float = 2e-3
    steps_per_epoch: int = 50
    n_validation_batches: int = 16
    epochs_per_eval: int = 1


class Trained(NamedTuple):
    """A network, and how it came to be."""

    extract: Extractor  # by the weights whose validation loss was the lowest
    log: list[system_fit.Scores]  # a line for each epoch
    watched: dict[int, np.ndarray]  # outputs for what was watched, by steps


def compile_network(config: DigitsTraining) -> keras.Model:
    """Return the untrained network with its loss and optimiser."""
    prepare_keras()
    import keras

    keras.utils.set_random_seed(config.seed)
    network = build_network(WIDTHS, SIZE, SIZE)
    optimiser = keras.optimizers.Adam(config.learning_rate)
    network.compile(optimiser, loss="mse", jit_compile=False)  # XLA is slower here
    return network


def train(config: DigitsTraining, watched: np.ndarray) -> Trained:
    """Train a network until the minutes are used up.

    Parameters
    ----------
    config : DigitsTraining
    watched : np.ndarray, shape=(n, 32, 32, 2)
        Clutters and references; outputs for them are kept after no step, after one
        epoch, after twice as many each time, and in the end.
    """
    splits = {name: split(name) for name in ("train", "validation")}
    network = compile_network(config)
    best: dict[str, Any] = {}

    def extract(inputs: np.ndarray) -> np.ndarray:
        return predict(network, inputs, _AT_ONCE)[..., 0]

    outputs = {0: extract(watched)}

    def watch() -> system_fit.Scores:
        step = int(network.optimizer.iterations)
        if not (n_epochs := step // config.steps_per_epoch) & (n_epochs - 1):
            outputs[step] = extract(watched)
        return {}

    folder = system_fit.fit(
        config,
        network,
        # The first part is the target: parts are in no order
        draw=lambda name, rng: draw(splits[name], config.batch_size, rng).batch(0, 0),
        save=lambda record: best.update(weights=network.get_weights()),
        evaluate=watch,
    )
    log = system_fit.read_log(folder)
    network.set_weights(best["weights"])
    outputs[int(log[-1]["step"])] = extract(watched)
    return Trained(extract, log, outputs)


# What is measured


class Scores(NamedTuple):
    """What came of references of one kind; arrays of one length."""

    targets: np.ndarray  # the digits to be extracted
    errors: np.ndarray  # mean squared errors of their images
    is_target: np.ndarray  # whether no other of the four digits is as near
    is_shown: np.ndarray  # whether no other is as near as the reference's


def score(extract: Extractor, clutters: Clutters, reference: str) -> Scores:
    """Score each part of each clutter, with references of a kind in `REFERENCES`."""
    rows = []
    for target in range(N_PARTS):
        shown = (target + REFERENCES[reference]) % N_PARTS
        inputs, _ = clutters.batch(target, shown)
        apart = clutters.parts - extract(inputs)[:, None]
        errors = np.mean(np.square(apart), axis=(2, 3))
        nearest = errors.argmin(axis=1)
        digits = clutters.classes[:, target]
        rows.append((digits, errors[:, target], nearest == target, nearest == shown))
    return Scores(*(np.concatenate(column) for column in zip(*rows, strict=True)))


def untouched(inputs: np.ndarray) -> np.ndarray:
    """Return the clutter."""
    return np.asarray(inputs[..., 0])


def black(inputs: np.ndarray) -> np.ndarray:
    """Return nothing at all."""
    return np.zeros(inputs.shape[:-1], np.float32)


def table(
    seeds: Sequence[Mapping[str, Scores]], idle: Mapping[str, Scores]
) -> tuple[tuple[Cell, ...], ...]:
    """Return the rows of the table.

    Parameters
    ----------
    seeds : sequence of dict of str to Scores
        For each network the scores by kind of reference.
    idle : dict of str to Scores
        Those of what learns nothing, by name, with the right reference.
    """
    rows = [_row(kind, [scores[kind] for scores in seeds]) for kind in REFERENCES]
    rows += [_row(name, [scores]) for name, scores in idle.items()]
    for digit in range(10):
        scores = [_of(seed[_RIGHT], digit) for seed in seeds]
        rows.append(_row(f"a {digit} wanted and shown", scores))
    return tuple(rows)


def _row(name: str, scores: Sequence[Scores]) -> tuple[Cell, ...]:
    errors = [float(one.errors.mean()) for one in scores]
    right = [100 * float(one.is_target.mean()) for one in scores]
    shown = [100 * float(one.is_shown.mean()) for one in scores]
    many = len(scores) > 1
    return (
        name,
        float(np.mean(errors)),
        float(np.std(errors)) if many else None,
        float(np.mean(right)),
        float(np.std(right)) if many else None,
        float(np.mean(shown)),
    )


def _of(scores: Scores, digit: int) -> Scores:
    return Scores(*(column[scores.targets == digit] for column in scores))


def watched_batch(clutters: Clutters) -> tuple[np.ndarray, np.ndarray]:
    """Return two inputs and targets of each of the first few clutters."""
    first = Clutters(*(column[:_N_WATCHED] for column in clutters))
    pairs = zip(first.batch(0, 0), first.batch(1, 1), strict=True)
    inputs, targets = (np.stack(pair, 1) for pair in pairs)
    return inputs.reshape(-1, SIZE, SIZE, 2), targets.reshape(-1, SIZE, SIZE, 1)


def _evolution(
    inputs: np.ndarray, targets: np.ndarray, outputs: Mapping[int, np.ndarray]
) -> Images:
    columns = {"clutter": inputs[..., 0], "reference": inputs[..., 1]}
    for step, images in sorted(outputs.items()):
        columns[f"step {step}" if step == min(outputs) else f"{step}"] = images
    return Images({**columns, "truth": targets[..., 0]})


def _losses(
    logs: Sequence[list[system_fit.Scores]], idle: Mapping[str, Scores]
) -> Panels:
    n_epochs = min(map(len, logs))  # a busy core makes fewer
    steps = [line["step"] for line in logs[0][:n_epochs]]
    curves = []
    for key, label in (("loss", "training"), ("validation_loss", "validation")):
        rows = np.array([[line[key] for line in log[:n_epochs]] for log in logs])
        curves.append(Curve(label, steps, rows.mean(0), rows.std(0), style="bars"))
    levels = {name: float(scores.errors.mean()) for name, scores in idle.items()}
    labels = ("steps", "mean squared error")
    return Panels([Panel(curves, *labels, scales=("log", "linear"), levels=levels)])


def _measure(variants: Mapping[str, int], options: Options) -> Result:
    """Train anew from each seed, and score on digits that no network was trained on."""
    clutters = draw(split("test"), _N_TEST, np.random.default_rng(2020))
    watched = watched_batch(clutters)
    idle = {
        "the clutter untouched": score(untouched, clutters, _RIGHT),
        "a black picture": score(black, clutters, _RIGHT),
    }
    runs, scores = [], []
    chosen = list(variants.items())[: options.seeds]
    for name, seed in show_progress(chosen, "Training", len(chosen)):
        # The digits ship with scikit-learn: there are no loops
        path = options.run_folder(name)
        config = DigitsTraining("", path, minutes=options.minutes, seed=seed)
        runs.append(train(config, watched[0]))
        scores.append(
            {kind: score(runs[-1].extract, clutters, kind) for kind in REFERENCES}
        )
    steps = [run.log[-1]["step"] for run in runs]
    return Result(
        ("asked with", "MSE", "± MSE", "wanted (%)", "± wanted", "shown (%)"),
        table(scores, idle),
        (
            Picture("-evolution", _EVOLUTION, _evolution(*watched, runs[0].watched)),
            Picture("-losses", _LOSSES, _losses([run.log for run in runs], idle)),
        ),
        {"fewest steps": min(steps), "most steps": max(steps)},
    )


_EVOLUTION = (
    "What the network answers after more and more steps, to digits of the test split; "
    "each clutter is asked twice. Those of the last column before the truth are by the "
    "weights of the lowest validation loss."
)
_LOSSES = (
    "Losses of runs from different seeds: means, and bars of one standard deviation "
    "either way."
)
STUDY = Study(
    name="digits",
    title="One digit out of a clutter of four",
    material="",
    variants={f"seed {seed}": seed for seed in range(100)},
    defaults={"seeds": 4, "minutes": 2.5},
    measure=_measure,
)
