# SPDX-License-Identifier: GPL-3.0-or-later
"""A song comes, is extracted from, downloaded and removed, over HTTP."""

import io
import zipfile

import numpy as np
import pytest

from encoded_sounds import encode_by_ffmpeg
from sounds import RATE, error_db
from web_server import decode, encode, song_of

DURATION_S = 3.0
# Half a step of 24 bits, of each of two sounds, and of 32 bits of a float
ROUNDING_DB = {"flac": -138.0, "wav": -140.0}


@pytest.fixture(scope="module")
def server(web):
    return web


@pytest.fixture(scope="module")
def sound():
    return song_of(DURATION_S, peak=1.5)


@pytest.fixture(scope="module")
def song(server, sound):
    return server.ready_song(encode(sound), "Mi canción.wav")


@pytest.fixture(scope="module")
def extraction(server, song):
    return server.extract(song, target="bass")


def download(server, extraction, part, form):
    path = f"/api/extractions/{extraction['id']}/download"
    response = server.client.get(path, params={"part": part, "format": form})
    assert response.status_code == 200, response.text
    return response


def test_options_are_what_can_be_chosen(server):
    options = server.client.get("/api/options").json()
    assert options["targets"] == ["guitar", "bass", "bongo", "guira"]
    assert options["default_target"] in options["targets"]
    assert options["models"] == ["standard"]
    assert options["beats_per_clip"] == [4, 2, 1]
    assert options["formats"] == ["wav", "flac", "mp3"]
    assert options["limits"]["max_bytes"] == 12_000_000
    assert options["limits"]["min_reference_s"] == 0.5


def test_a_song_is_described(song, sound):
    assert song["name"] == "Mi canción.wav"
    assert (song["sample_rate"], song["n_channels"]) == (RATE, 2)
    assert song["duration_s"] == pytest.approx(DURATION_S)
    assert song["problems"] == [] and song["message"] is None
    assert song["progress"] == 1.0 and song["seconds_left"] is None
    assert song["gain"] == pytest.approx(1 / 1.5, abs=1e-6)  # FLAC ends at full scale


def test_events_end_with_what_is_ready(server, song):
    events = server.events(f"/api/songs/{song['id']}")
    assert events == [server.client.get(f"/api/songs/{song['id']}").json()]


def test_progress_grows_until_the_end(server, sound):
    response = server.send(encode(np.tile(sound, 4)))
    states = server.events(f"/api/songs/{response.json()['id']}")
    shares = [state["progress"] for state in states]
    assert shares == sorted(shares) and shares[-1] == 1.0 and len(states) > 1
    assert [s["status"] for s in states[:-1]] == ["preparing"] * (len(states) - 1)


def test_the_overview_shows_peaks_and_beats(server, song, sound):
    overview = server.client.get(f"/api/songs/{song['id']}/overview").json()
    peaks = np.array(overview["peaks"])
    assert peaks.shape == (DURATION_S * overview["n_peaks_per_s"], 2)
    assert (peaks[:, 0] <= peaks[:, 1]).all()
    mono = sound.mean(axis=0)
    assert peaks.min() == pytest.approx(mono.min(), abs=1e-3)
    assert peaks.max() == pytest.approx(mono.max(), abs=1e-3)
    assert overview["tempo_bpm"] > 0 and 0 <= overview["confidence"] <= 1
    assert set(overview["downbeats_s"]) <= set(overview["beats_s"])


def test_the_spectrogram_is_a_picture(server, song, extraction):
    for path in (f"songs/{song['id']}", f"extractions/{extraction['id']}"):
        response = server.client.get(f"/api/{path}/spectrogram")
        assert response.headers["content-type"] == "image/png"
        assert response.content.startswith(b"\x89PNG")


def test_what_is_played_adds_up(server, song, extraction, sound):
    song_path, path = f"/api/songs/{song['id']}", f"/api/extractions/{extraction['id']}"
    played = decode(server.client.get(f"{song_path}/sound").content)
    assert error_db(played, song["gain"] * sound) < ROUNDING_DB["flac"]
    part = decode(server.client.get(f"{path}/sound").content)
    assert extraction["gain"] == song["gain"]
    assert error_db(part, 0.5 * played) < -60  # of a mask of a half, and its windows


