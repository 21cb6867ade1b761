# SPDX-License-Identifier: GPL-3.0-or-later
"""The web page and its REST interface, as `requinto serve` runs them.

Needs the extra `web`. Nothing here computes audio: a song is extracted by
`requinto.file_extraction`, as by every other door.
"""
