/* SPDX-License-Identifier: GPL-3.0-or-later

   What an instance is doing, or why it extracts nothing.

   All functions here are pure: any thread may call them. */

#pragma once

#include "os/attributes.h"

#include <stdbool.h>

/// Values of `PARAM_STATUS`; with those after `STATUS_LEARNING` the input passes
typedef enum {
  STATUS_IDLE,         ///< No sound yet
  STATUS_STARTING,     ///< Python or the model is being loaded
  STATUS_READY,        ///< Extracting
  STATUS_LATE,         ///< The worker did not keep up
  STATUS_LEARNING,     ///< Waiting for the bar that becomes the reference
  STATUS_NO_PYTHON,    ///< No interpreter was found
  STATUS_WRONG_PYTHON, ///< Another version than we were built for
  STATUS_NO_MODEL,     ///< The model is missing or damaged, until another is chosen
  STATUS_NO_REFERENCE, ///< The target has no sound yet, or none that can be used
  STATUS_PYTHON_ERROR, ///< Python raised something, or ends
  STATUS_NO_ANSWER,    ///< Offline, waiting for the worker has timed out
  N_STATUSES
} Status;

/// Return whether a status means that the input is to pass
bool
status_is_failure(Status status) REALTIME;

/// Return whether the worker has given up for as long as the session lasts
bool
status_is_final(Status status) REALTIME;
