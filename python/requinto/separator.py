# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks as one function from sound to sound: a clip in, its target out."""

from __future__ import annotations

import collections
import hashlib
import itertools
import threading
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from requinto.clip_spectra import ClipSpectrum, ClipTransform
from requinto.config import DEFAULT_SENSITIVITY, ClipConfig, ModelConfig
from requinto.errors import ModelError
from requinto.networks import Network
from requinto.spectra import compress
from requinto.templates import TemplateMatcher

_REMEMBERED = 32  # queries
_REFERENCE_S = 3.0  # shorter references are padded to what training showed


class Query(NamedTuple):
    """What a model keeps of a reference, to match its sound in mixtures."""

    embedding: np.ndarray  # (reference_size,), of the reference encoder
    templates: np.ndarray  # (n_bands, n_keys, n_templates), see `templates.py`
    balance: np.ndarray | None = None  # (n_bands,), see `TemplateMatcher.balance`
    unlike: np.ndarray | None = None  # templates of what is not wanted
    by_name: bool = False  # for the network for names: see `Pair`


class Separator(Protocol):
    """What `extract.py` and `stream.py` need of a model, wherever it runs."""

    @property
    def clips(self) -> ClipConfig:
        """How audio is to be cut for this model."""

    def target(self, name: str) -> Query:
        """Return the query for a built-in target."""

    def query(
        self, reference: np.ndarray | Sequence[np.ndarray], sample_rate: float
    ) -> Query:
        """Return the query for references, each `(n_channels, n_frames)`."""

    def separate(
        self,
        clip: np.ndarray,
        sample_rate: float,
        query: Query,
        sensitivity: float = DEFAULT_SENSITIVITY,
    ) -> np.ndarray:
        """Return what a clip `(n_channels, n_frames)` holds of the target."""
        return self.separate_all([clip], sample_rate, query, sensitivity)[0]

    def separate_all(
        self,
        clips: Sequence[np.ndarray],
        sample_rate: float,
        query: Query,
        sensitivity: float = DEFAULT_SENSITIVITY,
    ) -> list[np.ndarray]:
        """Return the same of each clip; faster than one by one."""

    def gains(
        self, sound: np.ndarray, sample_rate: float, query: Query
    ) -> np.ndarray | None:
        """Return how much of a mixture fits a query, by register.

        Parameters
        ----------
        sound : np.ndarray, shape=(n_channels, n_frames)
            Some seconds of the mixture.

        Returns
        -------
        np.ndarray or None
            As `TemplateMatcher.gains` does; None if the model cannot tell.
        """
        return None


class Extraction(NamedTuple):
    """What is extracted, by which model, and how."""

    separator: Separator
    target: str | Query  # as the caller gave it
    query: Query
    sensitivity: float

    @classmethod
    def of(
        cls,
        target: str | Query,
        separator: Separator,
        sensitivity: float = DEFAULT_SENSITIVITY,
    ) -> Extraction:
        """Return the extraction of a built-in target, or of a query.

        Parameters
        ----------
        target : str or Query
            A query must be the separator's own.
        separator : Separator
        sensitivity : float
            From 0 to 1, as in `extract`.
        """
        query = separator.target(target) if isinstance(target, str) else target
        return cls(separator, target, query, sensitivity)

    def separate(self, clip: np.ndarray, sample_rate: float) -> np.ndarray:
        """Return what a clip `(n_channels, n_frames)` holds of the target."""
        return self.separator.separate(clip, sample_rate, self.query, self.sensitivity)

    def gains(self, sound: np.ndarray, sample_rate: float) -> np.ndarray | None:
        """Return how much of a mixture fits a reference, by register.

        None for built-in targets, whose many references are of all registers.
        """
        if isinstance(self.target, str):
            return None
        return self.separator.gains(sound, sample_rate, self.query)

    def continues(self, other: Extraction) -> bool:
        """Return whether both are of the same target, by the same model."""
        is_same = self.target is other.target or (
            isinstance(self.target, str) and self.target == other.target
        )
        return is_same and self.separator is other.separator


