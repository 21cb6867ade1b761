# SPDX-License-Identifier: GPL-3.0-or-later
"""Doors for people: the command and the demonstration."""
