# SPDX-License-Identifier: GPL-3.0-or-later
"""Speed, memory and start-up of our models beside those of others."""
