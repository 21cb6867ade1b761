# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads are made of the rendering that is there, once, or refused for a reason."""

import asyncio
import errno

import numpy as np
import pytest

from requinto.errors import AudioFileError
from requinto_files import sound_set
from requinto_files.audio_reader import read_available
from requinto_files.output_files import write_error
from requinto_web import downloads
from requinto_web.extraction_jobs import ExtractionJobs
from requinto_web.extraction_routes import archive_file, sound_file
from requinto_web.job_queue import JobQueue
from requinto_web.records import RENDERING
from requinto_web.refusals import Refusal
from sounds import RATE
from web_services import add_extraction, add_song, opened, render

LIMIT_S = 20


@pytest.fixture
def services(tmp_path):
    with opened(tmp_path) as services:
        yield services


@pytest.fixture
def extraction(services):
    return add_extraction(services, add_song(services))


def refused(services, extraction, form="flac"):
    """Return the refusal of a download, which shows no path."""
    with pytest.raises(Refusal) as refusal:
        asyncio.run(sound_file(extraction, services, "rest", form))
    assert str(services.store.folder) not in str(refusal.value)
    return refusal.value


class RenderingWorker:
    """A worker whose only task is a next rendering, of a quarter of the song."""

    def __init__(self, services, extraction):
        self._services, self._record = services, extraction.record

    async def run(self, name, arguments, notify):
        render(self._services, self._record, self._record.revision + 1, 0.25)
        return {"gain": 1.0, "peaks": [0.125, 0.375]}


@pytest.mark.parametrize("is_first", [True, False])
def test_a_rendering_that_ends_meanwhile_spoils_no_download(
    services, extraction, is_first
):
    """A download that waits is of the rendering that is there at its turn."""
    worker = RenderingWorker(services, extraction)
    jobs = ExtractionJobs(services.library, worker, queue := JobQueue())

    async def render_and_download():
        async def download():
            file = await sound_file(extraction, services, "rest", "wav")
            return read_available(file.path).samples

        extraction.record.status = RENDERING
        jobs.start(extraction)
        async with extraction.conversion:
            downloading = asyncio.create_task(download()) if is_first else None
            await asyncio.sleep(0)
            loop = asyncio.create_task(queue.run())
            worker_is_done = services.store.rendering(extraction.record, 2).wav.exists
            while not worker_is_done():
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)  # in which nothing may be removed
            downloading = downloading or asyncio.create_task(download())
            await asyncio.sleep(0)
        rest = await asyncio.wait_for(downloading, LIMIT_S)
        while not extraction.is_final:
            await asyncio.sleep(0.01)
        loop.cancel()
        return rest

    song = read_available(services.store.song_folder(extraction.song.record.id).wav)
    share = 0.5 if is_first else 0.75
    rest = asyncio.run(render_and_download())
    np.testing.assert_allclose(rest, share * song.samples, atol=1e-6)
    assert extraction.record.revision == 2
    assert not services.store.rendering(extraction.record, 1).path.exists()


@pytest.mark.parametrize("make", [sound_file, archive_file])
def test_what_is_made_is_given_at_once(services, extraction, make, monkeypatch):
    """It waits for nobody, and needs no room."""
    arguments = (extraction, services, *["rest"] * (make is sound_file), "flac")

    async def make_twice():
        made = await make(*arguments)
        monkeypatch.setattr(services.disk, "reserve", lambda n_bytes: 1 / 0)
        async with extraction.conversion, services.conversions, services.conversions:
            again = await asyncio.wait_for(make(*arguments), LIMIT_S)
        assert again.path == made.path

    asyncio.run(make_twice())


@pytest.mark.parametrize(
    ("number", "expected"),
    [(errno.ENOSPC, "there is no room"), (errno.EROFS, "Read-only file system")],
)
def test_a_file_that_cannot_be_written_is_no_fault_of_the_client(
    services, extraction, monkeypatch, number, expected
):
    def write(self, block):
        error = OSError(number, "Read-only file system")
        raise write_error(self.path, error) from error

    monkeypatch.setattr(sound_set.SoundWriter, "write", write)
    refusal = refused(services, extraction)
    assert refusal.status == 507 and expected in str(refusal)


def test_a_rate_that_a_kind_does_not_hold_is_named(services):
    extraction = add_extraction(services, add_song(services, 1.0, 2 * RATE))
    refusal = refused(services, extraction, "mp3")
    assert refusal.status == 422
    assert str(refusal).startswith("extracted.mp3 cannot be written: ")
    assert "88200 Hz" in str(refusal)


@pytest.mark.parametrize(("is_removed", "status"), [(True, 404), (False, 503)])
def test_a_conversion_stops_when_nobody_wants_it(
    services, extraction, monkeypatch, is_removed, status
):
    def make_sound(sources, **wanted):
        if is_removed:
            extraction.is_removed = True
        else:
            services.library.stop()
        return downloads_made(sources, **wanted)

    downloads_made = downloads.make_sound
    monkeypatch.setattr(downloads, "make_sound", make_sound)
    assert refused(services, extraction).status == status
    folder = services.store.rendering(extraction.record, 1).path
    assert [path.name for path in folder.iterdir()] == ["sound.wav"]


def test_what_is_removed_meanwhile_is_not_there(services, extraction, monkeypatch):
    def make_sound(sources, **wanted):
        extraction.is_removed = True
        raise AudioFileError(f"{sources.extracted} does not exist")

    monkeypatch.setattr(downloads, "make_sound", make_sound)
    assert refused(services, extraction).status == 404
