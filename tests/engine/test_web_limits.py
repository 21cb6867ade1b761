# SPDX-License-Identifier: GPL-3.0-or-later
"""The web server's limits hold: of its processes, of what waits, of who is silent."""

import asyncio
import json
import subprocess
import sys

import httpx
import pytest

from requinto_files.audio_writer import write
from requinto_web import events, uploads, working
from requinto_web.app import create_app
from requinto_web.children import clean_environment
from requinto_web.decoder import DecodingError, decode
from requinto_web.extraction_jobs import ExtractionJobs
from requinto_web.job_queue import JobQueue
from requinto_web.limits import MAX_EXTRACTIONS, MAX_REFERENCES, Settings
from requinto_web.records import FAILED, PREPARING, WAITING, ExtractionRecord
from requinto_web.refusals import Refusal
from requinto_web.song_jobs import MAX_ATTEMPTS
from requinto_web.store import SoundFolder
from requinto_web.tasks import DecodingTask, ExtractionTask
from sounds import RATE
from web_server import song_of
from web_services import add_extraction, add_song, opened

LIMIT_S = 20


@pytest.fixture
def services(tmp_path):
    with opened(tmp_path, max_waiting=1) as services:
        yield services


def decoded(tmp_path, memory_bytes=1 << 30, limit_s=LIMIT_S):
    """Decode a song within limits."""
    source, output = tmp_path / "upload", tmp_path / "sound.wav"
    write(wav := tmp_path / "song.wav", song_of(1.0), RATE)
    wav.rename(source)
    task = DecodingTask(
        *(str(source), str(output), "song.wav", 60.0, 1 << 24, memory_bytes),
        cpu_s=60,
        is_reference=False,
    )
    return asyncio.run(decode(task, tmp_path, tmp_path, limit_s, lambda share: None))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems limit less")
def test_a_decoder_has_little_memory(tmp_path):
    assert decoded(tmp_path).n_frames == RATE
    with pytest.raises(DecodingError, match=r"^song\.wav "):
        decoded(tmp_path, memory_bytes=1 << 20)


def test_a_decoder_has_little_time(tmp_path):
    with pytest.raises(DecodingError, match="in the time that is allowed for it"):
        decoded(tmp_path, limit_s=0.0)


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such limits")
def test_limits_are_those_of_the_task():
    program = (
        "import json, resource; from requinto_web.decoding import *; "
        "limit_resources(DecodingTask('', '', '', 1.0, 1 << 20, 1 << 33, 7, False)); "
        "print(json.dumps([resource.getrlimit(getattr(resource, 'RLIMIT_' + name)) "
        "for name in ('AS', 'CPU', 'FSIZE', 'CORE')]))"
    )
    command = [sys.executable, "-c", program]
    limits = json.loads(subprocess.check_output(command, text=True))
    assert limits == [[n, n] for n in (1 << 33, 7, 2 << 20, 0)]


def test_a_decoder_knows_nothing_of_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("TOKEN", "secret")
    monkeypatch.setenv("HOME", "/home/user")
    environment = clean_environment(tmp_path)
    assert "TOKEN" not in environment and environment["HOME"] == str(tmp_path)
    assert environment["TMPDIR"] == str(tmp_path)


def test_another_rendering_uses_the_masks_that_are_kept(services, monkeypatch):
    song = add_song(services)
    source = services.store.song_folder(song.record.id)
    beats = {"beats_s": [0.0, 0.4], "downbeats_s": [0.0], "tempo_bpm": 150.0}
    beats |= {"beats_per_bar": 4, "confidence": 1.0}
    source.overview.write_text(json.dumps(beats))
    kept = []

    def extract_to_files(song, instruments, paths, *, masks, **options):
        kept.append(masks)
        write(paths.extracted[0], song_of(0.5), RATE)

    monkeypatch.setattr(working, "extract_to_files", extract_to_files)
    output = SoundFolder(source.path / "1")
    masks = source.path / "masks"
    task = ExtractionTask(
        *(str(source.path), str(output.path), str(masks), "bass", "bass", None, None),
        *(1.0, "standard", 4, 0.5),
    )
    working.extract(lambda share: None, **task._asdict())
    assert kept == [masks] and output.flac.exists()


def test_a_song_in_use_does_not_expire(services):
    song = add_song(services)
    song.record.expires_at = 1.0

    async def expire():
        async with services.library.use(song):
            await services.library.remove_expired()
            assert song.record.id in services.library.songs
        await services.library.remove_expired()

    asyncio.run(expire())
    assert not services.library.songs
    assert not services.store.song_folder(song.record.id).path.exists()


