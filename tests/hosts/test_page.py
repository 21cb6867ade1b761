# SPDX-License-Identifier: GPL-3.0-or-later
"""From a song to what is extracted of it, on the page in Chromium."""

import io
import re
import zipfile

import numpy as np
import pytest
import soundfile

from page import (
    choose_fast,
    close_page,
    drop,
    extract,
    open_page,
    read_sound,
    song_alone,
    wait_until_sounding,
)
from requinto_web.security import WAVESURFER_STYLE

RATE = 44100


def drag_over_waveform(page, start, end):
    """Drag the mouse between two shares of the waveform's width."""
    page.locator("#timeline").scroll_into_view_if_needed()
    box = page.locator("#timeline").bounding_box()
    y = box["y"] + 50
    page.mouse.move(box["x"] + start * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + end * box["width"], y, steps=6)
    page.mouse.up()


def seconds(page, side):
    return float(page.input_value(f"#stretch-{side}"))


def song_id(page):
    return re.search("song=([^&]+)", page.url)[1]


def extraction_ids(page):
    return re.search("x=([^&]+)", page.url)[1].split(",")


def test_a_song_is_chosen_and_an_instrument_extracted_by_name(page, bachata):
    page.set_input_files("#song-file", bachata)
    page.locator("#work").wait_for()
    assert page.inner_text("#song-name").startswith("bachata")
    assert "0:08 · 44.1 kHz · stereo" in page.inner_text("#song-facts")
    assert page.inner_text("#duration") == "0:08"
    choose_fast(page)
    page.select_option("#target", "bass")
    assert page.inner_text("#extract") == "Extract bass"
    extract(page)
    assert page.locator("#results .title").inner_text() == "Bass"
    assert page.get_attribute(".solo[data-track=extracted]", "aria-pressed") == "true"
    frames = page.evaluate(
        """async () => {
          const { sounds } = (await import("/assets/main.js")).player;
          return [sounds.original.length, sounds.extracted.length];
        }"""
    )
    assert frames == [8 * RATE, 8 * RATE]


def test_a_dropped_song_and_a_stretch_that_the_mouse_marks(page, bachata):
    drop(page, "#song-drop", bachata)
    page.locator("#work").wait_for()
    drag_over_waveform(page, 0.25, 0.5)
    assert page.is_checked("input[name=kind][value=stretch]")
    assert seconds(page, "start") == pytest.approx(2, abs=0.06)
    assert seconds(page, "end") == pytest.approx(4, abs=0.06)
    # Another drag replaces it, and the fields move it
    drag_over_waveform(page, 0.75, 0.6)
    assert seconds(page, "start") == pytest.approx(4.8, abs=0.06)
    assert page.locator("[part~=region]").count() == 1
    page.fill("#stretch-start", "1.5")
    page.fill("#stretch-end", "3.25")
    page.press("#stretch-end", "Tab")
    box = page.locator("[part~=region]").bounding_box()
    around = page.locator("#timeline").bounding_box()
    share = (box["x"] - around["x"]) / around["width"]
    assert share == pytest.approx(1.5 / 8, abs=0.004)
    assert box["width"] / around["width"] == pytest.approx(1.75 / 8, abs=0.004)
    choose_fast(page)
    with page.expect_request("**/extractions") as request:
        extract(page)
    query = request.value.post_data_json
    assert (query["start_s"], query["end_s"]) == (1.5, 3.25)


def test_a_dropped_reference_and_another_sensitivity(
    browser, extracted_url, bachata, tmp_path
):
    solo, rate = soundfile.read(bachata, stop=2 * RATE)
    reference = tmp_path / "solo.flac"
    soundfile.write(reference, solo, rate)
    page = open_page(browser, song_alone(extracted_url))
    page.check("input[name=kind][value=file]")
    drop(page, "#reference-drop", reference)
    page.locator("#extract", has_text="solo").wait_for()
    assert "2.0 s" in page.inner_text("#reference-name")
    choose_fast(page)
    extract(page)
    (identifier,) = extraction_ids(page)
    before = read_sound(page, f"/api/extractions/{identifier}/sound")
    with page.expect_response(lambda r: "/sound?r=2" in r.url):
        page.focus("#sensitivity")
        page.keyboard.press("Home")
    assert page.inner_text("#sensitivity-value") == "0 %"
    after = read_sound(page, f"/api/extractions/{identifier}/sound?r=2")
    assert np.sum(after**2) < 0.9 * np.sum(before**2)
    page.locator("#results .step", has_text=re.compile("^$")).wait_for(state="hidden")
    close_page(page)


