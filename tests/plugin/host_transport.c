/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "host_transport.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

static const double ROUNDING       = 1e-6; // frames: too little to play another for
static const double WRONG_QUARTERS = 1.5;  // by which a wrong bar is off

typedef enum { PLAY, JUMP, STOP, TEMPO, METER, LOOP, UNLOOP, FROZEN } Action;

typedef struct {
  const char* word;
  Action      action;
  int         n_values;
} Word;

static const Word words[] = {{"play", PLAY, 1},
                             {"jump", JUMP, 1},
                             {"stop", STOP, 0},
                             {"tempo", TEMPO, 1},
                             {"meter", METER, 2},
                             {"loop", LOOP, 2},
                             {"unloop", UNLOOP, 0},
                             {"frozen", FROZEN, 0}};

typedef struct {
  int64_t frame;
  Action  action;
  double  values[2];
} Event;

/// Where the song is, from `frame` on
typedef struct {
  int64_t frame;    ///< Of the run
  double  quarters; ///< Position there
  int64_t samples;  ///< The same, as if the tempo had never been another
  bool    playing;
  bool    frozen;
  bool    looping;
  double  loop_start; ///< Quarters
  double  loop_end;   ///< Quarters
  double  tempo_bpm;
  int     numerator;
  int     denominator;
  double  bar_line; ///< Quarters, of one bar from which the others are counted
  int     n_wraps;
} Song;

struct TransportImpl {
  Event* events;
  int    n_events;
  int    n_done; ///< Events that have happened
  double rate;   ///< Hz
  bool   no_bar;
  bool   wrong_bar;
  Song   song;
};

/* Reading */

static bool
parse(const char* const line, Event* const event)
{
  char      word[16];
  long long frame = 0;
  int       n     = 0;
  if (sscanf(line, " at %lld %15s%n", &frame, word, &n) != 2) {
    return false;
  }
  for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); ++i) {
    if (!strcmp(word, words[i].word)) {
      char      rest     = '\0';
      double*   values   = event->values;
      const int n_wanted = words[i].n_values;
      const int n_read =
        n_wanted == 0   ? sscanf(line + n, " %c", &rest)
        : n_wanted == 1 ? sscanf(line + n, "%lf %c", &values[0], &rest)
                        : sscanf(line + n, "%lf %lf %c", &values[0], &values[1], &rest);
      event->frame  = frame;
      event->action = words[i].action;
      return frame >= 0 && (n_read == n_wanted || (n_wanted == 0 && n_read == EOF));
    }
  }
  return false;
}

static bool
is_sound(const Event* const event)
{
  const double a = event->values[0];
  const double b = event->values[1];
  return event->action == TEMPO   ? a > 0.0
         : event->action == METER ? a >= 1.0 && b >= 1.0
         : event->action == LOOP  ? b > a
                                  : true;
}

Transport*
transport_read(const char* const path, const Options* const options)
{
  Transport* const transport = (Transport*)calloc(1, sizeof(Transport));
  FILE* const      file      = fopen(path, "r");
  CHECK(transport && file);
  transport->rate      = options->rate;
  transport->no_bar    = options->no_bar;
  transport->wrong_bar = options->wrong_bar;

  char    line[256];
  int64_t last = 0;
  while (fgets(line, sizeof(line), file)) {
    Event event = {0};
    if (!parse(line, &event) || !is_sound(&event) || event.frame < last) {
      fprintf(stderr, "%s: no transport: %s", path, line);
      exit(2);
    }
    last              = event.frame;
    transport->events = (Event*)realloc(
      transport->events, (size_t)(transport->n_events + 1) * sizeof(Event));
    CHECK(transport->events);
    transport->events[transport->n_events++] = event;
  }
  CHECK(!fclose(file));
  transport_rewind(transport);
  return transport;
}

void
transport_free(Transport* const transport)
{
  if (transport) {
    free(transport->events);
    free(transport);
  }
}

void
transport_rewind(Transport* const transport)
{
  transport->n_done = 0;
  transport->song   = (Song){.tempo_bpm = 120.0, .numerator = 4, .denominator = 4};
}

/* Moving */

static double
quarters_per_frame(const Transport* const transport)
{
  return transport->song.tempo_bpm / (60.0 * transport->rate);
}

static double
quarters_at(const Transport* const transport, const int64_t frame)
{
  const Song* const song = &transport->song;
  return song->quarters +
         (song->playing ? (double)(frame - song->frame) * quarters_per_frame(transport)
                        : 0.0);
}

static int64_t
samples_at(const Transport* const transport, const int64_t frame)
{
  const Song* const song = &transport->song;
  return song->samples + (song->playing ? frame - song->frame : 0);
}

