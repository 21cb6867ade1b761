# SPDX-License-Identifier: GPL-3.0-or-later
"""Music and sounds of our own: what to play, on what, and the library of loops."""

from requinto_lab.librosa_setup import prepare_librosa

prepare_librosa()
