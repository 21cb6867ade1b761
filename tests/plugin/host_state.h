/* SPDX-License-Identifier: GPL-3.0-or-later

   Save a plugin's state to a file, and restore it from one. */

#pragma once

#include "host_vst3.h"

/// Give a file to the component and then to the controller, as hosts do
void
state_load(const Instance* instance, const char* path);

void
state_save(const Instance* instance, const char* path);
