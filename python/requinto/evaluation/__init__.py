# SPDX-License-Identifier: GPL-3.0-or-later
"""Scores and pictures of separated sound."""
