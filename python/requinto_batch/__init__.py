# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole catalogues: many jobs in processes of Dask, here or on a cluster.

Needs the extra `batch`. Nothing here computes audio: a song is extracted by
`requinto.file_extraction`, as by every other door.
"""
