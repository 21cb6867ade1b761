# SPDX-License-Identifier: GPL-3.0-or-later
"""Mixes made on the fly, losses, and fitting."""
