# SPDX-License-Identifier: GPL-3.0-or-later
"""The workshop: build material, train, evaluate and compare.

The product never imports it; the commands of the workshop do when they are called.
"""
