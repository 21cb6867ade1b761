# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks in Keras, and how they run there."""