def test_a_song_that_ends_the_server_is_given_up(services):
    song = add_song(services, status=PREPARING, n_attempts=MAX_ATTEMPTS)

    async def prepare():
        services.songs.start(song)
        await asyncio.wait_for(song.decoding, LIMIT_S)

    asyncio.run(prepare())
    assert song.record.status == FAILED
    assert song.record.message == "song.wav could not be prepared"


class Room:
    """A worker that notes how much room there is while it works."""

    def __init__(self, disk):
        self._disk, self.n_bytes = disk, []

    async def run(self, name, arguments, notify):
        self.n_bytes.append(self._disk.room_bytes)
        return {"gain": 1.0, "peaks": [0.5, 0.5]}


def extract(services, extraction):
    """Run the job of an extraction; return what room there was meanwhile."""
    worker, queue = Room(services.disk), JobQueue()
    jobs = ExtractionJobs(services.library, worker, queue)

    async def run():
        jobs.start(extraction)
        await asyncio.wait_for(extraction.job.run(), LIMIT_S)

    asyncio.run(run())
    return worker.n_bytes


def test_an_extraction_that_ends_the_server_is_given_up(services):
    extraction = add_extraction(services, add_song(services), status=WAITING)
    extraction.record.n_attempts = MAX_ATTEMPTS
    assert extract(services, extraction) == []
    assert extraction.record.message == "bass could not be extracted"


def test_an_extraction_has_room_that_nobody_else_takes(services):
    song = add_song(services)
    extraction = add_extraction(services, song, status=WAITING)
    asyncio.run(services.disk.measure())
    before = services.disk.room_bytes
    [meanwhile] = extract(services, extraction)
    size = services.store.song_folder(song.record.id).wav.stat().st_size
    assert before - meanwhile == 2 * size


def test_an_extraction_without_room_is_refused_at_once(tmp_path):
    with opened(tmp_path, max_disk_bytes=100_000) as services:
        song = add_song(services)
        record = ExtractionRecord("x", song.record.id, "bass", "standard", 4, 0.5)
        with pytest.raises(Refusal, match="no room"):
            asyncio.run(services.extractions.add(record, song))
        assert not song.extractions


def post(services, path, **content):
    """Return what an application with these services answers."""
    app = create_app(services.settings)
    app.state.services = services

    async def send():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost"
        ) as client:
            return await client.post(f"/api/songs/{path}", **content)

    return asyncio.run(send())


def test_few_extractions_wait(services):
    song = add_song(services)
    add_extraction(services, song, status=WAITING)
    path = f"{song.record.id}/extractions"
    response = post(services, path, json={"target": "bass"})
    assert response.status_code == 503
    assert response.json()["detail"].startswith("the server has 1 extractions to do")


@pytest.mark.parametrize(
    ("kind", "limit"),
    [("extractions", MAX_EXTRACTIONS), ("references", MAX_REFERENCES)],
)
def test_a_song_has_a_limited_number_of(services, kind, limit):
    song = add_song(services)
    held = song.extractions if kind == "extractions" else song.record.references
    held.update(dict.fromkeys(map(str, range(limit))))
    content = (
        {"json": {"target": "bass"}}
        if kind == "extractions"
        else {"files": {"file": ("solo.wav", b"")}}
    )
    response = post(services, f"{song.record.id}/{kind}", **content)
    assert response.status_code == 409
    assert response.json()["detail"] == f"a song has {limit} {kind} at most"


def test_a_silent_client_is_given_up(monkeypatch):
    monkeypatch.setattr(uploads, "_SILENT_S", 0.05)

    async def receive():
        async def never():
            await asyncio.Event().wait()

        await asyncio.wait_for(uploads._Limited(never, 100)(), 2.0)

    with pytest.raises(Refusal, match="nothing came") as refusal:
        asyncio.run(receive())
    assert refusal.value.status == 408


def test_a_stream_on_which_nothing_happens_is_kept_open(services, monkeypatch):
    monkeypatch.setattr(events, "_HEARTBEAT_S", 0.02)
    song = add_song(services, status=PREPARING)

    async def follow():
        states = events._events(song, lambda: False)
        return [await asyncio.wait_for(anext(states), LIMIT_S) for _ in range(3)]

    first, *comments = asyncio.run(follow())
    assert first.startswith("data: ") and comments == [": \n\n"] * 2


def test_a_file_of_the_page_is_sent_once(tmp_path):
    app = create_app(Settings(tmp_path / "data"))
    name = next(iter(app.state.page.files))

    async def read():
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://localhost"
        ) as client:
            first = await client.get(f"/assets/{name}")
            headers = {"if-none-match": first.headers["etag"]}
            again = await client.get(f"/assets/{name}", headers=headers)
            other = await client.get(
                f"/assets/{name}", headers={"if-none-match": '"old"'}
            )
            return first, again, other

    first, again, other = asyncio.run(read())
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert other.status_code == 200 and other.content == first.content
