/* SPDX-License-Identifier: GPL-3.0-or-later

   The door between C and Python.

   Read by the C compiler and by cffi, so it holds no preprocessor lines; the C
   files that include it include <stdint.h> first.  Every function returns 0
   when nothing was done: Python did not start, or raised.  The reason is then
   in `requinto_problem`.  All of them run on the worker thread only. */

/// How a stream is cut, fixed while it is open
typedef struct {
  double   sample_rate;    ///< Hz
  uint32_t n_channels;     ///< 1 or 2
  uint32_t latency_frames; ///< Frames by which the output trails the input
} StreamSetup;

/// Where the beats of a stream come from
typedef enum {
  BEATS_DETECT = 0, ///< Tracked in the sound itself
  BEATS_FIXED  = 1  ///< A grid at `tempo_bpm`, its first downbeat at frame 0
} BeatSource;

/// What may change while a stream is open; takes effect at the next clip
typedef struct {
  uint32_t target;      ///< Index in the list of built-in targets
  uint32_t quality;     ///< Index in the list of models: standard, fast
  uint32_t beat_source; ///< A `BeatSource`
  double   tempo_bpm;   ///< Quarter notes per minute, for `BEATS_FIXED`
} StreamSettings;

/// A stretch of interleaved sound; borrowed for one call
typedef struct {
  const float* input;    ///< `n_frames` frames, each of `n_channels` samples
  float*       output;   ///< Room for as many
  uint32_t     n_frames; ///< Any number but 0
} Passage;

/// Start a stream and return its key
uint32_t
requinto_open(const StreamSetup* setup, const StreamSettings* settings);

/**
   Change what a stream extracts, by which model, and where its beats fall.

   Returns 1.  May load a model, which takes seconds.  When nothing was done, the
   stream goes on as before.
*/
uint32_t
requinto_configure(uint32_t stream, const StreamSettings* settings);

/**
   Exchange sound and return the frames written, always `n_frames`.

   The output is the extracted instrument, `latency_frames` later than the
   input; before that it is silence.
*/
uint32_t
requinto_exchange(uint32_t stream, const Passage* passage);

/// End a stream; return 1
uint32_t
requinto_close(uint32_t stream);

/// What kind of thing stopped the last call that returned 0
typedef enum {
  PROBLEM_NONE   = 0,
  PROBLEM_MODEL  = 1, ///< The model is missing or damaged
  PROBLEM_PYTHON = 2  ///< Anything else that Python raised
} ProblemKind;

/// Copy the last problem's text (UTF-8, NUL-terminated); return a `ProblemKind`
uint32_t
requinto_problem(char* text, uint32_t n_bytes);
