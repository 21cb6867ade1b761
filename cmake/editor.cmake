# SPDX-License-Identifier: GPL-3.0-or-later
# The plugin's window: what is painted, and what the user does to it.
