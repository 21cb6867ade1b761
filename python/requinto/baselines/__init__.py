# SPDX-License-Identifier: GPL-3.0-or-later
"""The earlier systems that ours is measured against, one file each."""
