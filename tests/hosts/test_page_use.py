# SPDX-License-Identifier: GPL-3.0-or-later
"""The page by keyboard, by touch, when something is wrong, and through axe."""

import json
import re

import pytest
import soundfile

from page import (
    choose_fast,
    close_page,
    drop,
    open_page,
    said_of,
    song_alone,
    tab_to,
    touch_drag,
    violations,
    wait_for,
    wait_until_sounding,
)

PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
}
THUMB_PX = 28  # the least height or width of what is pressed
WIDE = {"width": 1280, "height": 900}


def widths(page):
    return page.evaluate("[document.documentElement.scrollWidth, innerWidth]")


# Keys


def test_keys_alone_lead_from_upload_to_download(page, bachata):
    page.on("filechooser", lambda chooser: None)  # or the first would not be noticed
    tab_to(page, "e.id === 'song-file'")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(bachata)
    page.locator("#work").wait_for()
    # The song has the focus of the page: the brackets mark what is played
    page.locator("#play:enabled").wait_for()
    address = page.url
    page.focus("#skip")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    assert page.url == address and page.locator("#work").is_visible()
    tab_to(page, "e.id === 'timeline' || e.closest('#timeline')")
    for key in ("Home", "Shift+ArrowRight", "ArrowRight", "["):
        page.keyboard.press(key)
    slider = page.get_by_role("slider", name="Position in the song")
    value = float(slider.get_attribute("aria-valuenow"))
    assert value > 0
    assert "bar 1" in slider.get_attribute("aria-valuetext")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("]")
    assert float(page.input_value("#stretch-start")) == pytest.approx(value, abs=0.01)
    assert float(page.input_value("#stretch-end")) > value + 0.5
    page.keyboard.press(" ")
    wait_for(page, "player.isPlaying")
    page.keyboard.press("l")
    assert page.is_checked("input[name=loop][value=bar]")
    page.keyboard.press(" ")
    wait_for(page, "!player.isPlaying")
    tab_to(page, "e.tagName === 'SUMMARY'")
    page.keyboard.press("Enter")
    tab_to(page, "e.id === 'model'")
    page.keyboard.type("Fast")
    tab_to(page, "e.id === 'extract'")
    page.keyboard.press("Enter")
    wait_until_sounding(page)
    tab_to(page, "e.id === 'get-extracted'")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert soundfile.info(download.value.path()).frames == 8 * 44100


def test_focus_is_visible_on_all_that_takes_it(opened):
    page = opened
    page.focus("#skip")
    seen = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        name, outline = page.evaluate(
            """() => {
              let e = document.activeElement;
              if (e.shadowRoot) e = e.shadowRoot.activeElement;
              const isDrawn = e.type !== "radio" && e.type !== "file";
              const shown = isDrawn ? e : e.nextElementSibling;
              return [e.id || e.className || e.name || e.tagName,
                      getComputedStyle(shown).outlineStyle];
            }"""
        )
        if name in ("BODY", "skip") and len(seen) > 1:
            break
        seen.add(name)
        assert outline != "none", name
    assert {"scroll", "play", "target", "extract", "sensitivity", "get-all"} <= seen


def test_shortcuts_are_listed_and_can_be_turned_off(opened):
    page = opened
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keyboard").wait_for()
    page.get_by_label("Use keys without a modifier").uncheck()
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("3")
    assert page.get_attribute(".solo[data-track=rest]", "aria-pressed") == "false"
    page.click("#show-keys")
    page.get_by_label("Use keys without a modifier").check()
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("3")
    assert page.get_attribute(".solo[data-track=rest]", "aria-pressed") == "true"


# Thumbs


