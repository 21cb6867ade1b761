# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is sent, the web server answers with a message and goes on."""

import asyncio
import io
import socket
import time
import zipfile

import httpx
import numpy as np
import pytest
import soundfile

from sounds import RATE
from web_server import LIMIT_S, children, encode, song_of, wait_for, web_server

MAX_MB = 12  # that `web` accepts, and two minutes
SONG = encode(song_of(1.0), "FLAC")


@pytest.fixture(scope="module")
def base(web):
    return web.folder.parent


@pytest.fixture(scope="module")
def server(web):
    yield web
    # Of all that was sent, nothing waits, and nothing half-written is left
    assert web.ready_song(SONG)["status"] == "ready"
    assert not children(web.process.pid, "decoding")
    assert not list(web.folder.rglob(".requinto-*"))
    assert not list(web.folder.rglob("upload*"))


def zip_bomb():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("song.wav", bytes(1 << 26))
    return file.getvalue()


def hours_of_silence(form, hours=1.0, rate=4000):
    file = io.BytesIO()
    silence = np.zeros(10 * rate, np.int16)  # more at once is too much for libvorbis
    with soundfile.SoundFile(file, "w", rate, 1, format=form) as sound:
        for _ in range(round(360 * hours)):
            sound.write(silence)
    return file.getvalue()


def false_length(form):
    """Return a short file whose header declares hours."""
    content = bytearray(encode(song_of(0.1), form))
    if form == "FLAC":
        content[21:26] = b"\xff" * 5  # the number of samples, 36 bits
    else:
        content[4:8] = content[-RATE - 4 : -RATE] = b"\xff\xff\xff\x7f"
    return bytes(content)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (zip_bomb, "cannot be read as sound"),
        (lambda: hours_of_silence("FLAC"), "lasts longer than 2 minutes"),
        (lambda: hours_of_silence("OGG", 0.5, 8000), "lasts longer than 2 minutes"),
        (
            lambda: hours_of_silence("OGG", 0.1, 8000) * 20,
            "lasts longer than 2 minutes",
        ),
        (lambda: b"", "is empty"),
        (lambda: b"\x00" * 100_000, "cannot be read as sound"),
        (lambda: np.random.default_rng(0).bytes(100_000), "cannot be read as sound"),
        (lambda: b"<svg onload='alert(1)'/>" * 100, "cannot be read as sound"),
        (lambda: b"#EXTM3U\nfile:///etc/passwd\n", "cannot be read as sound"),
        (
            lambda: b"ffconcat version 1.0\nfile /etc/passwd\n",
            "cannot be read as sound",
        ),
        (lambda: encode(song_of(1.0), "FLAC")[:60], "cannot be read as sound"),
        (lambda: encode(song_of(0.2)), "must last 0.5 s or more"),
        (lambda: encode(np.full((1, RATE), np.nan, np.float32)), "not finite"),
        (lambda: encode(np.zeros((16, RATE), np.float32)), "16 channels"),
        (lambda: false_length("FLAC"), "must last 0.5 s or more"),
    ],
)
def test_what_is_no_song_fails_with_a_message(server, base, make, expected):
    response = server.send(make(), "hostile.flac")
    assert response.status_code == 201
    song = server.last_event(f"/api/songs/{response.json()['id']}")
    assert song["status"] == "failed"
    assert expected in song["message"]
    assert song["message"].startswith("hostile.flac ")
    assert str(base) not in song["message"] and "upload" not in song["message"]


def test_what_can_be_read_of_a_song_is_used(server):
    song = server.ready_song(encode(song_of(4.0), "FLAC")[:-200_000])
    assert 0.5 < song["duration_s"] < 4.0
    assert len(song["problems"]) == 1 and "upload" not in song["problems"][0]


def test_a_reference_that_is_none_is_refused(server):
    song = server.ready_song(SONG)
    path = f"/api/songs/{song['id']}/references"
    for content, expected in (
        (encode(np.zeros((1, RATE), np.float32)), "silent"),
        (encode(song_of(0.2)), "must last 0.5 s or more"),
        (b"no sound", "cannot be read as sound"),
    ):
        response = server.client.post(path, files={"file": ("solo.wav", content)})
        assert response.status_code == 422
        assert response.json()["detail"].startswith("solo.wav ")
        assert expected in response.json()["detail"]
    assert server.client.get(f"/api/songs/{song['id']}").is_success


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../../etc/cron.d/name.wav", "name.wav"),
        ("..", "song"),
        ("é" * 400 + ".flac", None),
    ],
)
def test_names_are_no_paths(server, base, name, expected):
    before = {path for path in base.rglob("*") if path.is_dir()}
    song = server.send(SONG, name).json()
    assert song["name"] == (expected or "é" * 100 + ".flac")
    folders = {path for path in base.rglob("*") if path.is_dir()} - before
    assert folders <= {base / "data" / "songs" / song["id"]}
    assert server.client.delete(f"/api/songs/{song['id']}").status_code == 204