class NetworkSeparator(Separator):
    """A separator whose networks run in this process.

    Parameters
    ----------
    config : ModelConfig
    unet, encoder : Network
        With inputs and outputs as `build_unet` and `build_reference_encoder` say.
    references : mapping of str to list of np.ndarray
        Sounds `(n_channels, n_frames)` of each built-in target, at the model's
        rate.
    queries : mapping of str to Query
        Of built-in targets, where they were computed ahead of time.
    identity : str
        Differs whenever configuration or weights do; "" where that is unknown.
    """

    def __init__(
        self,
        config: ModelConfig,
        unet: Network,
        encoder: Network,
        references: Mapping[str, list[np.ndarray]] = {},
        queries: Mapping[str, Query] = {},
        identity: str = "",
    ) -> None:
        self.config = config
        self.identity = identity
        self.transform = ClipTransform(config.spectra)
        self._matcher = TemplateMatcher(config.templates, self.transform.spectra)
        self._reference_frames = round(_REFERENCE_S * config.spectra.sample_rate)
        self._unet = unet
        self._encoder = encoder
        self._references = references
        self._targets = dict(queries)
        self._queries: collections.OrderedDict[str, Query] = collections.OrderedDict()
        self._lock = threading.Lock()  # of what is remembered

    @property
    def clips(self) -> ClipConfig:
        """How audio is to be cut for this model."""
        return self.config.clips

    @property
    def n_parameters(self) -> int:
        """Trained numbers of both networks."""
        return self._unet.n_parameters + self._encoder.n_parameters

    def target(self, name: str) -> Query:
        """Return the query made of a built-in target's sounds, or `ModelError`."""
        if name not in self._targets:
            if name not in self._references:
                raise ModelError(f"the model has no reference for {name!r}")
            self._targets[name] = self._make_query(self._references[name])
        return self._targets[name]

    def query(
        self, reference: np.ndarray | Sequence[np.ndarray], sample_rate: float
    ) -> Query:
        """Return the query for a reference sound, or for several of one instrument.

        Parameters
        ----------
        reference : np.ndarray, shape=(n_channels, n_frames), or a sequence of them
            One or two channels, at `sample_rate` Hz, not silent.  The queries
            of the last few are remembered.
        """
        several = isinstance(reference, (list, tuple))
        references = reference if several else [reference]
        sounds = [np.ascontiguousarray(sound) for sound in references]
        digest = hashlib.sha256()
        for sound in sounds:
            digest.update(f"{sound.shape}".encode() + sound.tobytes())
        name = f"{digest.hexdigest()} {sample_rate}"
        with self._lock:
            if name in self._queries:
                return self._queries[name]
        at_rate = [self.transform.at_model_rate(s, sample_rate) for s in sounds]
        query = self._make_query(at_rate)
        with self._lock:
            while len(self._queries) >= _REMEMBERED:
                self._queries.popitem(last=False)
            return self._queries.setdefault(name, query)

    def _make_query(self, sounds: list[np.ndarray]) -> Query:
        """Average embeddings; fit templates to all the sounds in a row."""
        spectra = self.transform.spectra
        embeddings, powers = [], []
        for sound in sounds:
            missing = max(0, self._reference_frames - sound.shape[1])
            padded = np.pad(self.transform.clean(sound), ((0, 0), (0, missing)))
            power = spectra.audible_power(self.transform.spectrum(padded))
            view = spectra.pad(compress(power))
            embeddings.append(self._encoder.predict({"reference": view[None]})[0])
            powers.append(power)
        power = np.concatenate(powers)
        templates = self._matcher.templates(power)
        balance = self._matcher.balance(power)
        return Query(np.mean(embeddings, axis=0), templates, balance)

    def separate_all(
        self,
        clips: Sequence[np.ndarray],
        sample_rate: float,
        query: Query,
        sensitivity: float = DEFAULT_SENSITIVITY,
    ) -> list[np.ndarray]:
        """Return what each clip holds of the target, of the clip's shape, float32.

        Parameters
        ----------
        clips : sequence of np.ndarray, shape=(n_channels, n_frames)
            One or two channels at `sample_rate` Hz, context included.
        query : Query

        Raises
        ------
        ModelError
            If the query or the result is not finite.
        """
        spectra = [self.transform.analyse(clip, sample_rate) for clip in clips]
        masks = self.masks([s.power for s in spectra if s.is_sounding], query)
        return self.synthesise(spectra, masks, sensitivity)

    def masks(self, powers: Sequence[np.ndarray], query: Query) -> list[np.ndarray]:
        """Return the mask `(n_columns, n_bands, 2)` for each clip, padded.

        Clips of as many columns in a row are one batch.

        Parameters
        ----------
        powers : sequence of np.ndarray
            Of each clip, as `ClipSpectrum.power`.
        query : Query

        Raises
        ------
        ModelError
            If the query is not finite.
        """
        if not np.isfinite(query.embedding).all():
            # Which weights of 8 bits would make something finite of
            raise ModelError("the query holds numbers that are not finite")
        views = [self._view(power, query) for power in powers]
        masks: list[np.ndarray] = []
        for _, alike in itertools.groupby(views, len):
            batch = np.stack(list(alike))
            inputs = {
                "mixture": batch,
                "embedding": np.tile(query.embedding, (len(batch), 1)),
            }
            # Where several devices train, each returns the whole batch
            masks += [*self._unet.predict(inputs)[: len(batch)]]
        return masks

    def synthesise(
        self,
        spectra: Sequence[ClipSpectrum],
        masks: Sequence[np.ndarray],
        sensitivity: float,
    ) -> list[np.ndarray]:
        """Return the sound that masks leave of each clip, of the clip's shape, float32.

        Parameters
        ----------
        spectra : sequence of ClipSpectrum
        masks : sequence of np.ndarray
            Of the clips that sound, for the columns of their spectra.
        sensitivity : float
            From 0 to 1.

        Raises
        ------
        ModelError
            If the result is not finite.
        """
        remaining, estimates = iter(masks), []
        for spectrum in spectra:
            mask = next(remaining) if spectrum.is_sounding else None
            estimate = self.transform.synthesise(spectrum, mask, sensitivity)
            if not np.isfinite(estimate).all():
                raise ModelError("the model's answer holds samples that are not finite")
            estimates.append(estimate)
        return estimates

    def gains(self, sound: np.ndarray, sample_rate: float, query: Query) -> np.ndarray:
        """Return how much of a mixture fits a query, by register."""
        clean = self.transform.clean(self.transform.at_model_rate(sound, sample_rate))
        power = self.transform.spectra.audible_power(self.transform.spectrum(clean))
        return self._matcher.gains(power, query.templates)

    def network(self, query: Query) -> NetworkSeparator:
        """Return the separator whose network a query is for: this one."""
        return self

    def _view(self, power: np.ndarray, query: Query) -> np.ndarray:
        view = self._matcher.view(power, query.templates, query.balance, query.unlike)
        return self.transform.spectra.pad(view)


