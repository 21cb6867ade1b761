/* SPDX-License-Identifier: GPL-3.0-or-later

   The functions of python/loader.h, for tests of instances: they find the bridge of
   harness.c. */

#pragma once

extern int fake_loader_n_held; ///< Calls of `python_hold_thread`
