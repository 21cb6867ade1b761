# SPDX-License-Identifier: GPL-3.0-or-later
"""What a worker does with a song: extract it into files, once, whatever is killed."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import itertools
import json
import os
import posixpath
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from requinto.arguments import Instrument, Options
from requinto.audio import check_reference_samples
from requinto.errors import RequintoError, reason_of
from requinto.exports import FOLDER as EXPORTS
from requinto.file_extraction import Paths, extract_to_files
from requinto.model_folder import BEATS, FOR_NAMES, models_folder
from requinto.process import THREADS_VARIABLE
from requinto.song_file import SongFile, open_song
from requinto_batch.catalogue import ENDINGS, Song
from requinto_batch.errors import BatchError
from requinto_batch.records import Extraction, Input, Record, Records, stamp_of
from requinto_batch.runner import is_wanted
from requinto_files.audio_reader import Recording, read_available
from requinto_files.audio_writer import SoundWriter

VERSION = importlib.metadata.version("requinto")
REST = "rest"  # title of what is none of the instruments


class Reference(NamedTuple):
    """A sound file that shows an instrument, which workers read."""

    path: str
    sha256: str


class PlannedInstrument(NamedTuple):
    """An instrument to extract from each song, by name or by reference."""

    title: str
    target: str | None = None
    reference: Reference | None = None


class Plan(NamedTuple):
    """What is done with each song."""

    output: str  # the folder that is written to
    instruments: tuple[PlannedInstrument, ...]
    has_rest: bool
    ending: str  # of outputs, such as ".flac"
    bit_depth: int | None
    options: Options
    model: str  # a digest of the model's files
    verify: bool = False  # read what was written before
    version: str = VERSION  # of the requinto that planned it

    @property
    def digest(self) -> str:
        """What outputs depend on besides the song, as a short text."""
        shared = self._replace(output="", instruments=())[:-2]
        instruments = [
            (title, target, reference and reference.sha256)
            for title, target, reference in self.instruments
        ]
        # Neither `verify` nor `version` matters: the model has a digest of its own
        values = json.dumps([*shared, instruments])
        return hashlib.sha256(values.encode()).hexdigest()[:32]

    def file_names(self, stem: str) -> list[str]:
        """Return the names of a song's outputs, the rest last."""
        titles = [each.title for each in self.instruments]
        titles += [REST] if self.has_rest else []
        return [f"{stem}-{title}{self.ending}" for title in titles]


class Outcome(NamedTuple):
    """What became of a song that is done."""

    outputs: tuple[str, ...]  # paths below the folder that is written to
    facts: dict[str, Any]  # duration_s, elapsed_s, gain, problems
    is_new: bool  # whether it was extracted now


class _DoneElsewhereError(Exception):
    """Another worker, taken for dead, has done the song meanwhile."""


def model_digest(model: str) -> str:
    """Return a digest of what is installed of a model, and of the beat tracker.

    Their records name the digests of the weights.
    """
    folder = models_folder()
    digest = hashlib.sha256()
    for name in (model, f"{model}{FOR_NAMES}", BEATS):
        for path in (folder / EXPORTS / f"{name}.json", folder / f"{name}.json"):
            if path.is_file():
                digest.update(path.read_bytes())
                break
    return digest.hexdigest()


def outcome_before(song: Song, plan: Plan) -> Outcome | None:
    """Return what an earlier run made of a song, as far as a glance shows."""
    if plan.verify:
        return None
    records = Records(Path(plan.output))
    record = records.read(song.name)
    try:
        done = record.extraction(plan.digest, Input.of(song.path))
    except OSError:
        return None
    if done is None or not done.is_published or record.path != song.path:
        return None
    folder = Path(plan.output, song.folder)
    return _outcome(song, done) if done.is_there(folder, verify=False) else None


def extract_song_files(song: Song, plan: Plan) -> Outcome:
    """Extract a song into files, unless that is done; called in a worker.

    Raises
    ------
    RequintoError
        Whatever reading, extracting and writing raise; also if files of others are in
        the way.
    """
    try:
        return _Extracting(song, plan).run()
    except RequintoError as error:
        raise BatchError(str(error)) from None  # which any process can load
    except MemoryError:
        raise BatchError("not enough memory for this song") from None
    except OSError as error:
        name = os.fsdecode(error.filename) if error.filename else song.path
        raise BatchError(f"{name}: {reason_of(error)}") from None


