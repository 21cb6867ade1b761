# SPDX-License-Identifier: GPL-3.0-or-later
"""Read and write audio files in any format, without losing or inventing sound.

`reader` decodes, `writer` codes, `output_files` puts files where they belong.  Knows
nothing of separation: arrays are float32, shaped `(n_channels, n_frames)`.
"""
