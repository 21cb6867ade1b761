# SPDX-License-Identifier: GPL-3.0-or-later
"""What the page shows is what was chosen last, and what the server has said."""

import json
import re

import soundfile

from page import (
    close_page,
    extract_bass,
    open_page,
    said_of,
    wait_until_sounding,
)
from sounds import noise

SENSITIVITY = "#sensitivity"


def choose_sensitivity(page, value):
    page.fill(SENSITIVITY, value)
    page.dispatch_event(SENSITIVITY, "change")


def mark(page, start, end):
    page.check("input[name=kind][value=stretch]")
    page.fill("#stretch-start", start)
    page.fill("#stretch-end", end)
    page.press("#stretch-end", "Tab")


def test_a_slider_that_is_moved_stays_while_the_server_renders(browser, web, bachata):
    page = open_page(browser, extract_bass(web, bachata))
    wait_until_sounding(page)
    sent = []
    page.on("request", lambda r: r.method == "PATCH" and sent.append(r.post_data))
    with page.expect_response(lambda r: "/sound?r=2" in r.url):
        choose_sensitivity(page, "0.9")
        with page.expect_response(lambda r: r.request.method == "PATCH"):
            pass
        page.fill(SENSITIVITY, "0.2")  # it is not let go yet
    assert page.input_value(SENSITIVITY) == "0.2"
    with page.expect_response(lambda r: "/sound?r=3" in r.url):
        page.dispatch_event(SENSITIVITY, "change")
    assert [json.loads(body)["sensitivity"] for body in sent] == [0.9, 0.2]
    assert page.input_value(SENSITIVITY) == "0.2"
    assert page.inner_text("#sensitivity-value") == "20 %"
    close_page(page)


def test_a_download_that_is_refused_says_why(browser, web, tmp_path):
    path = tmp_path / "high.flac"
    soundfile.write(path, noise(96000, seed=3).T * 0.1, 96000)
    page = open_page(browser, extract_bass(web, path))
    wait_until_sounding(page)
    downloads = []
    page.on("download", lambda each: downloads.append(each))
    page.locator("#formats label", has_text="MP3").click()
    page.click("#get-extracted")
    assert "96000 Hz" in said_of(page, "#download-error")
    page.locator("#formats label", has_text="WAV").click()
    with page.expect_download() as download:
        page.click("#get-extracted")
    assert soundfile.info(download.value.path()).samplerate == 96000
    assert page.inner_text("#download-error") == "" and len(downloads) == 1
    close_page(page)


def test_a_mark_is_of_its_song(browser, web, bachata, extracted_url):
    page = open_page(browser, extracted_url)
    wait_until_sounding(page)
    marked = "input[name=loop][value=marked]"
    mark(page, "1", "2")
    assert page.is_enabled(marked)
    page.set_input_files("#other-file", bachata)
    page.locator("#no-results").wait_for()
    assert page.is_disabled(marked)
    close_page(page)


def test_a_stretch_is_as_short_as_a_reference(browser, extracted_url):
    page = browser.new_context(base_url=extracted_url).new_page()

    def shorten(route):
        options = route.fetch().json()
        options["limits"]["max_reference_s"] = 1.5
        route.fulfill(json=options)

    page.route("**/api/options", shorten)
    page.goto(extracted_url)
    wait_until_sounding(page)
    mark(page, "1", "4")
    expected = "The marked stretch lasts 3 s. Mark 1.5 s or less."
    assert said_of(page, "#stretch-error") == expected
    page.context.close()


def test_the_picture_shows_waveforms_bars_and_a_spectrogram(opened):
    """No canvas is of one colour alone, and bars have lines and numbers."""
    shown = opened.evaluate(
        """() => {
          const shown = { canvases: [], bars: [], numbers: [] };
          const visit = (root) => {
            for (const e of root.querySelectorAll("*")) {
              if (e.shadowRoot) visit(e.shadowRoot);
              if (e.matches("path.bar")) shown.bars.push(e.getAttribute("d"));
              if (e.matches(".ruler *")) shown.numbers.push(e.textContent);
              if (!e.matches("canvas") || !e.width || !e.height) continue;
              const { data } = e.getContext("2d").getImageData(0, 0, e.width, e.height);
              const pixels = new Uint32Array(data.buffer);
              shown.canvases.push([e.className, new Set(pixels).size]);
            }
          };
          visit(document);
          return shown;
        }"""
    )
    lanes = [n for kind, n in shown["canvases"] if kind != "spectrum"]
    (spectrum,) = (n for kind, n in shown["canvases"] if kind == "spectrum")
    assert spectrum > 500 and len(lanes) >= 3 and min(lanes) > 20
    assert [path.count("M") for path in shown["bars"]] == [4]
    assert shown["numbers"] == ["1", "2", "3", "4"]


def test_time_left_is_shown_and_cancel_removes_the_song(page, bachata):
    state = {"status": "preparing", "progress": 0.25, "seconds_left": 65}

    def answer(route):
        request = route.request
        if request.method != "GET":
            route.continue_()
            return
        song = page.request.get(request.url.removesuffix("/events")).json()
        song |= state
        if request.url.endswith("/events"):
            content = f"data: {json.dumps(song)}\n\n"
            route.fulfill(body=content, content_type="text/event-stream")
        else:
            route.fulfill(json=song)

    page.route(re.compile("/api/songs/[^/]+(/events)?$"), answer)
    page.set_input_files("#song-file", bachata)
    page.locator("#song-left:not(:empty)").wait_for()
    assert page.inner_text("#song-left") == "65 s left"
    assert "25 %" in page.text_content("#status")
    with page.expect_request(lambda r: r.method == "DELETE") as removed:
        page.click("#song-cancel")
    assert removed.value.response().status == 204