def test_sounds_can_be_read_in_parts(server, song):
    path = f"/api/songs/{song['id']}/sound"
    whole = server.client.get(path).content
    part = server.client.get(path, headers={"range": "bytes=100-199"})
    assert part.status_code == 206
    assert part.content == whole[100:200]


@pytest.mark.parametrize("form", ["wav", "flac"])
def test_downloads_add_up(server, song, extraction, sound, form):
    parts = [
        decode(download(server, extraction, part, form).content)
        for part in ("extracted", "rest")
    ]
    gain = 1.0 if form == "wav" else song["gain"]  # floats hold every peak
    assert parts[0].shape == sound.shape
    assert error_db(sum(parts), gain * sound) < ROUNDING_DB[form]
    assert error_db(parts[0], 0.5 * gain * sound) < -60


def test_mp3_downloads_nearly_add_up(server, song, extraction, sound):
    parts = [
        decode(download(server, extraction, part, "mp3").content)
        for part in ("extracted", "rest")
    ]
    assert parts[0].shape == sound.shape
    difference = sum(parts) - sound / np.abs(sound).max()
    # White noise is what a lossy coder keeps worst
    assert np.square(difference).mean() < 0.1 * np.square(sound).mean()


def test_a_rate_that_mp3_does_not_hold_is_said(server):
    song = server.ready_song(encode(song_of(2.0), rate=2 * RATE))
    path = f"/api/extractions/{server.extract(song, target='bass')['id']}"
    for part in ("download?part=rest&", "archive?"):
        for method in ("GET", "POST"):
            response = server.client.request(method, f"{path}/{part}format=mp3")
            assert response.status_code == 422
            detail = response.json()["detail"]
            assert "88200 Hz" in detail and str(server.folder) not in detail
        assert server.client.get(f"{path}/{part}format=flac").is_success


def test_a_download_is_made_before_it_is_followed(server, song, extraction):
    path = f"/api/extractions/{extraction['id']}"
    folder = server.folder / "songs" / song["id"] / "extractions" / extraction["id"]
    for link, name in (
        ("download?part=rest&format=flac", "rest.flac"),
        ("archive?format=flac", "flac.zip"),
    ):
        response = server.client.post(f"{path}/{link}")
        assert (response.status_code, response.content) == (204, b"")
        made = (folder / "1" / name).read_bytes()
        assert server.client.get(f"{path}/{link}").content == made
    assert server.client.post("/api/extractions/none/archive?format=flac").json() == {
        "detail": "there is no such extraction: it was removed, or kept long enough"
    }


def test_downloads_are_named_as_the_song(server, extraction):
    for part, name in (("extracted", "bass"), ("rest", "rest")):
        header = download(server, extraction, part, "flac").headers
        expected = f"attachment; filename*=utf-8''Mi%20canci%C3%B3n-{name}.flac"
        assert header["content-disposition"] == expected


def test_the_archive_holds_all_three(server, extraction):
    path = f"/api/extractions/{extraction['id']}/archive"
    response = server.client.get(path, params={"format": "flac"})
    assert response.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.testzip() is None
        names = [f"Mi canción-{part}.flac" for part in ("original", "bass", "rest")]
        assert archive.namelist() == names
        original, bass, rest = (decode(archive.read(name)) for name in names)
    assert bass.any() and rest.any()
    assert error_db(original, bass + rest) < ROUNDING_DB["flac"]


def test_a_stretch_is_a_reference(server, song):
    extraction = server.extract(song, start_s=0.5, end_s=1.25)
    assert extraction["status"] == "done"
    assert extraction["title"] == "reference 0.5-1.2 s"
    assert extraction["revision"] == 1


def test_a_file_is_a_reference(server, song):
    path = f"/api/songs/{song['id']}/references"
    files = {"file": ("C:\\takes\\solo.flac", encode(song_of(1.0), "FLAC"))}
    response = server.client.post(path, files=files)
    assert response.status_code == 201, response.text
    reference = response.json()
    assert reference["name"] == "solo.flac" and reference["duration_s"] == 1.0
    extraction = server.extract(song, reference_id=reference["id"], sensitivity=0.4)
    assert extraction["title"] == "solo" and extraction["sensitivity"] == 0.4