/// Keep the position reached, so that what moves it may change
static void
settle(Transport* const transport, const int64_t frame)
{
  const double  quarters   = quarters_at(transport, frame);
  const int64_t samples    = samples_at(transport, frame);
  transport->song.quarters = quarters;
  transport->song.samples  = samples;
  transport->song.frame    = frame;
}

static void
go_to(Transport* const transport, const double quarters)
{
  transport->song.quarters = quarters;
  transport->song.samples  = llround(quarters / quarters_per_frame(transport));
}

static void
act(Transport* const transport, const Event* const event)
{
  Song* const song = &transport->song;
  settle(transport, event->frame);
  switch (event->action) {
    case PLAY:
      song->playing = true;
      song->frozen  = false;
      go_to(transport, event->values[0]);
      break;
    case JUMP:
      go_to(transport, event->values[0]);
      break;
    case STOP:
      song->playing = false;
      break;
    case TEMPO:
      song->tempo_bpm = event->values[0];
      break;
    case METER:
      song->numerator   = (int)event->values[0];
      song->denominator = (int)event->values[1];
      song->bar_line    = song->quarters;
      break;
    case LOOP:
      song->looping    = true;
      song->loop_start = event->values[0];
      song->loop_end   = event->values[1];
      break;
    case UNLOOP:
      song->looping = false;
      break;
    case FROZEN:
      song->frozen  = true;
      song->playing = false;
      go_to(transport, 0.0);
      break;
  }
}

/// Return how many frames are left before the loop begins again, at most `max_n`
static int64_t
frames_to_wrap(const Transport* const transport,
               const int64_t          frame,
               const int64_t          max_n)
{
  const Song* const song = &transport->song;
  if (!song->playing || !song->looping || song->quarters >= song->loop_end) {
    return max_n;
  }
  const double left =
    (song->loop_end - quarters_at(transport, frame)) / quarters_per_frame(transport);
  return left > (double)max_n ? max_n : (int64_t)ceil(left - ROUNDING);
}

int64_t
transport_advance(Transport* const transport, const int64_t frame, const int64_t max_n)
{
  Song* const song = &transport->song;
  if (frames_to_wrap(transport, frame, max_n) <= 0) {
    const double beyond = quarters_at(transport, frame) - song->loop_end;
    settle(transport, frame);
    go_to(transport, song->loop_start + fmax(0.0, beyond));
    ++song->n_wraps;
  }
  while (transport->n_done < transport->n_events &&
         transport->events[transport->n_done].frame <= frame) {
    act(transport, &transport->events[transport->n_done++]);
  }
  int64_t n = max_n;
  if (transport->n_done < transport->n_events) {
    const int64_t n_until = transport->events[transport->n_done].frame - frame;
    n                     = n_until < n ? n_until : n;
  }
  const int64_t n_to_wrap = frames_to_wrap(transport, frame, n);
  return n_to_wrap < 1 ? 1 : n_to_wrap;
}

int
transport_wraps(const Transport* const transport)
{
  return transport->song.n_wraps;
}

/* Writing */

/// Return where the bar around a position begins
static double
bar_at(const Transport* const transport, const double quarters)
{
  const Song* const song   = &transport->song;
  const double      length = 4.0 * song->numerator / song->denominator;
  const double      first  = song->bar_line;
  const double bar = first + floor((quarters - first) / length + ROUNDING) * length;
  return bar + (transport->wrong_bar ? WRONG_QUARTERS : 0.0);
}

void
transport_write(const Transport* const           transport,
                const int64_t                    frame,
                struct v3_process_context* const context)
{
  const Song* const song     = &transport->song;
  const double      quarters = quarters_at(transport, frame);

  *context       = (struct v3_process_context){0};
  context->state = V3_PROCESS_CTX_TEMPO_VALID | V3_PROCESS_CTX_TIME_SIG_VALID |
                   V3_PROCESS_CTX_PROJECT_TIME_VALID;
  context->sample_rate           = transport->rate;
  context->bpm                   = song->tempo_bpm;
  context->time_sig_numerator    = song->numerator;
  context->time_sig_denom        = song->denominator;
  context->project_time_quarters = quarters;
  if (!transport->no_bar) {
    context->state |= V3_PROCESS_CTX_BAR_POSITION_VALID;
    context->bar_position_quarters = bar_at(transport, quarters);
  }
  if (song->frozen) {
    return;
  }
  context->state |= V3_PROCESS_CTX_CONT_TIME_VALID;
  context->project_time_in_samples    = samples_at(transport, frame);
  context->continuous_time_in_samples = frame;
  if (song->playing) {
    context->state |= V3_PROCESS_CTX_PLAYING;
  }
  if (song->looping) {
    context->state |= V3_PROCESS_CTX_CYCLE_VALID | V3_PROCESS_CTX_CYCLE_ACTIVE;
    context->cycle_start_quarters = song->loop_start;
    context->cycle_end_quarters   = song->loop_end;
  }
}
