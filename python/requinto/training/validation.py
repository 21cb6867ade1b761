# SPDX-License-Identifier: GPL-3.0-or-later
"""Score a model while it trains, on test items of the validation split."""

from __future__ import annotations

import numpy as np

from requinto.evaluation.items import Item
from requinto.evaluation.metrics import si_sdr
from requinto.separator import NetworkSeparator


def mean_gains(separator: NetworkSeparator, items: list[Item]) -> dict[str, float]:
    """Return the mean improvement in SI-SDR of each instrument, in dB.

    Each mix is separated whole, without cutting it into clips.

    Parameters
    ----------
    separator : NetworkSeparator
    items : list of Item
        Those whose target is absent do not count.
    """
    gains: dict[str, list[float]] = {}
    for item in items:
        if item.absent:
            continue
        mixture, rate = item.read("mix")
        target, _ = item.read("target")
        embedding = separator.embed(*item.read("reference"))
        estimate = separator.separate(mixture, rate, embedding)
        gain = si_sdr(target, estimate) - si_sdr(target, mixture)
        gains.setdefault(item.instrument, []).append(gain)
    return {name: float(np.mean(found)) for name, found in sorted(gains.items())}
