# SPDX-License-Identifier: GPL-3.0-or-later
"""Scores and pictures of separated sound."""

from requinto_lab.librosa_setup import prepare_librosa

prepare_librosa()