class Pair(Separator):
    """A separator of two networks: one for references, one for names of targets.

    A reference selects one sound; a name selects an instrument, whatever its sound.
    One network trained for both is worse at each.

    Parameters
    ----------
    examples, names : NetworkSeparator
        The network for references, and that for names of built-in targets.

    Raises
    ------
    ModelError
        If their clips are cut differently.
    """

    def __init__(self, examples: NetworkSeparator, names: NetworkSeparator) -> None:
        if examples.clips != names.clips:
            raise ModelError("a model and its network for names must cut clips alike")
        self.examples = examples
        self.names = names

    @property
    def clips(self) -> ClipConfig:
        """How audio is to be cut for this model."""
        return self.examples.clips

    @property
    def n_parameters(self) -> int:
        """Trained numbers of all networks."""
        return self.examples.n_parameters + self.names.n_parameters

    def target(self, name: str) -> Query:
        """Return the query for a built-in target."""
        return self.names.target(name)._replace(by_name=True)

    def query(
        self, reference: np.ndarray | Sequence[np.ndarray], sample_rate: float
    ) -> Query:
        """Return the query for references, each `(n_channels, n_frames)`."""
        return self.examples.query(reference, sample_rate)

    def separate_all(
        self,
        clips: Sequence[np.ndarray],
        sample_rate: float,
        query: Query,
        sensitivity: float = DEFAULT_SENSITIVITY,
    ) -> list[np.ndarray]:
        """Return what each clip holds of the target, as `separate` does."""
        return self.network(query).separate_all(clips, sample_rate, query, sensitivity)

    def gains(self, sound: np.ndarray, sample_rate: float, query: Query) -> np.ndarray:
        """Return how much of a mixture fits a query, by register."""
        return self.network(query).gains(sound, sample_rate, query)

    def network(self, query: Query) -> NetworkSeparator:
        """Return the separator whose network a query is for."""
        return self.names if query.by_name else self.examples
