/* SPDX-License-Identifier: GPL-3.0-or-later

   Load a plugin, and speak of its parameters by their names. */

#pragma once

#include "host_options.h"
#include "vst3_instance.h"

/* Life */

/// Load a bundle and make an instance, or end the program
Instance
instance_load(const char* bundle);

/// Connect the buses of the options, and activate
void
instance_activate(const Instance* instance, const Options* options);

/// Take leave, and print how many references are left
void
instance_leave(Instance* instance);

/// Return how many input buses there are
int32_t
instance_inputs(const Instance* instance);

/// Return how many channels the sidechain has, or end the program without one
int
instance_sidechain_channels(const Instance* instance);

/* Parameters */

/// Find a parameter and a value by `NAME=TEXT`, or end the program
v3_param_id
instance_find(const Instance* instance, const char* setting, double* value);

/// Write a parameter's name and what a value of it is called
void
instance_text(const Instance* instance,
              v3_param_id     id,
              double          value,
              char            name[VST3_TEXT_SIZE],
              char            text[VST3_TEXT_SIZE]);

/// Print every parameter as `PREFIX.NAME=TEXT`
void
instance_print(const Instance* instance, const char* prefix);
