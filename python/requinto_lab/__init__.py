# SPDX-License-Identifier: GPL-3.0-or-later
"""The workshop: build material, train, evaluate and compare.

The product imports it where `runtime="tensorflow"` is requested, and nowhere else; the
commands of the workshop do when they are called.
"""