def test_another_sensitivity_is_another_revision(server, song):
    extraction = server.extract(song, target="guira", beats_per_clip=2)
    path = f"/api/extractions/{extraction['id']}"
    before = server.client.get(f"{path}/sound").content
    assert server.client.get(f"{path}/sound").content == before
    response = server.client.patch(path, json={"sensitivity": 0.9})
    assert response.status_code == 202
    assert response.json()["status"] == "rendering"
    rendered = server.last_event(path)
    assert (rendered["status"], rendered["revision"]) == ("done", 2)
    assert rendered["sensitivity"] == 0.9
    louder, quieter = (
        np.square(decode(content)).mean()
        for content in (server.client.get(f"{path}/sound").content, before)
    )
    assert louder > quieter  # more of the target passes, and more of the rest
    parts = [
        decode(download(server, extraction, part, "wav").content)
        for part in ("extracted", "rest")
    ]
    assert np.square(parts[0]).mean() > np.square(parts[1]).mean()


def test_several_channels_are_mixed_down(server):
    song = server.ready_song(encode(np.tile(song_of(1.0, 0.2), (3, 1))))
    assert song["n_channels"] == 2
    assert song["problems"] == ["its 6 channels were mixed down to 2"]


def test_what_ffmpeg_reads_is_a_song(server, tmp_path):
    wav, path = tmp_path / "song.wav", tmp_path / "song.m4a"
    wav.write_bytes(encode(song_of(2.0)))
    encode_by_ffmpeg(wav, path)
    song = server.ready_song(path.read_bytes(), "song.m4a")
    assert song["duration_s"] == pytest.approx(2.0, abs=0.1)


def test_silence_is_a_song(server):
    song = server.ready_song(encode(np.zeros((1, 2 * RATE), np.float32)))
    extraction = server.extract(song, target="bass")
    assert extraction["status"] == "done"
    assert not decode(download(server, extraction, "extracted", "wav").content).any()


def test_what_is_removed_is_gone(server, sound):
    song = server.ready_song(encode(sound))
    extraction = server.extract(song, target="bongo")
    song_path, path = f"/api/songs/{song['id']}", f"/api/extractions/{extraction['id']}"
    folder = server.folder / "songs" / song["id"]
    assert folder.is_dir()
    other = server.extract(song, target="bass")
    assert server.client.delete(path).status_code == 204
    assert server.client.get(path).status_code == 404
    assert not (folder / "extractions" / extraction["id"]).exists()
    assert server.client.delete(song_path).status_code == 204
    for gone in (song_path, f"{song_path}/sound", f"/api/extractions/{other['id']}"):
        assert server.client.get(gone).status_code == 404
    assert server.client.delete(song_path).status_code == 404
    assert not folder.exists()


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, "target: Field required"),
        ({"target": "guiter"}, "did you mean guitar?"),
        ({"target": "bass", "model": "no"}, "unknown model 'no'"),
        ({"target": "bass", "sensitivity": 2}, "sensitivity: Input should be less"),
        ({"target": "bass", "beats_per_clip": 3}, "beats_per_clip: Input should be 4"),
        ({"target": "bass", "tempo": 90}, "tempo: Extra inputs are not permitted"),
        ({"start_s": 1.0, "end_s": 1.2}, "a stretch must last 0.5 s or more"),
        ({"start_s": 2.0, "end_s": 1.0}, "a stretch must last 0.5 s or more"),
        ({"start_s": 1.0, "end_s": 9.0}, "within the song, which lasts 3.00 s"),
        ({"start_s": 1.0}, "end_s: Field required"),
        ({"reference_id": "no"}, "reference_id is of no reference of this song"),
        ({"target": "bass", "start_s": 1.0, "end_s": 2.0}, "target: Extra inputs"),
    ],
)
def test_what_is_not_accepted_is_said_in_one_sentence(server, song, wanted, expected):
    path = f"/api/songs/{song['id']}/extractions"
    response = server.client.post(path, json=wanted)
    assert response.status_code == 422
    assert expected in response.json()["detail"]


def test_a_silent_stretch_fails_with_a_message(server):
    sound = song_of(3.0)
    sound[:, RATE : 2 * RATE] = 0
    song = server.ready_song(encode(sound))
    extraction = server.extract(song, start_s=1.1, end_s=1.9)
    assert extraction["status"] == "failed"
    assert "silent" in extraction["message"]
    path = f"/api/extractions/{extraction['id']}"
    early = server.client.get(f"{path}/sound")
    assert early.status_code == 409
    assert early.json() == {"detail": "reference 1.1-1.9 s is failed"}
