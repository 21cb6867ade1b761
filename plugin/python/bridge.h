/* SPDX-License-Identifier: GPL-3.0-or-later

   The interface between C and Python.

   Read by the C compiler and by cffi, so it holds no preprocessor lines; the C
   files that include it include <stdint.h> first.  Every function returns 0
   when nothing was done: Python did not start, raised, or ends.  The reason is
   then in `requinto_problem`, except when Python is ending: then there is none.  All
   of them run on the worker thread only. */

/// How a stream is cut, fixed while it is open
typedef struct {
  double   sample_rate;    ///< Hz
  uint32_t n_channels;     ///< 1 or 2
  uint32_t n_sidechain;    ///< Channels that come with the input to learn from, 0 to 2
  uint32_t latency_frames; ///< Frames by which the output trails the input
  uint32_t beats_per_clip; ///< 4, 2 or 1
} StreamSetup;

/// Where the beats of a stream come from
typedef enum {
  BEATS_HOST   = 0, ///< The host's position where it moves, else as `BEATS_DETECT`
  BEATS_DETECT = 1, ///< Tracked in the sound itself
  BEATS_FIXED  = 2  ///< A grid at `tempo_bpm`, a downbeat where the sound begins
} BeatSource;

/// What may change while a stream is open; holds from the next frame exchanged
typedef struct {
  uint32_t target;      ///< Index in the list of built-in targets, if it is one
  uint32_t quality;     ///< Index in the list of models: standard, fast
  uint32_t beat_source; ///< A `BeatSource`
  uint32_t learn;       ///< 1: the next bar is to become a reference
  double   tempo_bpm;   ///< Quarter notes per minute, for `BEATS_FIXED`
  double   sensitivity; ///< 0 to 1, 0.5 as trained: more is more, and more bleed
} StreamSettings;

/// A sound file that holds the reference
typedef struct {
  uint32_t             is_target; ///< 1: it is the target, instead of a built-in one
  uint32_t             n_bytes;   ///< Of the file; 0 if there is none
  const unsigned char* bytes;     ///< Borrowed for one call
} Reference;

/// Where the host is in its song, from the next frame exchanged on
typedef struct {
  uint32_t is_known;      ///< 0: all fields except `is_seam` are meaningless
  uint32_t is_seam;       ///< 1: the sound does not go on from what came before
  uint32_t beats_per_bar; ///< Numerator of the time signature
  uint32_t beat_unit;     ///< Denominator of it
  double   quarter;       ///< Position in quarter notes
  double   bar_quarter;   ///< Position of some bar line
  double   tempo_bpm;     ///< Quarter notes per minute
} HostPosition;

/// A stretch of interleaved sound; borrowed for one call
typedef struct {
  const float* input;  ///< `n_frames` frames: `n_channels`, then `n_sidechain` samples
  float*       output; ///< Room for as many frames of `n_channels` samples
  uint32_t     n_frames; ///< Any number but 0
} Passage;

/// Start a stream and return its key; until it is configured, it returns silence
uint32_t
requinto_open(const StreamSetup* setup);

/**
   Choose what a stream extracts, by which model, and where its beats fall.

   Returns 1.  May load a model, which takes seconds.  When nothing was done, the
   stream goes on as before, except that `learn` holds.
*/
uint32_t
requinto_configure(uint32_t              stream,
                   const StreamSettings* settings,
                   const Reference*      reference);

/// Set the host's position in a stream; return 1
uint32_t
requinto_locate(uint32_t stream, const HostPosition* position);

/**
   Exchange sound and return the frames written, always `n_frames`.

   The output is the extracted instrument, `latency_frames` later than the
   input; before that it is silence.
*/
uint32_t
requinto_exchange(uint32_t stream, const Passage* passage);

/**
   Copy the sound file of the bar that was captured, if there is one and it fits.

   Returns its size in bytes, or 0 while there is none.  Once it was copied, there is
   none until the next bar has been captured.
*/
uint32_t
requinto_take_bar(uint32_t stream, unsigned char* bytes, uint32_t n_bytes);

/// What is marked at a column, as bits
typedef enum {
  MARK_BEAT = 1, ///< A beat falls into it
  MARK_BAR  = 2, ///< A downbeat does
  MARK_CLIP = 4, ///< A clip begins in it
  MARK_SEAM = 8  ///< The sound does not go on from what came before
} ColumnMark;

/// A short stretch of a stream as a window shows it.  Bands are spaced evenly in
/// logarithmic frequency from 40 Hz to 10240 Hz; a band is 255 at 0 dB (a sine at full
/// scale), 0 at -80 dB and below, and linear in dB between
typedef struct {
  uint64_t      frame;           ///< At which it begins, of the input
  uint32_t      n_frames;        ///< It lasts
  uint32_t      marks;           ///< `ColumnMark`s
  float         mixture_power;   ///< Mean square of the samples of all channels
  float         extracted_power; ///< The same of the extracted sound
  float         rest_power;      ///< The same of the mixture minus the extracted sound
  float         tempo_bpm;       ///< Of the beats here, or 0 if unknown
  float         register_shift;  ///< Semitones by which the part that a reference stands
                                 ///< for seems to lie above it; 0 if near it, or unknown
  unsigned char mixture[64];     ///< Bands
  unsigned char extracted[64];   ///< Bands
} Column;

/// What a window shows of a reference
typedef struct {
  double        duration_s;
  float         low_pitch;  ///< MIDI note: 1 in 20 of its pitched frames lies lower; or 0
  float         high_pitch; ///< MIDI note: 1 in 20 lies higher; or 0 if none is pitched
  unsigned char peaks[128]; ///< Of equal parts: 255 is the loudest
} ReferenceSummary;

/**
   Copy the columns that have been made since the last call; return how many.

   The first call has the stream make them from there on, and a call with `n_columns`
   of 0 has it stop.
*/
uint32_t
requinto_take_columns(uint32_t stream, Column* columns, uint32_t n_columns);

/// Summarise a sound file; return 1
uint32_t
requinto_summarise(const Reference* reference, ReferenceSummary* summary);

/// End a stream; return 1
uint32_t
requinto_close(uint32_t stream);

/// What kind of thing stopped the last call that returned 0
typedef enum {
  PROBLEM_NONE      = 0,
  PROBLEM_MODEL     = 1, ///< The model is missing or damaged
  PROBLEM_REFERENCE = 2, ///< There is no reference, or it cannot be used
  PROBLEM_PYTHON    = 3  ///< Anything else that Python raised
} ProblemKind;

/// Copy the last problem's text (UTF-8, NUL-terminated); return a `ProblemKind`
uint32_t
requinto_problem(char* text, uint32_t n_bytes);
