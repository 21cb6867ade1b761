# SPDX-License-Identifier: GPL-3.0-or-later
"""Separate clips for several targets at once, with masks that may be kept in a file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from requinto.clip_spectra import ClipSpectrum, ClipTransform
from requinto.config import SpectraConfig
from requinto.mask_file import MaskFile
from requinto.separator import NetworkSeparator, Pair, Query, Separator


def separate_targets(
    separator: Separator,
    clips: Sequence[np.ndarray],
    sample_rate: float,
    queries: Sequence[Query],
    sensitivity: float,
    played: Sequence[slice],
    masks: MaskFile | None = None,
) -> list[list[np.ndarray]]:
    """Return, for each query, what each clip holds of its target.

    A clip is analysed once for all queries. A separator whose work is not in steps, as
    those of `NetworkSeparator` are, separates for one query after the other.

    Parameters
    ----------
    separator : Separator
    clips, sample_rate, sensitivity
        As in `Separator.separate_all`.
    queries : sequence of Query
    played : sequence of slice
        The frames of each clip that are needed: others may be anything finite.
    masks : MaskFile, optional
        Where masks are looked up, and written if they are not there.
    """
    if not isinstance(separator, (NetworkSeparator, Pair)):
        return [
            separator.separate_all(clips, sample_rate, query, sensitivity)
            for query in queries
        ]
    analyses = _Analyses(clips, sample_rate, played)
    results = []
    for query in queries:
        network = separator.network(query)
        names = [b""] * len(clips)
        if masks and network.identity:
            prefix = _query_digest(network.identity, query)
            names = [analyses.name(prefix, i) for i in range(len(clips))]
        spectra, used = _with_masks(network, query, analyses, names, masks)
        results.append(network.synthesise(spectra, used, sensitivity))
    return results


def _with_masks(
    network: NetworkSeparator,
    query: Query,
    analyses: _Analyses,
    names: Sequence[bytes],
    masks: MaskFile | None,
) -> tuple[list[ClipSpectrum], list[np.ndarray]]:
    """Return what is played of the clips' spectra, and the masks of those that sound.

    Clips without a name have their masks computed, and not written.
    """
    transform, n_bands = network.transform, network.config.spectra.n_bands
    used: dict[int, np.ndarray] = {}
    columns = [analyses.columns(transform, i) for i in range(len(names))]
    for i, name in enumerate(names):
        first, end = columns[i]
        if masks and name and analyses.is_sounding(i):
            mask = masks.read(name, (end - first, n_bands, 2))
            if mask is not None:
                used[i] = mask
    missing = [
        i for i in range(len(names)) if i not in used and analyses.is_sounding(i)
    ]
    whole = [analyses.whole(transform, i) for i in missing]
    computed = network.masks([spectrum.power for spectrum in whole], query)
    for i, mask in zip(missing, computed, strict=True):
        used[i] = mask[slice(*columns[i])]
        if masks and names[i]:
            masks.add(names[i], used[i])
    spectra = [analyses.played(transform, i) for i in range(len(names))]
    return spectra, [used[i] for i in sorted(used)]


class _Analyses:
    """The spectra of some clips, each computed when it is first needed."""

    def __init__(
        self, clips: Sequence[np.ndarray], sample_rate: float, played: Sequence[slice]
    ) -> None:
        self._clips, self._sample_rate, self._played = clips, sample_rate, played
        self._sounding = [bool(clip.any()) for clip in clips]
        self._digests: dict[int, bytes] = {}
        self._whole: dict[tuple[SpectraConfig, int], ClipSpectrum] = {}
        self._parts: dict[tuple[SpectraConfig, int], ClipSpectrum] = {}

    def is_sounding(self, i: int) -> bool:
        """Return whether a clip holds anything but zeros."""
        return self._sounding[i]

    def columns(self, transform: ClipTransform, i: int) -> tuple[int, int]:
        """Return which columns shape what is played of a clip."""
        n_frames = self._clips[i].shape[1]
        return transform.columns_of(self._played[i], n_frames, self._sample_rate)

    def whole(self, transform: ClipTransform, i: int) -> ClipSpectrum:
        """Return the spectrum of a clip, as networks see it."""
        key = transform.config, i
        if key not in self._whole:
            self._whole[key] = transform.analyse(self._clips[i], self._sample_rate)
        return self._whole[key]

    def played(self, transform: ClipTransform, i: int) -> ClipSpectrum:
        """Return what is played of the spectrum of a clip."""
        key = transform.config, i
        if key in self._whole:
            return self._whole[key].part(self.columns(transform, i))
        if key not in self._parts:
            self._parts[key] = transform.analyse(
                self._clips[i], self._sample_rate, self._played[i]
            )
        return self._parts[key]

    def name(self, prefix: bytes, i: int) -> bytes:
        """Return a name for the mask of what is played of a clip.

        Another name where the sample rate, the clip, or what is played differs, or
        `prefix`, which stands for the model and the query.
        """
        if i not in self._digests:
            played, clip = self._played[i], self._clips[i]
            facts = (self._sample_rate, clip.shape, played.start, played.stop)
            digest = hashlib.sha256(repr(facts).encode())
            for channel in clip:
                digest.update(np.ascontiguousarray(channel).data)
            self._digests[i] = digest.digest()
        return hashlib.sha256(prefix + self._digests[i]).digest()


def _query_digest(identity: str, query: Query) -> bytes:
    """Return a checksum of a model and a query for it."""
    digest = hashlib.sha256(repr(identity).encode())
    for name, value in zip(query._fields, query, strict=True):
        array = np.ascontiguousarray(value) if value is not None else np.zeros(0)
        facts = (name, value is None, array.shape, array.dtype.str)
        digest.update(repr(facts).encode() + array.tobytes())
    return digest.digest()
