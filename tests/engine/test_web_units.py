# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of the web server, each by itself."""

import asyncio
import itertools
import json
import unicodedata

import pytest

from requinto.errors import ConfigError
from requinto_files.sound_kinds import kind_of
from requinto_web.disk import Disk
from requinto_web.extraction_routes import _check_stretch
from requinto_web.job_queue import LONG, SHORT, Job, JobQueue
from requinto_web.library import Library
from requinto_web.limits import Settings, check_settings
from requinto_web.names import clean_name, stem_of
from requinto_web.page_files import read_page
from requinto_web.progress import Progress
from requinto_web.records import ExtractionRecord, SongRecord
from requinto_web.refusals import Refusal
from requinto_web.schemas import ByStretch
from requinto_web.store import Store, new_id
from requinto_web.worker import describe_end


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("song.mp3", "song.mp3"),
        ("a/b\\c.wav", "c.wav"),
        ("a\x00b\r\n\tc.wav", "a b c.wav"),
        ("\x1b[2J.wav", "[2J.wav"),
        ('"quoted": <b>?*|.wav', "_quoted__ _b____.wav"),
        (" . ", "song"),
        ("", "song"),
        (None, "song"),
        ("///", "song"),
        (".wav", "wav"),
        ("Cafe\u0301.wav", "Café.wav"),
        ("a\ud800.wav", "a_.wav"),
        ("\u0645\u06cc\u200c.wav", "\u0645\u06cc\u200c.wav"),  # letters that are joined
        ("x" * 300, "x" * 120),
        ("x" * 300 + ".flac", "x" * 120 + ".flac"),
        ("ñ" * 300 + ".flac", "ñ" * 100 + ".flac"),
    ],
)
def test_names_are_cleaned(given, expected):
    name = clean_name(given)
    assert name == expected
    assert clean_name(name) == name
    assert unicodedata.is_normalized("NFC", name)
    assert len(name.encode()) <= 255


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("a.wav", "a"),
        ("a", "a"),
        ("a.b.mp3", "a.b"),
        ("Mr. Bojangles", "Mr. Bojangles"),
    ],
)
def test_stems_have_no_ending(name, stem):
    assert stem_of(name) == stem


def test_ids_cannot_be_guessed_or_taken_for_options():
    ids = {new_id() for _ in range(500)}
    assert len(ids) == 500
    assert all(len(each) >= 22 and each[0] != "-" for each in ids)


@pytest.mark.parametrize("pace", [0.5, 1.0, 5.0])
def test_the_time_left_is_that_of_an_even_pace(pace):
    now = itertools.count(0.0, 0.1)
    progress = Progress(lambda: next(now))
    progress.restart(0.2)
    start_s = next(now) - 0.1
    for _ in range(100):
        elapsed_s = next(now) + 0.1 - start_s
        progress.advance(0.2 + 0.01 * elapsed_s / pace)
    left_s = (1.0 - progress.share) / (0.01 / pace)
    assert progress.seconds_left == pytest.approx(left_s, rel=0.02)
    progress.stop(1.0)
    assert (progress.share, progress.seconds_left) == (1.0, None)


def test_nothing_is_said_of_the_time_left_at_first():
    times = iter([0.0, 0.0, 0.5, 2.0])
    progress = Progress(lambda: next(times))
    progress.restart()
    progress.advance(0.5)
    assert progress.seconds_left is None  # half a second of work says little
    progress.advance(0.5)
    assert progress.seconds_left == pytest.approx(2.0)


def test_progress_never_goes_back():
    progress = Progress()
    for share in (0.2, 0.1, 0.5, 7.0):
        progress.advance(share)
    assert progress.share == 1.0


@pytest.mark.parametrize(
    "wrong",
    [{"max_bytes": 0}, {"kept_s": float("nan")}, {"max_duration_s": float("inf")}],
)
def test_settings_are_checked(tmp_path, wrong):
    with pytest.raises(ConfigError, match="must be above 0 and below 1e15, got"):
        check_settings(Settings(tmp_path, **wrong))


@pytest.mark.parametrize(
    ("peak", "name", "expected"),
    [
        (1.0, "a.flac", 1.0),
        (2.0, "a.wav", 1.0),
        (2.0, "a.flac", 0.5),
        (4.0, "a.mp3", 0.25),
    ],
)
def test_a_gain_lets_a_file_hold_a_peak(peak, name, expected):
    gain = kind_of(name).gain_for(peak)
    assert gain == pytest.approx(expected, abs=1e-6)
    assert gain <= expected


def test_short_jobs_come_first_and_none_that_were_cancelled():
    order = []

    async def run():
        queue = JobQueue()
        done = asyncio.Event()

        def job(name, priority):
            async def work():
                order.append(name)
                if name == "last":
                    done.set()

            queue.put(made := Job(work, priority))
            return made

        job("first", LONG)
        cancelled = job("cancelled", LONG)
        job("last", LONG)
        job("short", SHORT)
        await cancelled.cancel()
        loop = asyncio.create_task(queue.run())
        await asyncio.wait_for(done.wait(), 10)
        loop.cancel()

    asyncio.run(run())
    assert order == ["short", "first", "last"]


