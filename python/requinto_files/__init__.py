# SPDX-License-Identifier: GPL-3.0-or-later
"""Read and write audio files in any format, without losing or inventing sound.

`audio_reader` decodes, `audio_writer` codes, `output_files` publishes.  Knows
nothing of separation: arrays are float32, shaped `(n_channels, n_frames)`.
"""
