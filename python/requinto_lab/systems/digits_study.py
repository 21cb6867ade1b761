# SPDX-License-Identifier: GPL-3.0-or-later
"""Have the thesis' network pull one digit out of a clutter, shown another like it.

`python -m requinto_lab.systems.digits_study -o FOLDER` trains it anew, once for each
seed, and writes what it found on digits that it never saw.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import numpy as np
import typer
from rich.console import Console

from requinto_lab.material.parallel import show_progress
from requinto_lab.networks.backend import prepare_keras
from requinto_lab.systems import digits, digits_pictures, fitting, study
from requinto_lab.systems.digits import N_PARTS, SIZE, Clutters

if TYPE_CHECKING:
    import keras

NAME = "digits"
WIDTHS = (8, 16, 32, 64, 128)  # an eighth of the thesis', for a core's sake

# Whose reference is shown: how far from the wanted digit it is among the four
SHOWN = {"reference of the wanted digit": 0, "reference of another of the four": 1}
_RIGHT, _OTHER = SHOWN
_N_QUESTIONED = 300  # clutters of the test split, each of its parts asked for
_N_WATCHED = 3  # clutters whose answers are drawn, two parts of each
_AT_ONCE = 100  # through the network

# From `(n, 32, 32, 2)`, clutter and reference, to `(n, 32, 32)`
Answer = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class DigitsTraining(fitting.Run):
    """The numbers of a run."""

    batch_size: int = 16
    learning_rate: float = 2e-3
    steps_per_epoch: int = 50
    n_validation_batches: int = 16
    epochs_per_hearing: int = 1


class Trained(NamedTuple):
    """A network, and how it came to be."""

    answer: Answer  # of the weights whose validation loss was the lowest
    log: list[fitting.Scores]  # a line for each epoch
    drawn: dict[int, np.ndarray]  # answers to what was watched, by steps


class Found(NamedTuple):
    """What came of the questions of one kind; arrays of one length."""

    wanted: np.ndarray  # the digit that was wanted
    error: np.ndarray  # mean squared error of its image
    is_wanted: np.ndarray  # whether no other of the four digits is as near
    is_shown: np.ndarray  # whether no other is as near as the reference's


def compiled(config: DigitsTraining) -> keras.Model:
    """Return the untrained network with its loss and optimiser."""
    prepare_keras()
    import keras

    from requinto_lab.systems.bachata2020_network import build_network

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
        Clutters and references; what is answered to them is kept, after no step,
        after one epoch, after twice as many each time, and in the end.
    """
    splits = {name: digits.split(name) for name in ("train", "validation")}
    network = compiled(config)
    best: dict[str, Any] = {}
    answers = {0: _answers(network, watched)}

    def drawing(name: str) -> Callable[[np.random.Generator], fitting.Batch]:
        # The first part is wanted: parts are in no order
        return lambda rng: digits.draw(splits[name], config.batch_size, rng).questions(
            0, 0
        )

    def watch() -> fitting.Scores:
        step = int(network.optimizer.iterations)
        if not (n_epochs := step // config.steps_per_epoch) & (n_epochs - 1):
            answers[step] = _answers(network, watched)
        return {}

    folder = fitting.fit(
        config,
        network,
        draw=drawing("train"),
        fixed=fitting.fixed_batches(config, drawing("validation")),
        save=lambda record: best.update(weights=network.get_weights()),
        hear=watch,
    )
    log = fitting.read_log(folder)
    network.set_weights(best["weights"])
    answers[int(log[-1]["step"])] = _answers(network, watched)
    return Trained(lambda seen: _answers(network, seen), log, answers)


def _answers(network: keras.Model, seen: np.ndarray) -> np.ndarray:
    parts = [
        np.asarray(network.predict_on_batch(seen[i : i + _AT_ONCE]))
        for i in range(0, len(seen), _AT_ONCE)
    ]
    return np.concatenate(parts)[..., 0]


def ask(answer: Answer, clutters: Clutters, shown: str) -> Found:
    """Ask for each part of each clutter, with references of one kind.

    Parameters
    ----------
    answer : callable
    clutters : Clutters
    shown : str
        A key of `SHOWN`.
    """
    rows = []
    for wanted in range(N_PARTS):
        place = (wanted + SHOWN[shown]) % N_PARTS
        seen, _ = clutters.questions(wanted, place)
        apart = clutters.parts - answer(seen)[:, None]
        errors = np.mean(np.square(apart), axis=(2, 3))
        nearest = errors.argmin(axis=1)
        rows.append(
            (
                clutters.classes[:, wanted],
                errors[:, wanted],
                nearest == wanted,
                nearest == place,
            )
        )
    return Found(*(np.concatenate(column) for column in zip(*rows, strict=True)))


def untouched(seen: np.ndarray) -> np.ndarray:
    """Answer with the clutter."""
    return np.asarray(seen[..., 0])


def black(seen: np.ndarray) -> np.ndarray:
    """Answer with nothing at all."""
    return np.zeros(seen.shape[:-1], np.float32)


def report(
    seeds: Sequence[dict[str, Found]], idle: dict[str, Found]
) -> tuple[tuple[study.Cell, ...], ...]:
    """Return the rows of the table.

    Parameters
    ----------
    seeds : sequence of dict of str to Found
        For each network what came of each kind of reference.
    idle : dict of str to Found
        The same of those that learn nothing, by name, asked the right way.
    """
    rows = [_row(kind, [found[kind] for found in seeds]) for kind in SHOWN]
    rows += [_row(name, [found]) for name, found in idle.items()]
    for digit in range(10):
        found = [_of(seed[_RIGHT], digit) for seed in seeds]
        rows.append(_row(f"a {digit} wanted and shown", found))
    return tuple(rows)


def _row(name: str, found: Sequence[Found]) -> tuple[study.Cell, ...]:
    errors = [float(one.error.mean()) for one in found]
    wanted = [100 * float(one.is_wanted.mean()) for one in found]
    shown = [100 * float(one.is_shown.mean()) for one in found]
    many = len(found) > 1
    return (
        name,
        float(np.mean(errors)),
        float(np.std(errors)) if many else None,
        float(np.mean(wanted)),
        float(np.std(wanted)) if many else None,
        float(np.mean(shown)),
    )


def _of(found: Found, digit: int) -> Found:
    return Found(*(column[found.wanted == digit] for column in found))


_COLUMNS = ("asked with", "MSE", "± MSE", "wanted (%)", "± wanted", "shown (%)")


def finding(
    rows: Sequence[tuple[Any, ...]], runs: Sequence[Trained], minutes: float
) -> str:
    """Return in words what the table says."""
    by_name = {row[0]: row for row in rows}
    right, other = by_name[_RIGHT], by_name[_OTHER]
    clutter, nothing = by_name["the clutter untouched"], by_name["a black picture"]
    ranked = sorted(rows[-10:], key=lambda row: row[3])
    hardest, easiest = ranked[0], ranked[-1]
    steps = [int(run.log[-1]["step"]) for run in runs]
    return (
        "Four of scikit-learn's digits, each of 28 by 28 pixels, lie over each other "
        f"in a frame of 32 by 32. Trained for {minutes:g} minutes of one core "
        f"({min(steps)} to {max(steps)} steps), from {len(runs)} seeds, the network "
        "is asked for digits of images that it never saw. Its mean squared error is "
        f"{right[1]:.4f}, {_db(clutter[1] / right[1]):.1f} dB below that of the "
        f"untouched clutter ({clutter[1]:.4f}) and {_db(nothing[1] / right[1]):.1f} dB "
        f"below a black picture's ({nothing[1]:.4f}). {right[3]:.0f} % of its answers "
        "are nearer to the wanted digit than to any other of the four; of one answer "
        f"to all four questions {clutter[3]:.0f} % are. It looks at the reference: "
        f"shown another of the four, it pulls that one in {other[5]:.0f} % of cases "
        f"and the wanted one in {other[3]:.0f} %. The easiest to pull is "
        f"{easiest[0][:3]} ({easiest[3]:.0f} %), the hardest {hardest[0][:3]} "
        f"({hardest[3]:.0f} %). ± is one standard deviation over the seeds."
    )


def _db(ratio: float) -> float:
    return float(10 * np.log10(ratio))


def watched_questions(clutters: Clutters) -> tuple[np.ndarray, np.ndarray]:
    """Return what is drawn: two questions of each of the first few clutters."""
    first = Clutters(*(column[:_N_WATCHED] for column in clutters))
    (seen_a, truth_a), (seen_b, truth_b) = first.questions(0, 0), first.questions(1, 1)
    seen, truth = np.stack([seen_a, seen_b], 1), np.stack([truth_a, truth_b], 1)
    return seen.reshape(-1, SIZE, SIZE, 2), truth.reshape(-1, SIZE, SIZE, 1)


def draw_pictures(
    folder: Path,
    runs: Sequence[Trained],
    watched: tuple[np.ndarray, np.ndarray],
    idle: dict[str, Found],
) -> tuple[tuple[str, str], ...]:
    """Draw the study's pictures into a folder; return their names and captions."""
    names = f"{NAME}-evolution.png", f"{NAME}-losses.png"
    digits_pictures.evolution(*watched, runs[0].drawn, folder / names[0])
    n_epochs = min(len(run.log) for run in runs)  # a busy core makes fewer
    losses = {
        label: np.array([[line[key] for line in run.log[:n_epochs]] for run in runs])
        for key, label in (("loss", "training"), ("validation_loss", "validation"))
    }
    steps = [line["step"] for line in runs[0].log[:n_epochs]]
    levels = {name: float(found.error.mean()) for name, found in idle.items()}
    digits_pictures.curves(steps, losses, levels, folder / names[1])
    captions = (
        "What the network answers after more and more steps, to digits of the test "
        "split; each clutter is asked twice. Those of the last column before the truth "
        "are by the weights of the lowest validation loss.",
        f"Losses of {len(runs)} runs from different seeds: means, and bars of one "
        "standard deviation either way.",
    )
    return tuple(zip(names, captions, strict=True))


def run(folder: Path, n_seeds: int, minutes: float) -> study.Study:
    """Train, measure, draw and write; return the study.

    Parameters
    ----------
    folder : Path
        Where the study and its pictures go; made if missing.
    n_seeds : int
    minutes : float
        Of one core, for each seed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    clutters = digits.draw(
        digits.split("test"), _N_QUESTIONED, np.random.default_rng(2020)
    )
    watched = watched_questions(clutters)
    idle = {
        "the clutter untouched": ask(untouched, clutters, _RIGHT),
        "a black picture": ask(black, clutters, _RIGHT),
    }
    runs, found = [], []
    for seed in show_progress(range(n_seeds), "Training", n_seeds):
        with tempfile.TemporaryDirectory() as place:
            # The digits ship with scikit-learn: there are no loops
            config = DigitsTraining(loops="", run=place, minutes=minutes, seed=seed)
            runs.append(train(config, watched[0]))
        found.append({kind: ask(runs[-1].answer, clutters, kind) for kind in SHOWN})
    rows = report(found, idle)
    result = study.Study(
        name=NAME,
        title="One digit out of a clutter of four",
        command=f"python -m requinto_lab.systems.digits_study -o FOLDER "
        f"--seeds {n_seeds} --minutes {minutes:g}",
        finding=finding(rows, runs, minutes),
        columns=_COLUMNS,
        rows=rows,
        pictures=draw_pictures(folder, runs, watched, idle),
    )
    study.write(folder, result)
    return result


def main(
    output: Annotated[Path, typer.Option("-o", help="Folder for what is found.")],
    seeds: Annotated[int, typer.Option(min=1, help="Networks to train.")] = 4,
    minutes: Annotated[float, typer.Option(help="Of one core, for each.")] = 2.5,
) -> None:
    """Train the thesis' network on clutters of digits, and say what it learnt."""
    study.show(run(output, seeds, minutes), Console())


if __name__ == "__main__":
    typer.run(main)
