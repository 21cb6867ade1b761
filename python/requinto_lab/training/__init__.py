# SPDX-License-Identifier: GPL-3.0-or-later
"""Mixes made on the fly, losses, and fitting."""

from requinto_lab.librosa_setup import prepare_librosa

prepare_librosa()