def test_a_phone_can_do_all_of_it(browser, web, bachata):
    page = open_page(browser, web.url, **PHONE)
    page.set_input_files("#song-file", bachata)
    page.locator("#work").wait_for()
    page.tap("#zoom-in")
    box = page.locator("#timeline").bounding_box()
    x, y = box["x"], box["y"] + 60
    touch_drag(page, (x + 40, y), (x + 200, y + 3))
    start, end = (float(page.input_value(f"#stretch-{s}")) for s in ("start", "end"))
    assert end - start == pytest.approx(160 / box["width"] * 8 / 2, abs=0.15)
    choose_fast(page)
    page.tap("#extract")
    wait_until_sounding(page)
    page.tap(".solo[data-track=rest]")
    page.tap("#play")
    wait_for(page, "player.isPlaying && player.position > 0.1")
    page.locator("#loop label", has_text="Marked").tap()
    wait_for(page, "player.loop !== null")
    with page.expect_download():
        page.tap("#get-all")
    assert widths(page) == [390, 390]
    small = page.evaluate(
        """(minPx) => [...document.querySelectorAll("button, .button, select, input")]
          .map((e) => (/radio|file/.test(e.type) ? e.nextElementSibling : e))
          .filter((e) => e.checkVisibility() && e.type !== "checkbox")
          .filter((e) => Math.min(e.offsetWidth, e.offsetHeight) < minPx)
          .map((e) => e.id || e.textContent)""",
        THUMB_PX,
    )
    assert not small
    close_page(page)


def test_no_width_scrolls_sideways(opened):
    for width in (320, 390, 640, 768, 1024, 1280, 1600):
        opened.set_viewport_size({"width": width, "height": 800})
        assert widths(opened) == [width, width]


# What can be wrong


