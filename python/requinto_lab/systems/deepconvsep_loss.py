# SPDX-License-Identifier: GPL-3.0-or-later
"""The loss of DeepConvSep: near to the truth, and far from the other sources.

Chandna, Miron, Janer, Gómez, LVA/ICA 2017, section 3, as Grau Noel's 2018 thesis
prints it (section 4.c), over sources n of which one leads (their voice) and one is
the rest (their "other"):

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

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from keras import ops

from requinto.errors import ConfigError

UNLIKE = ("estimates", "truths")


def weights(
    sources: Sequence[str],
    *,
    lead: str,
    rest: str,
    alpha: float,
    beta: float,
    beta_lead: float,
) -> np.ndarray:
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
    if lead == rest or not {lead, rest} <= set(sources):
        raise ConfigError(
            f"lead and rest must be two of {tuple(sources)}, got {lead!r} and {rest!r}"
        )
    found = np.full((len(sources), len(sources)), alpha, np.float32)
    found[:, sources.index(rest)] = beta
    found[sources.index(lead), sources.index(rest)] = beta_lead
    found[sources.index(rest)] = 0
    np.fill_diagonal(found, 0)
    return found


def total(unlikeness: np.ndarray, unlike: str) -> Callable[[Any, Any], Any]:
    """Return the loss of a batch `(batch, n_sources, ...)`, one number an example.

    Parameters
    ----------
    unlikeness : np.ndarray, shape=(n_sources, n_sources)
        As `weights` returns it.
    unlike : str
        What estimates shall be unlike: other "estimates", or others' "truths".

    Raises
    ------
    ConfigError
        If it is neither.
    """
    if unlike not in UNLIKE:
        raise ConfigError(f"unlike must be one of {UNLIKE}, got {unlike!r}")

    def loss(truths: Any, estimates: Any) -> Any:
        truths, estimates = _rows(truths), _rows(estimates)
        error = ops.sum(ops.square(estimates - truths), axis=(1, 2))
        if not unlikeness.any():
            return error
        others = estimates if unlike == "estimates" else truths
        return error - ops.sum(unlikeness * distances(estimates, others), axis=(1, 2))

    return loss


def distances(first: Any, second: Any) -> Any:
    """Return the square distances `(batch, n, m)` of rows `(batch, n or m, size)`."""
    own = ops.sum(ops.square(first), axis=2)[:, :, None]
    other = ops.sum(ops.square(second), axis=2)[:, None, :]
    return own + other - 2 * ops.matmul(first, ops.swapaxes(second, 1, 2))


def _rows(pictures: Any) -> Any:
    """Return a source's picture as one row; the size is known when the graph is."""
    _, n_sources, *axes = pictures.shape
    return ops.reshape(pictures, (-1, n_sources, int(np.prod(axes))))