def test_a_job_that_runs_is_stopped_before_cancelling_returns():
    async def run():
        queue, started, stopped = JobQueue(), asyncio.Event(), []

        async def work():
            started.set()
            try:
                await asyncio.sleep(60)
            finally:
                stopped.append(True)

        queue.put(job := Job(work, LONG))
        loop = asyncio.create_task(queue.run())
        await asyncio.wait_for(started.wait(), 10)
        await job.cancel()
        loop.cancel()
        return stopped

    assert asyncio.run(run()) == [True]


def test_room_is_reserved_once(tmp_path):
    async def run():
        disk = Disk(store, 1_000_000)
        await disk.measure()
        before = disk.room_bytes
        async with disk.reserve(600_000):
            assert disk.room_bytes == before - 600_000
            with pytest.raises(Refusal) as refusal:
                async with disk.reserve(600_000):
                    pass
            assert refusal.value.status == 507
        assert disk.room_bytes == before

    store = Store(tmp_path / "data")
    with store.open():
        asyncio.run(run())


def test_a_folder_that_is_gone_is_not_called_full(tmp_path):
    async def run():
        library = Library(settings, store, Disk(store, settings.max_disk_bytes))
        record = SongRecord("gone", "a.wav", 1.0)
        with pytest.raises(Refusal, match="into its folder: No such file"):
            await library.add_song(record)
        assert not library.songs

    settings = Settings(tmp_path / "data")
    store = Store(settings.folder)
    with store.open():
        asyncio.run(run())


def test_the_store_reads_what_it_wrote(tmp_path):
    store = Store(tmp_path / "data")
    with store.open():
        song = SongRecord(store.make_song_folder(), "a.wav", 1.0)
        part = ExtractionRecord("x", song.id, "bass", "standard", 4, 0.5, target="bass")
        part.revision = 2
        store.write(song)
        store.write(part)
        for revision in (1, 2, 3):  # what was removed too late, and begun too early
            store.rendering(part, revision).path.mkdir()
        assert store.read_all() == {song.id: (song, [part])}
        assert store.rendering(part, 2).path.is_dir()
        assert not store.rendering(part, 1).path.exists()
        assert not store.rendering(part, 3).path.exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda record: "",
        lambda record: "[]",
        lambda record: json.dumps(record)[:-20],
        lambda record: json.dumps(record | {"other": 1}),
        lambda record: json.dumps(record | {"id": "../../etc"}),
        lambda record: json.dumps({"id": record["id"]}),
        lambda record: json.dumps(record | {"expires_at": "soon"}),
        lambda record: json.dumps(record | {"expires_at": float("nan")}),
        lambda record: json.dumps(record | {"status": "lost"}),
        lambda record: json.dumps(record | {"n_attempts": None}),
        lambda record: json.dumps(record | {"references": {"x": {"id": "x"}}}),
        lambda record: "[" * 100_000,
        lambda record: "\ud800",
    ],
)
def test_a_damaged_record_is_removed(tmp_path, damage):
    store = Store(tmp_path / "data")
    with store.open():
        song = SongRecord(store.make_song_folder(), "a.wav", 1.0)
        store.write(song)
        path = store.song_folder(song.id).path / "song.json"
        damaged = damage(json.loads(path.read_text()))
        path.write_bytes(damaged.encode("utf-8", "surrogatepass"))
        assert store.read_all() == {}
        assert not path.parent.exists()


def test_a_stretch_is_no_longer_than_a_reference():
    song = SongRecord("id", "a.wav", 1.0, duration_s=400.0)
    assert _check_stretch(ByStretch(start_s=50.0, end_s=350.0), song) == (50.0, 350.0)
    with pytest.raises(Refusal, match="must last 300 s or less, got start_s 50 and"):
        _check_stretch(ByStretch(start_s=50.0, end_s=350.1), song)


def test_a_page_that_lacks_a_file_says_so(tmp_path):
    source, built = tmp_path / "source", tmp_path / "built"
    (built / "vendor").mkdir(parents=True)
    source.mkdir()
    page = '<script src="/assets/main.js"></script>'
    (source / "index.html").write_text(page)
    (source / "main.js").write_text('import x from "/assets/vendor/x.js";')
    lacking = read_page([source, built])
    assert lacking.missing == ("vendor/x.js",) and lacking.main_file is None
    assert "vendor/x.js is missing" in lacking.problem
    (built / "vendor" / "x.js").write_text("export default 1;")
    whole = read_page([source, built])
    assert whole.missing == ()
    assert whole.main_file.content.decode() == page
    assert whole.main_file.media_type == "text/html; charset=utf-8"
    assert whole.files["vendor/x.js"].media_type == "text/javascript; charset=utf-8"
    assert read_page([tmp_path / "none"]).main_file is None


def test_the_end_of_a_process_is_explained():
    assert "SIGKILL: there may not be enough memory" in describe_end(-9)
    assert "SIGSEGV; try again" in describe_end(-11)
    assert "status 3" in describe_end(3)
