# SPDX-License-Identifier: GPL-3.0-or-later
"""Read and write audio files in any format, without losing or inventing sound.

`audio_reader` decodes, `audio_writer` codes, `output_files` publishes, `sound_set` does
so for sounds that add up, and `streams` joins them to standard streams.  Knows nothing
of separation: arrays are float32, shaped `(n_channels, n_frames)`.

What files and libraries need of the process is here too: `environment` (folders to
write to, variables), `quiet` (what C libraries print), `signal_shelter` (calls that no
signal interrupts) and `figures` (Matplotlib without the user's settings).
"""