class _Extracting:
    """The extraction of one song."""

    def __init__(self, song: Song, plan: Plan) -> None:
        self._song, self._plan = song, plan
        self._records = Records(Path(plan.output))
        self._folder = Path(plan.output, song.folder)
        self._names = plan.file_names(song.stem)
        self._start = time.perf_counter()

    def run(self) -> Outcome:
        self._source = Input.of(self._song.path)
        if done := self._done_before():
            return _outcome(self._song, done)
        os.environ.setdefault(THREADS_VARIABLE, "1")
        _check_installation(self._plan)
        try:
            with self._records.running(self._song.name, self._song.folder):
                gain = self._extract()
                record = self._record()
                record = record.publish(self._plan.digest, self._source, gain=gain)
                self._records.write(record)
        except _DoneElsewhereError:
            record = self._record()
        done = record.extraction(self._plan.digest, self._source)
        assert done is not None
        return _outcome(self._song, done, is_new=True)

    def _record(self) -> Record:
        """Return the song's record, or raise where it is that of another song."""
        record = self._records.read(self._song.name)
        if record.is_of_another(self._song.path):
            raise BatchError(
                f"{self._plan.output} holds what was extracted from {record.path}, "
                f"which has the name of {self._song.path}: name another folder"
            )
        return replace(record, path=self._song.path)

    def _done_before(self) -> Extraction | None:
        """Return what was extracted before, if its files are there."""
        record = self._record()
        done = record.extraction(self._plan.digest, self._source)
        if done is None or not done.is_there(self._folder, verify=self._plan.verify):
            return None
        # It was moved, or a run was killed before it could say that all files are there
        record = record.publish(self._plan.digest, self._source)
        if record != self._records.read(self._song.name):
            self._records.write(record)
        return done

    def _own_record(self) -> Record:
        """Return the record of the song, or raise if files of others are in the way."""
        record = self._record()
        for name in self._names:
            if not os.path.lexists(self._folder / name):
                continue
            if not record.is_ours(self._folder, name):
                record = self._take_over(record, name)
        return record

    def _take_over(self, record: Record, name: str) -> Record:
        """Add the record of a song that is gone, as `one.wav` where `one.flac` is now.

        Raises
        ------
        BatchError
            If no such song has an output of this name.
        """
        stem = posixpath.join(self._song.folder, self._song.stem)
        for ending in itertools.chain(ENDINGS, map(str.upper, ENDINGS)):
            former = self._records.read(f"{stem}{ending}")
            if former.is_ours(self._folder, name) and not os.path.lexists(former.path):
                record = record.adopt(former)
                self._records.write(record)
                self._records.remove(former.song)
                return record
        raise BatchError(
            f"{self._folder / name} was not written by requinto batch, or was changed "
            "since; move it away, or name another folder"
        )

    def _extract(self) -> float:
        """Extract into files; return the gain at which they were written."""
        plan = self._plan
        instruments = [_instrument(each) for each in plan.instruments]
        with open_song(self._song.path, downmix=True) as song:
            self._facts = {
                "duration_s": round(song.n_frames / song.sample_rate, 3),
                "gain": None,  # known when all files are there
                "problems": [*song.problems, *_mixed_down(song)],
            }
            self._folder.mkdir(parents=True, exist_ok=True)
            paths = [self._folder / name for name in self._names]
            self._own_record()
            overwrite = any(map(os.path.lexists, paths))
            rest = paths.pop() if plan.has_rest else None
            written = extract_to_files(
                *(song, instruments, Paths(tuple(paths), rest)),
                options=plan.options,
                bit_depth=plan.bit_depth,
                overwrite=overwrite,
                progress=_check_wanted,
                before_publishing=self._announce,
            )
        return written.levels.gain

    def _announce(self, writers: Sequence[SoundWriter]) -> None:
        """Write down what is about to appear; else its files would be foreign."""
        _check_wanted(1.0)
        if Input.of(self._song.path) != self._source:
            raise BatchError(f"{self._song.path} changed while it was read")
        if self._done_before():
            raise _DoneElsewhereError
        record = self._own_record()
        outputs = {
            os.path.basename(writer.path): stamp_of(writer.unfinished_path, sync=True)
            for writer in writers
        }
        facts = self._facts | {
            "elapsed_s": round(time.perf_counter() - self._start, 3),
        }
        new = Extraction(self._plan.digest, self._source, outputs, facts)
        self._records.write(record.begin(new))


def _outcome(song: Song, done: Extraction, *, is_new: bool = False) -> Outcome:
    outputs = [f"{song.folder}/{n}" if song.folder else n for n in done.outputs]
    return Outcome(tuple(outputs), dict(done.facts), is_new)


def _mixed_down(song: SongFile) -> list[str]:
    n_channels = song.n_channels_in_file
    if n_channels == song.n_channels:
        return []
    return [f"its {n_channels} channels were mixed down to stereo"]


def _check_wanted(share: float) -> None:
    """Stop a thread whose batch was stopped."""
    del share
    if not is_wanted():
        raise BatchError("the batch was stopped")


def _check_installation(plan: Plan) -> None:
    """Raise `BatchError` where a worker has another requinto than the batch."""
    if plan.version != VERSION:
        raise BatchError(
            f"this worker has requinto {VERSION}, the batch {plan.version}: they must "
            "be the same"
        )
    if _own_model_digest(plan.options.model) != plan.model:
        raise BatchError(
            f"the model {plan.options.model!r} of this worker is not that of the "
            "batch: install the same requinto everywhere"
        )


_own_model_digest = functools.lru_cache(maxsize=4)(model_digest)


def _instrument(planned: PlannedInstrument) -> Instrument:
    if planned.reference is None:
        return Instrument(planned.title, planned.target)
    recording = read_reference(planned.reference)
    return Instrument(planned.title, None, recording.samples, recording.sample_rate)


def reference_of(path: Path) -> Reference:
    """Return a reference that workers can read, or raise `RequintoError`."""
    try:
        reference = Reference(str(path.absolute()), stamp_of(path).sha256)
    except OSError as error:
        raise BatchError(f"{path} cannot be read: {reason_of(error)}") from error
    read_reference(reference)
    return reference


@functools.lru_cache(maxsize=16)
def read_reference(reference: Reference) -> Recording:
    """Return the sound of a reference, read once in each process.

    Raises
    ------
    RequintoError
        If it is silent, too short or no sound, or not what it was.
    """
    path, sha256 = reference
    recording = read_available(path, downmix=True)
    if stamp_of(path).sha256 != sha256:
        raise BatchError(f"{path} has changed since the batch began")
    samples = check_reference_samples(recording.samples, recording.sample_rate, path)
    return recording._replace(samples=samples)
