# SPDX-License-Identifier: GPL-3.0-or-later
"""What clamp and normalisation do for the 2020 thesis' network, and which instruments.

It is trained with and without either, on the same batches, and once for each
instrument alone.  The thesis shows losses of training, each on its own scale: in its
figure 8 they end near 0.11 with neither, 0.001 with the clamp alone and 0.0005 with
both; in its figure 10 bass is lowest and guitar highest.  Here all are errors in the
same examples of the validation split, of the logarithmic spectrogram before any
normalisation.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from requinto_lab.material.loop_library import LoopLibrary
from requinto_lab.studies import Cell, Options, Picture, Result, Study
from requinto_lab.studies.plots import Curve, Panel, Panels
from requinto_lab.systems.bachata2020 import Bachata2020Config
from requinto_lab.systems.bachata2020_training import (
    INSTRUMENTS,
    Bachata2020Training,
    Bank,
    Pictures,
    compile_network,
    draw,
    pictures,
    read_bank,
)
from requinto_lab.training import system_fit

if TYPE_CHECKING:
    import keras

N_BATCHES = 4  # of each instrument
_LAST = 3  # measurements that stand for the end of a run
_SURE = 1.96  # standard errors: 95 %
_ALONE = 0.5  # of the minutes, for the networks of one instrument

Waves = tuple[np.ndarray, np.ndarray, np.ndarray]  # mixtures, targets, references


class Variant(NamedTuple):
    """A network to train."""

    clamp: bool = True
    normalise: bool = True
    instrument: str = ""  # the only target


class Errors(NamedTuple):
    """The errors of a network as it learns, by instrument."""

    steps: np.ndarray  # (n_epochs,)
    errors: dict[str, np.ndarray]  # (n_epochs,)
    margins: dict[str, np.ndarray]  # (n_epochs,), half of a 95 % interval

    def at_end(self, name: str) -> tuple[float, float]:
        """Return an error at the end of the run, and its margin."""
        error, margin = self.errors[name], self.margins[name]
        return float(error[-_LAST:].mean()), float(margin[-_LAST:].mean())


def learn(
    run: Bachata2020Training,
    variant: Variant,
    banks: Mapping[str, Bank],
    examples: Mapping[str, list[Waves]],
) -> Errors:
    """Train a network, or read its errors where it was trained before.

    Its learning rate stays what it is, as in the thesis: then networks compare at
    equal steps, however many of them the minutes allowed.
    """
    run = dataclasses.replace(
        run, clamp=variant.clamp, normalise=variant.normalise, resume=True
    )
    model = run.model_config()
    network = compile_network(model, run)

    def batch(split: str, rng: np.random.Generator) -> system_fit.Batch:
        waves = draw(banks[split], run.batch_size, rng, variant.instrument)
        return pictures(*waves, model)[:2]

    own = {n: waves for n, waves in examples.items() if variant.instrument in ("", n)}
    folder = system_fit.fit(
        run,
        network,
        draw=batch,
        save=lambda record: None,
        evaluate=lambda: errors(network, model, own),
        rate=lambda share: run.learning_rate,
    )
    return _read_errors(system_fit.read_log(folder))


def errors(
    network: keras.Model, model: Bachata2020Config, examples: Mapping[str, list[Waves]]
) -> system_fit.Scores:
    """Return mean square errors in thousandths, and 95 % margins over examples.

    `all` and instruments are of logarithmic spectrograms as they are; names ending in
    `own` are over each target's peak, which is the scale of the thesis' losses.
    """
    scores: system_fit.Scores = {}
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
    inputs, _, scale = pictures(*waves, model)
    outputs = np.asarray(network.predict_on_batch(inputs), np.float32) * scale
    targets = truths(waves, model)
    error = np.mean(np.square(outputs[..., 0] - targets), axis=(1, 2))
    return np.stack([error, error / np.max(targets, axis=(1, 2)) ** 2])


def truths(waves: Waves, model: Bachata2020Config) -> np.ndarray:
    """Return the logarithmic spectrograms of targets before any normalisation."""
    return _plain(waves, model).targets[..., 0]


def _plain(waves: Waves, model: Bachata2020Config) -> Pictures:
    return pictures(*waves, dataclasses.replace(model, normalise=False))


def _read_errors(lines: list[system_fit.Scores]) -> Errors:
    def column(prefix: str) -> dict[str, np.ndarray]:
        names = [key for key in lines[0] if key.startswith(prefix)]
        return {
            key.removeprefix(prefix): np.array([line[key] for line in lines])
            for key in names
        }

    steps = np.array([line["step"] for line in lines])
    return Errors(steps, column("error "), column("margin "))


class Floors(NamedTuple):
    """What can be had without learning, in thousandths."""

    silence: dict[str, float]  # error of a silent output, by instrument and of all
    mixture: dict[str, float]  # of the untouched mix
    clamped: float  # of the truth, limited to 1 without having been normalised
    above: float  # share of values above 1, percent

    def below_db(self, name: str, error: float) -> tuple[float, float]:
        """Return how far an error is below that of silence, and of the mix."""
        whole = [self.silence[name], self.mixture[name]]
        silence, mixture = 10 * np.log10(np.divide(whole, error))
        return float(silence), float(mixture)


def floors(examples: Mapping[str, list[Waves]], model: Bachata2020Config) -> Floors:
    """Return the errors of outputs that need no network."""
    every = {
        name: [_plain(waves, model) for waves in batches]
        for name, batches in examples.items()
    }
    every["all"] = [batch for batches in every.values() for batch in batches]
    targets = np.concatenate([batch.targets for batch in every["all"]])

    def errors_of(output: Callable[[Pictures], np.ndarray | float]) -> dict[str, float]:
        return {
            name: 1e3
            * float(np.mean([np.mean((output(b) - b.targets) ** 2) for b in batches]))
            for name, batches in every.items()
        }

    return Floors(
        errors_of(lambda batch: 0.0),
        errors_of(lambda batch: batch.inputs[..., :1]),
        1e3 * float(np.mean(np.maximum(targets - 1, 0) ** 2)),
        100 * float(np.mean(targets > 1)),
    )


def to_common_steps(curves: Mapping[str, Errors]) -> dict[str, Errors]:
    """Return curves up to the last step that all of them reached."""
    last = min(curve.steps[-1] for curve in curves.values())
    cut = {}
    for name, curve in curves.items():
        n = int(np.searchsorted(curve.steps, last, side="right"))
        values = [{k: v[:n] for k, v in rows.items()} for rows in curve[1:]]
        cut[name] = Errors(curve.steps[:n], *values)
    return cut


def validation_examples(bank: Bank, run: Bachata2020Training) -> dict[str, list[Waves]]:
    """Return the batches of each instrument in which the error is measured."""
    return {
        name: [
            draw(bank, run.batch_size, np.random.default_rng([run.seed, 3, i, n]), name)
            for n in range(N_BATCHES)
        ]
        for i, name in enumerate(INSTRUMENTS)
    }


def make_run(options: Options) -> Bachata2020Training:
    """Return the run that the variants have in common."""
    return Bachata2020Training(
        loops=str(options.material),
        run=str(options.runs),
        minutes=options.minutes,
        steps_per_epoch=20,
        n_validation_batches=1,
        epochs_per_eval=1,
        width_divisor=4,
        precision="mixed_bfloat16",
    )


def _measure(variants: Mapping[str, Variant], options: Options) -> Result:
    """Train every network, or read its errors."""
    base = make_run(options)
    banks = {
        split: read_bank(
            LoopLibrary(options.material, split),
            Path(base.run) / f"clips-{split}",
            base.model_config(),
        )
        for split in ("train", "validation")
    }
    examples = validation_examples(banks["validation"], base)
    curves = {}
    for name, variant in variants.items():
        share = _ALONE if variant.instrument else 1.0
        run = dataclasses.replace(
            base, run=options.run_folder(name), minutes=share * base.minutes
        )
        curves[name] = learn(run, variant, banks, examples)
    alone = {n: c for n, c in curves.items() if variants[n].instrument}
    whole = {n: c for n, c in curves.items() if n not in alone}
    return report(
        to_common_steps(whole),
        to_common_steps(alone),
        floors(examples, base.model_config()),
    )


def report(
    whole: Mapping[str, Errors], alone: Mapping[str, Errors], floor: Floors
) -> Result:
    """Return the table and the pictures of networks of all instruments and of one."""
    rows = [(name, curve, "all") for name, curve in whole.items()]
    rows += [("both", whole["both"], name) for name in INSTRUMENTS]
    own = {f"{name} alone": name for name in INSTRUMENTS}
    rows += [(name, alone[name], instrument) for name, instrument in own.items()]
    in_one = {name: whole["both"] for name in INSTRUMENTS}
    in_each = {instrument: alone[name] for name, instrument in own.items()}
    return Result(
        _COLUMNS,
        tuple(_row(name, curve, target, floor) for name, curve, target in rows),
        (
            Picture("-losses", _LOSSES, _plot_variants(whole, floor)),
            Picture("-instruments", _INSTRUMENTS, _plot_instruments(in_one, in_each)),
        ),
        {
            "batches": float(whole["both"].steps[-1]),
            "batches, one instrument": float(next(iter(alone.values())).steps[-1]),
            "error of drawing nothing, thousandths": floor.silence["all"],
            "error of the untouched mix, thousandths": floor.mixture["all"],
            "targets' values above 1, %": floor.above,
            "error of the clamped truth, thousandths": floor.clamped,
        },
    )


def _row(name: str, curve: Errors, target: str, floor: Floors) -> tuple[Cell, ...]:
    error, margin = curve.at_end(target)
    own = curve.at_end(f"{target} own")
    return (name, target, error, margin, *own, *floor.below_db(target, error))


def _plot_variants(whole: Mapping[str, Errors], floor: Floors) -> Panels:
    curves = [
        Curve(name, c.steps, c.errors["all"], c.margins["all"], style="band")
        for name, c in whole.items()
    ]
    panel = Panel(
        curves,
        *("batches", "error of the logarithmic spectrogram, thousandths"),
        scales=("linear", "log"),
        levels={
            "nothing is drawn": floor.silence["all"],
            "the mix is drawn": floor.mixture["all"],
        },
    )
    return Panels([panel], size=(8, 5), legend="the network has")


def _plot_instruments(
    in_one: Mapping[str, Errors], in_each: Mapping[str, Errors]
) -> Panels:
    panels = []
    for title, label, curves in (
        (
            "one network, asked for each",
            "error over the target's peak, thousandths",
            in_one,
        ),
        ("a network for each, as in the thesis", "", in_each),
    ):
        lines = [
            Curve(n, c.steps, c.errors[f"{n} own"], c.margins[f"{n} own"], "band")
            for n, c in curves.items()
        ]
        panels.append(Panel(lines, "batches", label, title, ("linear", "log")))
    return Panels(panels, size=(12, 5), share_y=True)


_COLUMNS = (
    *("network", "asked for", "error, thousandths", "± 95 %"),
    *("over the target's peak", "± 95 %", "below drawing nothing, dB"),
    "below the mix, dB",
)
_LOSSES = "Error in the validation split as four networks learn from the same batches"
_INSTRUMENTS = (
    "Error of each instrument over its target's peak; bands are 95 % intervals"
)
STUDY = Study(
    name="bachata2020-ablation",
    title="Clamp, normalisation and instruments in the thesis' network",
    material="library",
    variants={
        "neither": Variant(clamp=False, normalise=False),
        "clamp": Variant(normalise=False),
        "normalisation": Variant(clamp=False),
        "both": Variant(),
        **{f"{name} alone": Variant(instrument=name) for name in INSTRUMENTS},
    },
    defaults={"minutes": 5.0},
    measure=_measure,
)
