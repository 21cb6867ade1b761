/* SPDX-License-Identifier: GPL-3.0-or-later

   The options of the command line. */

#pragma once

#include <stdbool.h>

enum { HOST_MAX_BLOCK = 8192 };

/// Arguments of an option that may be repeated
typedef struct {
  const char** texts;
  int          n;
} TextList;

typedef struct {
  const char* bundle;
  const char* in_path;        ///< NULL: nothing is played
  const char* out_path;       ///< NULL: the output is dropped
  const char* sidechain_path; ///< NULL: the sidechain is not connected
  const char* transport_path; ///< NULL: the host has no transport
  const char* load_path;      ///< State to restore, may be NULL
  const char* save_path;      ///< Where to keep the state, may be NULL
  const char* sin;            ///< What the host itself shall do wrong, may be NULL
  TextList    settings;       ///< `NAME=TEXT`
  TextList    automation;     ///< `FRAME:NAME=TEXT`
  double      rate;           ///< Hz
  double      after_ready_s;  ///< Play for so long after Ready; 0: to the end
  double      hurry_s;        ///< And then so much without waiting for the clock
  int         n_channels;
  int         block; ///< Frames, 0 varies
  int         n_activations;
  int         n_repeats; ///< Of the file
  int         n_drain;   ///< Frames of silence after the file
  bool        realtime;
  bool        no_bar;          ///< The position of the bar is left out
  bool        wrong_bar;       ///< It is wrong
  bool        follow_restarts; ///< Activate again when the latency has changed
  bool        no_release;      ///< The process ends with the plugin active
} Options;

/// Return the options of the command line, or end the program with a line on stderr
Options
options_parse(int argc, char** argv);

void
options_free(Options* options);
