# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs of the web server go on after crashes, are cancelled, and expire."""

import signal
import threading
import time

import pytest

from web_server import (
    ENDING_S,
    children,
    connected,
    encode,
    song_of,
    start_server,
    wait_for,
    web_server,
)

SONG = encode(song_of(2.0), "FLAC")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with web_server(tmp_path_factory.mktemp("jobs") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def song(server):
    return server.ready_song(SONG)


@pytest.fixture
def busy(server, song):
    """Return an extraction that runs, by a worker that does nothing meanwhile."""
    worker = server.worker()
    worker.suspend()
    extraction = server.start(song, target="bass")
    path = f"/api/extractions/{extraction['id']}"
    wait_for(lambda: server.client.get(path).json()["status"] == "running")
    yield extraction, worker
    if worker.is_running():
        worker.resume()


def test_a_worker_that_is_killed_fails_one_job(server, song, busy):
    extraction, worker = busy
    waiting = server.start(song, target="guitar")
    worker.kill()
    failed = server.last_event(f"/api/extractions/{extraction['id']}")
    assert failed["status"] == "failed"
    assert "SIGKILL" in failed["message"] and "memory" in failed["message"]
    done = server.last_event(f"/api/extractions/{waiting['id']}")
    assert done["status"] == "done"
    assert server.worker().pid != worker.pid
    # What failed can be tried again
    path = f"/api/extractions/{extraction['id']}"
    response = server.client.patch(path, json={"sensitivity": 0.5})
    assert (response.status_code, response.json()["message"]) == (202, None)
    assert server.last_event(path)["status"] == "done"


def test_a_job_that_does_not_answer_is_cancelled(server, song, busy):
    extraction, worker = busy
    path = f"/api/extractions/{extraction['id']}"
    with server.client.stream("GET", f"{path}/events") as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith("data:")
        start_s = time.monotonic()
        assert server.client.delete(path).status_code == 204
        assert time.monotonic() - start_s < ENDING_S
        assert not [line for line in lines if line.startswith("data:")]  # it ends
    assert server.client.get(path).status_code == 404
    assert not worker.is_running()
    assert server.extract(song, target="guira")["status"] == "done"


def test_a_job_that_waits_is_cancelled(server, song, busy):
    waiting = server.start(song, target="guitar")
    path = f"/api/extractions/{waiting['id']}"
    assert server.client.get(path).json()["status"] == "waiting"
    assert server.client.delete(path).status_code == 204
    busy[1].resume()
    assert server.extract(song, target="guira")["status"] == "done"
    assert server.client.get(path).status_code == 404


def test_a_running_job_stops_at_once(server):
    song = server.ready_song(encode(song_of(30.0)))
    worker = server.worker()
    extraction = server.start(song, target="bass")
    path = f"/api/extractions/{extraction['id']}"
    wait_for(lambda: server.client.get(path).json()["progress"] > 0)
    assert server.client.delete(path).status_code == 204
    assert server.worker().pid == worker.pid
    assert server.client.delete(f"/api/songs/{song['id']}").status_code == 204


def test_a_sensitivity_that_is_wanted_meanwhile_is_rendered_at_the_end(server, busy):
    extraction, worker = busy
    path = f"/api/extractions/{extraction['id']}"
    response = server.client.patch(path, json={"sensitivity": 0.9})
    assert response.json()["status"] == "running"
    worker.resume()
    done = server.last_event(path)
    assert (done["sensitivity"], done["revision"]) == (0.9, 2)


def test_rendering_again_and_again_ends_with_the_last(server, song):
    extraction = server.extract(song, target="bass")
    path = f"/api/extractions/{extraction['id']}"
    for sensitivity in (0.1, 0.2, 0.3, 0.4):
        response = server.client.patch(path, json={"sensitivity": sensitivity})
        assert response.status_code == 202
    done = server.last_event(path)
    assert (done["status"], done["sensitivity"]) == ("done", 0.4)
    folder = server.folder / "songs" / song["id"] / "extractions" / extraction["id"]
    assert {path.name for path in folder.iterdir() if path.is_dir()} == {
        str(done["revision"])
    }


def test_a_song_is_removed_while_it_is_prepared(server):
    worker = server.worker()
    worker.suspend()
    song = server.send(SONG).json()
    path = f"/api/songs/{song['id']}"
    wait_for(lambda: server.client.get(path).json()["duration_s"])
    assert server.client.delete(path).status_code == 204
    if worker.is_running():  # the song was removed before its turn
        worker.resume()
    assert server.ready_song(SONG)["status"] == "ready"
    assert not (server.folder / "songs" / song["id"]).exists()


def test_nothing_is_lost_when_the_server_is_killed(tmp_path):
    folder = tmp_path / "data"
    process = start_server(folder)
    try:
        with connected(process, folder) as server:
            song = server.ready_song(SONG, "one.flac")
            kept = server.extract(song, target="guira")
            worker = server.worker()
            worker.suspend()
            running = server.start(song, target="bass")
            waiting = server.start(song, target="guitar")
            path = f"/api/extractions/{running['id']}"
            wait_for(lambda: server.client.get(path).json()["status"] == "running")
            names = ("two.flac", "three.flac", "four.flac")  # and two decoders
            preparing = [server.send(SONG, name).json() for name in names]
    finally:
        process.kill()
        process.communicate()
    worker.resume()
    assert wait_for(lambda: not worker.is_running(), ENDING_S)
    leftovers = [
        folder / "songs" / song["id"] / ".requinto-0123.wav",
        folder / "songs" / "without-a-record",
        folder / "tmp" / "waste",
    ]
    leftovers[0].touch()
    leftovers[1].mkdir()
    leftovers[2].touch()
    with web_server(folder) as server:
        for each in (running, waiting):
            done = server.last_event(f"/api/extractions/{each['id']}")
            assert (done["status"], done["title"]) == ("done", each["title"])
        for each in preparing:
            ready = server.last_event(f"/api/songs/{each['id']}")
            assert (ready["status"], ready["name"]) == ("ready", each["name"])
        assert server.client.get(f"/api/extractions/{kept['id']}").json() == {
            **kept,
            "expires_at": pytest.approx(kept["expires_at"], abs=60),
        }
        assert server.client.get(f"/api/extractions/{kept['id']}/sound").is_success
    assert not [path for path in leftovers if path.exists()]


def test_a_signal_ends_the_server_and_its_streams(tmp_path):
    process = start_server(tmp_path / "data")
    ended = threading.Event()
    with connected(process, tmp_path / "data") as server:
        song = server.ready_song(SONG)
        worker = server.worker()
        worker.suspend()
        extraction = server.start(song, target="bass")

        def follow():
            server.events(f"/api/extractions/{extraction['id']}")
            ended.set()

        threading.Thread(target=follow).start()
        path = f"/api/extractions/{extraction['id']}"
        wait_for(lambda: server.client.get(path).json()["status"] == "running")
        processes = children(process.pid)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=ENDING_S)
        assert ended.wait(ENDING_S)
    assert (process.returncode, said) == (130, "requinto: stopped\n")
    assert not [each for each in processes if each.is_running()]


def test_songs_expire(tmp_path):
    options = ("--keep", "0.0014")
    with web_server(tmp_path / "data", *options, ends_by=signal.SIGHUP) as server:
        song = server.ready_song(SONG)
        extraction = server.extract(song, target="bass")
        assert extraction["expires_at"] > song["expires_at"]
        paths = f"/api/songs/{song['id']}", f"/api/extractions/{extraction['id']}"
        for path in paths:
            wait_for(lambda path=path: server.client.get(path).status_code == 404)
        assert time.time() >= extraction["expires_at"]
        wait_for(lambda: not list((tmp_path / "data" / "songs").iterdir()))