def raw(server, head, body, path="/api/songs"):
    """Return the answer to bytes that no library would send."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), LIMIT_S) as connection:
        lines = [f"POST {path} HTTP/1.1", f"Host: {host}", *head, "", ""]
        connection.sendall("\r\n".join(lines).encode("latin-1"))
        connection.settimeout(LIMIT_S)
        try:
            for part in body:
                connection.sendall(part)
        except OSError:
            pass  # it has answered, and reads no more
        answer = b""
        while part := connection.recv(1 << 16):
            answer += part
            if b"\r\n\r\n" in answer and b"}" in answer:
                break
    return answer.decode()


FORM = "Content-Type: multipart/form-data; boundary=b"
START = (
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n'
    b"Content-Type: audio/wav\r\n\r\n"
)
END = b"\r\n--b--\r\n"


def chunks(n_bytes):
    """Yield a form with a file of so many bytes, in chunks without a length."""
    part = bytes(1 << 20)
    for content in (START, *[part] * (n_bytes >> 20), END):
        yield b"%x\r\n%s\r\n" % (len(content), content)
    yield b"0\r\n\r\n"


def test_a_file_that_is_too_large_is_refused(server):
    for answer in (
        server.send(bytes((MAX_MB + 1) * 1_000_000)).text,
        raw(server, [FORM, "Content-Length: 99999999999"], [START, bytes(1 << 20)]),
        raw(server, [FORM, "Transfer-Encoding: chunked"], chunks(30 << 20)),
    ):
        assert f"the file is too large: {MAX_MB} MB are accepted here" in answer


def test_the_largest_file_is_accepted(server):
    content = SONG + bytes(MAX_MB * 1_000_000 - len(SONG))
    assert server.send(content).status_code == 201
    assert server.send(content + b"0").status_code == 413


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ([FORM, "Content-Length: 20"], [START, bytes(100_000)]),
        ([FORM, "Content-Length: 0"], []),
        ([FORM, f"Content-Length: {len(START)}"], [START]),
        (["Content-Type: multipart/form-data", "Content-Length: 5"], [b"hello"]),
        (["Content-Type: application/json", "Content-Length: 2"], [b"{}"]),
        (
            [FORM, f"Content-Length: {len(START + END) + 9_999}"],
            [START.replace(b"a.wav", b"a" * 10_000 + b".wav"), END],
        ),
        (
            [FORM, f"Content-Length: {2 * len(START) + len(END) + 2}"],
            [START, b"\r\n", START, END],
        ),
    ],
    ids=["short", "none", "open", "no boundary", "json", "long name", "two files"],
)
def test_what_is_no_form_is_refused(server, head, body):
    answer = raw(server, head, body)
    assert answer.startswith("HTTP/1.1 422 ")
    assert "send one file, as multipart/form-data, in the field file" in answer


def test_a_hundred_at_once(server):
    """Some are accepted, the others are to come again, and others still get answers."""

    async def send_all():
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(
            base_url=server.url, timeout=LIMIT_S, trust_env=False, limits=limits
        ) as client:
            files = {"file": ("song.flac", SONG)}
            tasks = [client.post("/api/songs", files=files) for _ in range(100)]
            together = asyncio.gather(*tasks)
            waits = []
            while not together.done():
                start_s = time.monotonic()
                assert (await client.get("/api/options")).is_success
                waits.append(time.monotonic() - start_s)
                await asyncio.sleep(0.01)
            return await together, waits

    responses, waits = asyncio.run(send_all())
    by_status = {
        status: [r for r in responses if r.status_code == status]
        for status in (201, 503)
    }
    assert sum(map(len, by_status.values())) == 100
    assert 0 < len(by_status[201]) < 100
    for response in by_status[503]:
        assert response.headers["retry-after"] == "10"
        assert "try again later" in response.json()["detail"]
    assert waits and max(waits) < 5.0
    for response in by_status[201]:
        path = f"/api/songs/{response.json()['id']}"
        assert server.client.delete(path).status_code == 204


def test_clients_that_go_leave_nothing(server, base):
    """Were they waited for, the server would be busy."""
    n_before = len(list((base / "data" / "songs").iterdir()))
    host, port = server.url.removeprefix("http://").split(":")
    head = f"POST /api/songs HTTP/1.1\r\nHost: {host}\r\n{FORM}\r\n"
    for _ in range(20):
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(f"{head}Content-Length: 9000000\r\n\r\n".encode())
            connection.sendall(START + bytes(100_000))
    song = wait_for(lambda: server.send(SONG).json().get("id"))
    assert len(list((base / "data" / "songs").iterdir())) == n_before + 1
    assert server.client.delete(f"/api/songs/{song}").status_code == 204


def test_a_full_disk_is_said(tmp_path):
    with web_server(tmp_path / "data", "--max-disk", "0.0005") as server:
        response = server.send(encode(song_of(4.0)))
        assert response.status_code == 507
        assert "no room" in response.json()["detail"]
        song = server.last_event(f"/api/songs/{server.send(SONG).json()['id']}")
        assert song["status"] == "failed"
        assert "takes 0.4 MB when it is decoded; there are 0." in song["message"]
        assert server.client.get("/api/options").is_success
