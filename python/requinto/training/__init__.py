# SPDX-License-Identifier: GPL-3.0-or-later
"""Patterns, timbres, loops and mixes; losses; fitting."""