def test_a_file_without_sound(page, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("These are words.\n" * 100)
    page.set_input_files("#song-file", path)
    assert "notes.txt" in said_of(page, "#open-error")
    assert page.locator("#song-file").is_enabled()


def test_a_file_that_is_too_large_is_not_sent(browser, web, bachata):
    page = open_page(browser, web.url)
    page.route("**/api/options", _with_max_bytes)
    page.reload()
    page.on("request", lambda request: _refuse_post(page, request))
    page.locator("#open").wait_for()
    page.set_input_files("#song-file", bachata)
    assert said_of(page, "#open-error") == (
        "bachata.wav has 2 MB. Files of up to 1 MB are accepted."
    )
    close_page(page)


def _with_max_bytes(route):
    options = route.fetch().json()
    options["limits"]["max_bytes"] = 1_000_000
    route.fulfill(body=json.dumps(options), content_type="application/json")


def _refuse_post(page, request):
    if request.method == "POST":
        page.problems.append(f"{request.url} is sent")


def test_stretches_that_cannot_be_references(opened):
    page = opened
    page.check("input[name=kind][value=stretch]")
    page.click("#extract")
    assert "Nothing is marked" in said_of(page, "#stretch-error")
    for start, end, sentence in (
        ("1", "1.2", "The marked stretch lasts 0.20 s. Mark 0.5 s or more."),
        ("3", "2", "The end is before the start."),
        ("1", "99", "The song lasts 8.00 s. Give times within it."),
    ):
        page.fill("#stretch-start", start)
        page.fill("#stretch-end", end)
        page.press("#stretch-end", "Tab")
        page.click("#extract")
        assert said_of(page, "#stretch-error") == sentence
        assert page.get_attribute("#stretch-end", "aria-invalid") == "true"
    assert page.locator("#results li").count() == 1


def test_a_reference_without_sound(opened, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("These are words.")
    page = opened
    page.check("input[name=kind][value=file]")
    page.click("#extract")
    assert "Choose a sound file first" in said_of(page, "#reference-error")
    page.set_input_files("#reference-file", path)
    page.locator("#reference-error", has_text="notes.txt").wait_for()


def test_a_song_that_is_not_kept(browser, web):
    page = open_page(browser, f"{web.url}/#song=nothing-of-this-name")
    assert "not kept any longer" in said_of(page, "#open-error")
    close_page(page)


def test_a_song_dropped_while_another_is_sent(page, bachata, tmp_path):
    other = tmp_path / "other.wav"
    other.write_bytes(bachata.read_bytes())
    is_sending = re.compile("/api/songs$")
    page.route(is_sending, lambda route: None)
    with page.expect_request(is_sending):
        drop(page, "body", bachata)
    page.unroute(is_sending)
    drop(page, "body", other)
    page.locator("#work").wait_for()
    assert page.inner_text("#song-name") == "other.wav"


def test_a_server_that_is_gone(browser, extracted_url, bachata):
    page = open_page(browser, extracted_url)
    wait_until_sounding(page)
    page.context.set_offline(True)
    page.click("#get-rest")
    assert "does not answer" in said_of(page, "#download-error")
    page.focus("#sensitivity")
    page.keyboard.press("End")
    assert "does not answer" in said_of(page, "#results-error")
    page.click("#extract")
    assert "does not answer" in said_of(page, "#query-error")
    page.set_input_files("#other-file", bachata)
    assert "does not answer" in said_of(page, "#open-error")
    close_page(page)


def test_progress_goes_on_after_the_network_was_gone(browser, extracted_url):
    page = open_page(browser, song_alone(extracted_url))
    page.locator("#play:enabled").wait_for()
    choose_fast(page)
    # The stream of events breaks, and then the server answers no more for a while
    page.route(re.compile("/events$"), lambda route: route.abort())
    is_gone = re.compile("/api/extractions/[^/]+$")
    page.route(is_gone, lambda route: route.abort())
    page.click("#extract")
    assert "does not answer" in said_of(page, "#results .error")
    page.unroute(is_gone)
    wait_until_sounding(page)
    assert page.inner_text("#results .error") == ""
    close_page(page)


def test_a_tab_holds_one_stream_of_events(browser, extracted_url):
    """Six of them, in three tabs, kept a browser from asking anything else."""
    page = open_page(browser, song_alone(extracted_url))
    choose_fast(page)
    streams = []
    page.route(re.compile("/events$"), lambda route: streams.append(route))
    page.click("#extract")
    page.locator("#results progress").wait_for()
    page.locator("#extract:enabled").click()
    page.locator("#results li:nth-child(2).selected").wait_for()  # by asking
    assert len(streams) == 1
    close_page(page)


# axe


def hold_events(page):
    """Keep songs and extractions in the state in which they begin."""
    page.route(re.compile("/events$"), lambda route: None)


def show_error(page, url, bachata):
    words = {"name": "a.txt", "mimeType": "text/plain", "buffer": b"words"}
    page.set_input_files("#song-file", words)
    said_of(page, "#open-error")


def show_preparing(page, url, bachata):
    hold_events(page)
    page.set_input_files("#song-file", bachata)
    page.locator("#song-step", has_text="Reading").wait_for()


def show_song(page, url, bachata):
    page.goto(song_alone(url))
    page.locator("#play:enabled").wait_for()


def show_extracting(page, url, bachata):
    show_song(page, url, bachata)
    hold_events(page)
    choose_fast(page)
    page.click("#extract")
    page.locator("#results progress").wait_for()


def show_marked(page, url, bachata):
    page.goto(url)
    wait_until_sounding(page)
    page.check("input[name=kind][value=stretch]")
    page.fill("#stretch-start", "1")
    page.fill("#stretch-end", "1.1")
    page.press("#stretch-end", "Tab")
    page.click("#zoom-in")
    said_of(page, "#stretch-error")


def show_dialog(page, url, bachata):
    show_song(page, url, bachata)
    page.check("input[name=kind][value=file]")
    page.click("#show-keys")


STATES = {
    "error": show_error,
    "preparing": show_preparing,
    "extracting": show_extracting,
    "marked": show_marked,
    "dialog": show_dialog,
}


@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing(browser, web, extracted_url, bachata, state):
    page = open_page(browser, web.url, viewport=WIDE)
    STATES[state](page, extracted_url, bachata)
    for width, scheme in ((1280, "dark"), (390, "light")):
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert not violations(page), f"{width} px, {scheme}"
    close_page(page)


def test_axe_sees_into_the_page(page):
    page.evaluate("document.querySelector('#song-drop').prepend(new Image())")
    assert any("image-alt" in problem for problem in violations(page))
