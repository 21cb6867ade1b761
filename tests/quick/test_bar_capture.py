# SPDX-License-Identifier: GPL-3.0-or-later
"""The next bar that sounds becomes the reference."""

import numpy as np
import pytest

from requinto.bar_capture import BarCapture
from sounds import noise

RATE = 1000
BARS = np.arange(0, 60_000, 2000)  # of 2 s


def search(capture, samples, known, bars=BARS, seams=(0,), origin=0):
    capture.search(samples[:, origin:known], origin, bars, known, list(seams))
    return capture.take()


@pytest.mark.parametrize("requested_at", [0, 1, 1999, 2000, 2001])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_the_bar_after_the_request(requested_at, n_channels):
    samples, capture = noise(12_000, n_channels), BarCapture(n_channels, RATE)
    start = -(-requested_at // 2000) * 2000
    capture.request(True, requested_at)
    assert search(capture, samples, start + 1999) is None
    np.testing.assert_array_equal(
        search(capture, samples, start + 2000), samples[:, start : start + 2000]
    )
    assert capture.since is None
    assert search(capture, samples, 12_000) is None  # once for each request


def test_requesting_again_and_giving_up():
    samples, capture = noise(20_000, 1), BarCapture(1, RATE)
    capture.request(True, 100)
    capture.request(False, 200)
    assert search(capture, samples, 9000) is None
    capture.request(True, 9000)
    capture.request(True, 9500)  # still the same request
    assert capture.since == 9000
    assert search(capture, samples, 12_000) is not None
    capture.request(True, 12_500)
    assert capture.since is None
    capture.request(False, 12_600)
    capture.request(True, 13_000)
    np.testing.assert_array_equal(
        search(capture, samples, 20_000, origin=12_000), samples[:, 14_000:16_000]
    )


def test_bars_of_silence_are_passed_over():
    samples, capture = noise(20_000, 2), BarCapture(2, RATE)
    samples[:, :7000] = 1e-5
    capture.request(True, 0)
    np.testing.assert_array_equal(
        search(capture, samples, 20_000), samples[:, 6000:8000]
    )  # the first that sounds, with its silent half


@pytest.mark.parametrize("sounds", [True, False])
def test_the_sidechain_goes_first_if_it_sounds(sounds):
    samples, capture = noise(9000, 3), BarCapture(1, RATE)
    if not sounds:
        samples[1:] = 0
    capture.request(True, 10)
    rows = slice(1, 3) if sounds else slice(0, 1)
    np.testing.assert_array_equal(
        search(capture, samples, 9000), samples[rows, 2000:4000]
    )


def test_no_bar_runs_across_a_seam():
    samples, capture = noise(12_000, 1), BarCapture(1, RATE)
    capture.request(True, 0)
    bars = np.array([0, 2000, 3100, 5100, 7100])  # a jump at 3100
    capture.request(False, 0)
    capture.request(True, 1500)
    bar = search(capture, samples, 12_000, bars, seams=(0, 3000))
    np.testing.assert_array_equal(bar, samples[:, 3100:5100])


@pytest.mark.parametrize(
    ("length", "expected"), [(300, 600), (500, 500), (7900, 7900), (9000, 8000)]
)
def test_bars_too_short_are_taken_together_and_long_ones_cut(length, expected):
    samples, capture = noise(40_000, 1), BarCapture(1, RATE)
    capture.request(True, 0)
    bar = search(capture, samples, 40_000, np.arange(0, 40_000, length))
    assert bar.shape == (1, expected)
