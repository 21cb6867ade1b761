# SPDX-License-Identifier: GPL-3.0-or-later
"""What the page plays, to the sample."""

import base64
import re

import numpy as np
import pytest

from page import (
    N_PROBED,
    close_page,
    locate,
    open_page,
    probe,
    read_sound,
    wait_for,
    wait_until_sounding,
)
from sounds import noise

RATE = 44100
FADE = 500  # frames, more than a ramp takes
CASES = [
    *[(solo, ()) for solo in ("original", "extracted", "rest")],
    *[(None, muted) for muted in ((), ("original",), ("original", "rest"))],
    *[(None, ("original", "extracted")), (None, ("original", "extracted", "rest"))],
]

# Render a voice in the page's own mixer, with nobody listening
RENDER = """async ({ sounds, n, rate, tracks, at, position, loop, scale }) => {
  const { Mixer, Voice, gainsOf } = await import("/assets/mixer.js");
  const context = new OfflineAudioContext(1, n, rate);
  const bufferOf = (text) => {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const samples = new Float32Array(bytes.buffer);
    const buffer = new AudioBuffer({ length: samples.length, sampleRate: rate });
    buffer.copyToChannel(samples, 0);
    return buffer;
  };
  const [original, extracted] = sounds.map(bufferOf);
  const mixer = new Mixer(context);
  const both = { original, extracted, scale };
  mixer.setGains(gainsOf(tracks, both), true);
  const voice = new Voice(mixer, both, { at, position, loop });
  const out = (await context.startRendering()).getChannelData(0);
  const end = n / rate;
  return { samples: Array.from(out), position: voice.positionAt(end) };
}"""


@pytest.fixture(scope="module")
def blank(browser, web):
    """Return a page that nothing is played on."""
    page = open_page(browser, web.url)
    yield page
    close_page(page)


@pytest.fixture(scope="module")
def sounding(browser, extracted_url):
    """Return a page whose song is extracted, its two sounds, and plays."""
    page = open_page(browser, extracted_url)
    wait_until_sounding(page)
    song = re.search("song=([^&]+)", page.url)[1]
    bass = re.search("x=([^&]+)", page.url)[1]
    original = read_sound(page, f"/api/songs/{song}/sound").mean(axis=1)
    extracted = read_sound(page, f"/api/extractions/{bass}/sound").mean(axis=1)
    page.check("input[name=loop][value=all]")
    page.click("#play")
    wait_for(page, "player.position > 0.2")
    yield page, original, extracted
    close_page(page)


def render(page, tracks=None, at=0.0, position=0.0, loop=None, n=4000, scale=1.0):
    """Return what the page's mixer renders of two noises, the noises, the position."""
    sounds = 0.4 * noise(6000, 2, seed=3)
    answer = page.evaluate(
        RENDER,
        {
            "sounds": [base64.b64encode(s.tobytes()).decode() for s in sounds],
            "n": n,
            "rate": RATE,
            "tracks": tracks or {"solo": "extracted", "muted": {}},
            "at": at,
            "position": position,
            "loop": loop,
            "scale": scale,
        },
    )
    return np.array(answer["samples"]), sounds, answer["position"]


@pytest.mark.parametrize(("solo", "muted"), CASES)
@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_tracks_sound_as_they_are_set(blank, solo, muted, scale):
    tracks = {"solo": solo, "muted": {name: True for name in muted}}
    samples, (original, extracted), _ = render(blank, tracks, scale=scale)
    original = scale * original
    sounds = {
        "original": original,
        "extracted": extracted,
        "rest": original - extracted,
    }
    on = [n for n in sounds if (n == solo if solo else n not in muted)]
    expected = sum((sounds[name] for name in on), np.zeros(6000))[:4000]
    assert np.abs(samples - expected)[FADE:].max() < 1e-6


@pytest.mark.parametrize("at", [0, 1, 441, 1000])
@pytest.mark.parametrize("start", [0, 1, 777, 2345])
def test_a_voice_starts_on_the_sample(blank, at, start):
    samples, (_, extracted), position = render(
        blank, at=at / RATE, position=start / RATE
    )
    assert not samples[:at].any()
    expected = extracted[start : start + 4000 - at]
    played = samples[at : at + len(expected)]
    assert np.abs(played - expected)[FADE:].max() < 1e-6
    assert position * RATE == pytest.approx(start + 4000 - at, abs=1e-3)


@pytest.mark.parametrize(("first", "last"), [(0, 700), (1000, 1001 + 441), (999, 3500)])
@pytest.mark.parametrize("start", [0.0, 0.5])
def test_a_loop_holds_to_the_sample(blank, first, last, start):
    begin = first + int(start * (last - first))
    loop = {"start": first / RATE, "end": last / RATE}
    samples, (_, extracted), position = render(
        blank, position=begin / RATE, loop=loop, n=12000
    )
    indices = first + (begin - first + np.arange(12001)) % (last - first)
    assert np.abs(samples - extracted[indices[:-1]])[FADE:].max() < 1e-6
    assert position * RATE == pytest.approx(indices[-1], abs=1e-3)


