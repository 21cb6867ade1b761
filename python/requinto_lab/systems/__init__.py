# SPDX-License-Identifier: GPL-3.0-or-later
"""The earlier systems that ours is measured against, one file each."""

from requinto_lab.librosa_setup import prepare_librosa

prepare_librosa()