def test_downloads_add_up_to_the_song(browser, extracted_url, bachata):
    page = open_page(browser, extracted_url)
    wait_until_sounding(page)
    song = soundfile.read(bachata)[0]
    sounds = {}
    for part in ("extracted", "rest"):
        with page.expect_download() as download:
            page.click(f"#get-{part}")
        assert download.value.suggested_filename.endswith(".wav")
        sounds[part], rate = soundfile.read(download.value.path())
        assert (rate, len(sounds[part])) == (RATE, len(song))
    assert np.allclose(sounds["extracted"] + sounds["rest"], song, atol=2**-22)
    page.locator("#formats label", has_text="FLAC").click()
    with page.expect_download() as download:
        page.click("#get-all")
    with zipfile.ZipFile(download.value.path()) as archive:
        assert len(archive.namelist()) == 3
        files = [
            soundfile.read(io.BytesIO(archive.read(n))) for n in archive.namelist()
        ]
    assert all(len(sound) == len(song) for sound, _ in files)
    page.locator("#formats label", has_text="MP3").click()
    with page.expect_download() as download:
        page.click("#get-rest")
    assert download.value.suggested_filename.endswith(".mp3")
    close_page(page)


def test_a_reload_brings_all_back(browser, extracted_url):
    page = open_page(browser, extracted_url)
    wait_until_sounding(page)
    page.reload()
    wait_until_sounding(page)
    assert page.url == extracted_url
    assert page.locator("#results .title").inner_text() == "Bass"
    assert "kept until" in page.inner_text("#expiry")
    close_page(page)


def select(page, name, identifier):
    """Select a result, and wait until its sound comes."""
    with page.expect_response(lambda r: identifier in r.url and "/sound" in r.url):
        page.get_by_role("button", name=name, exact=True).click()


def test_results_are_a_list_and_go_when_removed(page, bachata):
    page.set_input_files("#song-file", bachata)
    page.locator("#work").wait_for()
    choose_fast(page)
    extract(page)
    page.select_option("#target", "bongo")
    extract(page, 2)
    assert page.locator("#results .title").all_inner_texts() == ["Guitar", "Bongo"]
    first, second = extraction_ids(page)
    select(page, "Guitar", first)
    # One that is rendered again can be listened to meanwhile
    page.route(re.compile("/events$"), lambda route: None)
    page.focus("#sensitivity")
    with page.expect_response(lambda r: r.request.method == "PATCH"):
        page.keyboard.press("Home")
    select(page, "Bongo", second)
    select(page, "Guitar", first)
    with page.expect_response(lambda r: r.request.method == "DELETE") as response:
        page.get_by_role("button", name="Remove Guitar").click()
    assert response.value.status == 204
    assert extraction_ids(page) == [second]
    assert page.locator("#results li.selected .title").inner_text() == "Bongo"
    # The song goes too, with all of it
    page.click("#remove-song")
    page.locator("#open").wait_for()
    assert page.request.get(f"/api/extractions/{second}").status == 404


def test_no_style_is_written_into_the_page_but_that_of_wavesurfer(opened):
    """Chromium would complain of others, and of this one, were it another version."""
    digest = opened.evaluate(
        """async () => {
          const { timeline } = await import("/assets/main.js");
          const root = timeline.surfer.getWrapper().getRootNode();
          const text = root.querySelector("style").textContent;
          const bytes = new TextEncoder().encode(text);
          const digest = await crypto.subtle.digest("SHA-256", bytes);
          return btoa(String.fromCharCode(...new Uint8Array(digest)));
        }"""
    )
    assert f"sha256-{digest}" == WAVESURFER_STYLE
    assert not opened.problems


def test_much_memory_is_said(browser, web, extracted_url):
    page = open_page(browser, web.url)
    page.route(re.compile("/api/songs/[^/]+$"), _with_an_hour)
    page.goto(song_alone(extracted_url))
    warning = page.locator("#song-problems", has_text="memory")
    assert warning.inner_text() == (
        "Playing it takes 2540 MB of memory, which a phone may not have."
    )
    close_page(page)


def _with_an_hour(route):
    song = route.fetch().json()
    route.fulfill(json=song | {"duration_s": 3600.0})