def solo(page, track):
    """Press solo unless it is on, and let the ramp pass: the probe lasts longer."""
    button = page.locator(f".solo[data-track={track}]")
    if button.get_attribute("aria-pressed") == "false":
        button.click()


@pytest.mark.parametrize("track", ["original", "extracted", "rest"])
def test_each_track_plays_alone(sounding, track):
    page, original, extracted = sounding
    sounds = {
        "original": original,
        "extracted": extracted,
        "rest": original - extracted,
    }
    solo(page, track)
    line = "import('/assets/main.js').then(({ player }) => player.context.state)"
    assert page.evaluate(line) == "running"
    seek(page, loudest_s(extracted) / (len(original) / RATE))
    samples = probe(page)
    assert np.abs(samples).max() > 0.01
    # As it loops, the end of the song is followed by its start
    looped = {n: np.concatenate([s, s[:N_PROBED]]) for n, s in sounds.items()}
    offset, error_db = locate(samples, looped[track])
    assert error_db < -80
    for name, sound in looped.items():
        if name != track:
            difference = samples - sound[offset : offset + N_PROBED]
            assert level_db(difference, samples) > -20, f"it could as well be {name}"
    slipped = looped[track][offset - 1 : offset - 1 + N_PROBED]
    assert offset == 0 or level_db(samples - slipped, samples) > -60  # it would be seen


def level_db(sound, other):
    """Return the level of a sound beside another."""
    return 10 * np.log10(np.sum(sound**2) / np.sum(other**2))


def loudest_s(sound):
    """Return where the most energy of a sound begins, as long as a probe lasts."""
    energy = np.cumsum(np.concatenate([[0.0], sound**2]))
    return int(np.argmax(energy[N_PROBED:] - energy[:-N_PROBED])) / RATE


def seek(page, share):
    """Click at a share of the waveform's width."""
    waveform = page.locator("#timeline")
    width = waveform.bounding_box()["width"]
    waveform.click(position={"x": share * width, "y": 50})


def test_a_bar_is_looped(sounding):
    page, original, _ = sounding
    solo(page, "original")
    seek(page, 0.4)
    page.check("input[name=loop][value=bar]")
    first, last, following = page.evaluate(
        """import('/assets/main.js').then(({ player, timeline }) => {
          const { start, end } = player.loop;
          const bar = timeline.bars.downbeats.indexOf(start);
          return [start, end, timeline.bars.downbeats[bar + 1]];
        })"""
    )
    assert last == following
    assert 1 < last - first < 3  # seconds
    bar = original[round(first * RATE) : round(last * RATE)]
    _, error_db = locate(probe(page), np.tile(bar, 3))
    assert error_db < -80
    page.check("input[name=loop][value=all]")


def test_a_marked_stretch_is_looped_through_its_seam(sounding):
    page, original, _ = sounding
    solo(page, "original")
    page.check("input[name=kind][value=stretch]")
    page.fill("#stretch-start", "2.01")
    page.fill("#stretch-end", "2.31")  # less than the probe lasts
    page.press("#stretch-end", "Tab")
    page.check("input[name=loop][value=marked]")
    stretch = original[round(2.01 * RATE) : round(2.31 * RATE)]
    _, error_db = locate(probe(page), np.tile(stretch, 6))
    assert error_db < -80
    page.check("input[name=loop][value=all]")


def test_a_click_seeks(sounding):
    page, *_ = sounding
    seek(page, 0.5)
    minutes, seconds = page.inner_text("#position").split(":")
    assert 3.9 < 60 * int(minutes) + float(seconds) < 5.5


def test_another_sensitivity_goes_on_at_the_same_position(sounding):
    """The new voice is where the old one would be, to the sample."""
    page, *_ = sounding
    solo(page, "extracted")
    line = """import('/assets/main.js').then(({ player }) => {
      const { voice, context } = player;
      const length = player.duration;
      const start = voice.position - voice.at;
      return [((start % length) + length) % length, player.isPlaying,
              player.sounds.extracted.getChannelData(0)[44100], length];
    })"""
    before = page.evaluate(line)
    with page.expect_response(lambda r: "/sound?r=" in r.url):
        page.fill("#sensitivity", "0.9")
        page.dispatch_event("#sensitivity", "change")
    sample = "player.sounds.extracted.getChannelData(0)[44100]"
    wait_for(page, f"{sample} !== argument", before[2])
    after = page.evaluate(line)
    assert before[1] and after[1]
    assert after[0] == pytest.approx(before[0], abs=1.01 / RATE)
    bass = re.search("x=([^&]+)", page.url)[1]
    extracted = read_sound(page, f"/api/extractions/{bass}/sound?r=2").mean(axis=1)
    looped = np.concatenate([extracted, extracted[:N_PROBED]])
    assert locate(probe(page), looped)[1] < -80
