# SPDX-License-Identifier: GPL-3.0-or-later
"""The arithmetic that a run needs at least, from what its networks were given."""

from __future__ import annotations

import collections
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from requinto.config import ModelConfig, TrackerConfig, from_values
from requinto.errors import RequintoError
from requinto.model_folder import models_folder
from requinto_lab.benchmark import flops
from requinto_lab.benchmark.stages import BEAT_NETWORK, MATCHING, NETWORK, Observer

_MASKS = "requinto.separator:NetworkSeparator.masks"
_BEATS = "requinto.tracker:Tracker.predict_from_features"
_NMF = "requinto.nmf:factorise"
_SHARE = "requinto.nmf:share"
_BEAT_COLUMNS = 256  # on which the beat network is counted: it costs as much for each


class Work:
    """What the networks and the matching were given in a run."""

    def __init__(self) -> None:
        self.mask_columns: collections.Counter[int] = collections.Counter()
        self.beat_columns = 0
        self.matching = 0  # multiply-adds

    @property
    def observers(self) -> dict[str, Observer]:
        """What `stages.StageTimer` is to call."""
        return {
            _MASKS: self._add_masks,
            _BEATS: self._add_beats,
            _NMF: self._add_nmf,
            _SHARE: self._add_share,
        }

    def _add_masks(self, arguments: Mapping[str, Any], masks: Any) -> None:
        del arguments
        self.mask_columns.update(len(mask) for mask in masks)

    def _add_beats(self, arguments: Mapping[str, Any], activations: Any) -> None:
        del arguments
        self.beat_columns += len(activations)

    def _add_nmf(self, arguments: Mapping[str, Any], result: Any) -> None:
        del result
        n_bands, n_columns = arguments["magnitudes"].shape
        self.matching += flops.nmf_multiply_adds(
            n_bands,
            n_columns,
            arguments["spectra"].shape[1],
            arguments["n_iterations"],
            arguments["n_fixed"],
        )

    def _add_share(self, arguments: Mapping[str, Any], result: Any) -> None:
        del result
        n_bands, n_spectra = arguments["spectra"].shape
        self.matching += n_bands * n_spectra * arguments["gains"].shape[1]


def multiply_adds(work: Work, model: str, *, by_name: bool) -> dict[str, Any]:
    """Return the multiply-adds of a run by stage, and why any are not known.

    Parameters
    ----------
    work : Work
        Of the whole run.
    model : str
        One of `requinto.models()`.
    by_name : bool
        Whether the target was a name, for which a model may have another network.

    Returns
    -------
    dict
        Multiply-adds by stage, and under "problem" one line, or an empty one.
    """
    counts: dict[str, Any] = {MATCHING: work.matching, "problem": ""}
    try:
        counts[NETWORK] = _mask_multiply_adds(work, model, by_name=by_name)
        counts[BEAT_NETWORK] = _beat_multiply_adds(work)
    except ImportError as error:
        counts["problem"] = f"networks are not counted without {error.name}"
    except (RequintoError, OSError, LookupError, TypeError, ValueError) as error:
        counts["problem"] = f"networks are not counted: {error}"
    return counts


def _mask_multiply_adds(work: Work, model: str, *, by_name: bool) -> int:
    if not work.mask_columns:
        return 0
    from requinto_lab.networks.unet import build_unet

    config = _config(model, by_name=by_name)
    unet = build_unet(config.spectra, config.unet, config.n_views, config.n_shares)
    total = 0
    for n_columns, n_clips in work.mask_columns.items():
        shape = (1, n_columns, config.spectra.n_bands, config.n_views)
        inputs = {
            "mixture": np.zeros(shape, np.float32),
            "embedding": np.zeros((1, config.unet.reference_size), np.float32),
        }
        total += n_clips * flops.multiply_adds(unet, inputs).total
    return total


def _beat_multiply_adds(work: Work) -> int:
    if not work.beat_columns:
        return 0
    from requinto_lab.networks.beat_network import build_beat_network

    config = from_values(TrackerConfig, _record("beats")["config"], "beats")
    network = build_beat_network(config.rhythm, config.network)
    shape = (1, _BEAT_COLUMNS, config.rhythm.n_features)
    count = flops.multiply_adds(network, np.zeros(shape, np.float32))
    return count.total * work.beat_columns // _BEAT_COLUMNS


def _config(model: str, *, by_name: bool) -> ModelConfig:
    for_names = f"{model}-names"
    has_names = (models_folder() / f"{for_names}.json").exists()
    name = for_names if by_name and has_names else model
    return from_values(ModelConfig, _record(name)["config"], name)


def _record(name: str) -> dict[str, Any]:
    text = (models_folder() / f"{name}.json").read_text()
    return dict(json.loads(text))
