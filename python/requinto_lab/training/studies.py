# SPDX-License-Identifier: GPL-3.0-or-later
"""Repeat studies of the 2020 thesis on a model: references, phase, and rate.

`python -m requinto_lab.training.studies BENCH` prints mean improvements in SI-SDR on
the first seconds of the items of a bench, best one of the validation split.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import librosa
import numpy as np
import typer
from rich.console import Console
from rich.table import Column, Table

from requinto.loader import load_separator
from requinto.metrics import ideal_ratio_mask, si_sdr
from requinto.model_folder import STANDARD
from requinto.separator import NetworkSeparator, Pair
from requinto.spectra import Spectra
from requinto_lab.evaluation.items import read_items
from requinto_lab.training.validation import TestItem, read_test_items

_MAX_REFERENCES = 6  # of a kind
_THESIS_RATE = 11025  # Hz
_N_PHASE_STEPS = 50

Row = tuple[str, float]  # the variant, and its gain in dB


def references(
    separator: NetworkSeparator, test_items: list[TestItem], rng: np.random.Generator
) -> Iterator[list[Row]]:
    """Yield, for each item, the gains with references of several kinds.

    *Spread* is the standard deviation over references of the target's timbre, in dB,
    and what they *add* is how much better all of them in a row do than one does.
    """
    for test_item in test_items:
        meta = test_item.item.meta
        others = [
            t
            for t in test_items
            if t.item.instrument == test_item.item.instrument
            and t.item.meta["seed"] != meta["seed"]
        ]
        same = [t for t in others if t.item.meta["timbre"] == meta["timbre"]]
        unlike = [t for t in others if t.item.meta["timbre"] != meta["timbre"]]
        pieces = [test_item.reference, *(t.reference for t in _choose(same, rng))]
        kinds = {
            "the target itself": [test_item.target],
            "its timbre, another piece": pieces,
            "another timbre of its instrument": [
                t.reference for t in _choose(unlike, rng)
            ],
        }
        rows = []
        for kind, sounds in kinds.items():
            gains = [
                _gain(test_item, _separate(separator, test_item, s)) for s in sounds
            ]
            rows += [(kind, float(np.mean(gains)))] if gains else []
            if kind.startswith("its timbre") and len(gains) > 2:
                rows.append(("spread over pieces", float(np.std(gains, ddof=1))))
                row = _separate(separator, test_item, np.concatenate(sounds, axis=1))
                more = _gain(test_item, row) - float(np.mean(gains))
                rows.append(("what several pieces in a row add", more))
        yield rows


def phases_and_rates(
    separator: NetworkSeparator, test_items: list[TestItem]
) -> Iterator[list[Row]]:
    """Yield, for each item, the gains with other phases and bandwidths."""
    spectra = Spectra(separator.config.spectra)
    for test_item in test_items:
        n_frames = test_item.mixture.shape[1]
        query = separator.query(test_item.reference, test_item.sample_rate)
        mixed = spectra.analyse(test_item.mixture)
        (mask,) = separator.masks([spectra.audible_power(mixed)], query)
        spectrum = spectra.apply(mask, mixed)
        estimate = spectra.synthesise(spectrum, n_frames)
        true_phase = np.exp(1j * np.angle(spectra.analyse(test_item.target)))
        rest = test_item.mixture - test_item.target
        variants = {
            "mixture's phase (ours)": estimate,
            "phase made consistent": _fit_phase(spectra, spectrum, n_frames),
            "true phase": spectra.synthesise(np.abs(spectrum) * true_phase, n_frames),
            "nothing above 5.5 kHz": _band_limit(estimate, test_item.sample_rate),
            "ideal ratio mask": ideal_ratio_mask(spectra, test_item.target, rest),
            "ideal ratio mask, nothing above 5.5 kHz": _band_limit(
                ideal_ratio_mask(spectra, test_item.target, rest), test_item.sample_rate
            ),
        }
        yield [(name, _gain(test_item, sound)) for name, sound in variants.items()]


def _separate(
    separator: NetworkSeparator, test_item: TestItem, reference: np.ndarray
) -> np.ndarray:
    rate = test_item.sample_rate
    query = separator.query(reference, rate)
    return separator.separate(test_item.mixture, rate, query)


def _gain(test_item: TestItem, estimate: np.ndarray) -> float:
    target = test_item.target
    return si_sdr(target, estimate) - si_sdr(target, test_item.mixture)


def _choose(test_items: list[TestItem], rng: np.random.Generator) -> list[TestItem]:
    order = rng.permutation(len(test_items))[:_MAX_REFERENCES]
    return [test_items[i] for i in order]


def _fit_phase(spectra: Spectra, spectrum: np.ndarray, n_frames: int) -> np.ndarray:
    """Return sound whose phase fits its magnitudes, from the phase given.

    Griffin and Lim, "Signal estimation from modified short-time Fourier transform",
    IEEE Trans. ASSP 1984, doi:10.1109/TASSP.1984.1164317; librosa's begins with
    random phase or none.
    """
    size = np.abs(spectrum)
    for _ in range(_N_PHASE_STEPS):
        again = spectra.analyse(spectra.synthesise(spectrum, n_frames))
        spectrum = size * np.exp(1j * np.angle(again))
    return spectra.synthesise(spectrum, n_frames)


def _band_limit(sound: np.ndarray, sample_rate: int) -> np.ndarray:
    """Return what is left of a sound after the thesis' sample rate."""
    low = librosa.resample(sound, orig_sr=sample_rate, target_sr=_THESIS_RATE)
    back = librosa.resample(low, orig_sr=_THESIS_RATE, target_sr=sample_rate)
    return librosa.util.fix_length(back, size=sound.shape[1])


def _show(title: str, gains: dict[str, dict[str, list[float]]]) -> None:
    sets = sorted({name for by_set in gains.values() for name in by_set})
    columns = [Column(name, justify="right") for name in sets]
    table = Table("variant", *columns, title=f"{title}: mean gain, dB")
    for variant, by_set in gains.items():
        cells = (f"{np.mean(by_set[s]):.2f}" if s in by_set else "" for s in sets)
        table.add_row(variant, *cells)
    Console().print(table)


def main(
    bench: Annotated[Path, typer.Argument(help="A folder that `data bench` made.")],
    stride: Annotated[int, typer.Option(help="Each item, each second one, ...")] = 1,
    model: Annotated[str, typer.Option(help="A released model.")] = STANDARD,
) -> None:
    """Print what references, phases and bandwidth are worth to a released model."""
    separator = load_separator(model)
    if isinstance(separator, Pair):
        separator = separator.examples
    test_items = [t for t in read_test_items(read_items(bench)) if not t.item.absent][
        ::stride
    ]
    studies = {
        "References": references(separator, test_items, np.random.default_rng(0)),
        "Phase and rate": phases_and_rates(separator, test_items),
    }
    for title, rows_of_items in studies.items():
        gains: dict[str, dict[str, list[float]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for test_item, rows in zip(test_items, rows_of_items, strict=True):
            for variant, gain in rows:
                gains[variant][test_item.item.set_name].append(gain)
        _show(title, gains)


if __name__ == "__main__":
    typer.run(main)
