# SPDX-License-Identifier: GPL-3.0-or-later
"""Score a model while it trains, on test items of the validation split."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from requinto.evaluation.items import Item
from requinto.evaluation.metrics import level_db, si_sdr, snr
from requinto.separator import NetworkSeparator

SCORE = "si_sdr_improvement_db"  # the mean of all such means: what chooses models
_LONGEST_S = 8.0  # of an item that is heard
_SILENT_PEAK = 1e-3


class Question(NamedTuple):
    """The first seconds of an item, in memory; sounds are `(2, n_frames)`."""

    item: Item
    mixture: np.ndarray
    target: np.ndarray
    reference: np.ndarray
    wrong_reference: np.ndarray | None  # of a rival in the mixture
    sample_rate: int


def questions(items: list[Item]) -> list[Question]:
    """Read items, but for those whose target is silent yet and ought to sound."""
    found = []
    for item in items:
        mixture, rate = item.read("mix")
        n_frames = round(_LONGEST_S * rate)
        target = item.read("target")[0][:, :n_frames].copy()
        if item.absent or np.abs(target).max() > _SILENT_PEAK:
            reference, _ = item.read("reference")
            wrong = (
                item.read("wrong_reference")[0] if item.has_wrong_reference else None
            )
            mixture = mixture[:, :n_frames].copy()
            found.append(Question(item, mixture, target, reference, wrong, rate))
    return found


def by_name(asked: list[Question]) -> list[Question]:
    """Return the same questions, with another timbre of the instrument as reference.

    Only those for which there is one, and in which nobody else plays the instrument.
    """
    found = []
    for question in asked:
        if question.wrong_reference is None:  # a name does not say which of two
            other = _another(question.item, asked)
            if other is not None:
                found.append(question._replace(reference=other))
    return found


def scores(separator: NetworkSeparator, asked: list[Question]) -> dict[str, float]:
    """Return how well a separator does, in dB.

    Each mixture is separated whole, without cutting clips.

    Returns
    -------
    dict of str to float
        `SCORE`; beside it the same of SNR, each set's mean improvement in
        SI-SDR, for sets of absent targets the median level of the output, and the
        mean that the right reference is better than a rival's.
    """
    si_sdr_gains: dict[str, list[float]] = {}
    snr_gains: dict[str, list[float]] = {}
    levels: dict[str, list[float]] = {}
    margins: list[float] = []
    for item, mixture, target, reference, wrong, rate in asked:
        query = separator.query(reference, rate)
        estimate = separator.separate(mixture, rate, query)
        name = item.set_name
        if item.absent:
            levels.setdefault(name, []).append(level_db(mixture, estimate))
            continue
        gain = si_sdr(target, estimate) - si_sdr(target, mixture)
        si_sdr_gains.setdefault(name, []).append(gain)
        if wrong is not None:
            other = separator.separate(mixture, rate, separator.query(wrong, rate))
            margins.append(si_sdr(target, estimate) - si_sdr(target, other))
        gain = snr(target, estimate) - snr(target, mixture)
        snr_gains.setdefault(name, []).append(gain)
    means = {name: float(np.mean(gains)) for name, gains in si_sdr_gains.items()}
    return {
        SCORE: float(np.mean(list(means.values()))),
        "snr_improvement_db": float(np.mean([np.mean(g) for g in snr_gains.values()])),
        **means,
        **{name: float(np.median(each)) for name, each in levels.items()},
        **({"swap_margin_db": float(np.mean(margins))} if margins else {}),
    }


def _another(item: Item, asked: list[Question]) -> np.ndarray | None:
    """Return the next reference of another timbre of an item's instrument."""
    place = next(i for i, q in enumerate(asked) if q.item is item)
    for other in asked[place + 1 :] + asked[:place]:
        same_timbre = other.item.meta.get("timbre") == item.meta.get("timbre")
        if other.item.instrument == item.instrument and not same_timbre:
            return other.reference
    return None
