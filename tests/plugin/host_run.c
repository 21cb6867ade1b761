/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "host_run.h"

#include "host_automation.h"
#include "host_sound.h"
#include "host_talk.h"
#include "host_times.h"
#include "host_transport.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

enum { STACK_BYTES = 131072, FIFO_PRIORITY = 70, MAX_SIDECHAIN = 2 };

static const double POLL_S = 0.005; // between the main thread's looks at the audio

typedef struct {
  const Instance* instance;
  const Options*  options;
  const Watch*    watch;
  Handler*        handler;
  Sound           sound;
  Transport*      transport; ///< May be NULL
  Automation*     automation;
  Changes*        input;
  Changes*        output;
  Times           times;
  v3_param_id     status;
  double          ready; ///< Its value when the plugin is ready

  // Written by the audio thread
  int64_t     frame;      ///< Next to play
  int64_t     end;        ///< Last to play, and one
  int64_t     hurry_from; ///< Frame from which it does not wait for the clock
  int         n_blocks;   ///< Calls of `process`
  int         first_sin;  ///< Block of the first call that was watched for, or -1
  unsigned    seed;
  bool        has_fifo;
  atomic_bool is_over;
} Run;

/* The audio thread's buffers, and its words to the main thread */
static float memory[2][HOST_MAX_BLOCK];
static float sidechain[MAX_SIDECHAIN][HOST_MAX_BLOCK];
static Talk  talk;

/* One block */

/// Call `process`, watched; return how long it took
static double
process(Run* const run, struct v3_process_data* const data)
{
  struct v3_audio_processor** const p     = run->instance->processor;
  const Watch* const                watch = run->watch;
  const char* const                 sin   = run->options->sin;

  const double begun = now_s();
  if (watch->begin) {
    watch->begin();
  }
  const bool      sinned = !sin || watch_sin(sin);
  const v3_result result = (*p)->process(p, data);
  if (watch->end) {
    watch->end();
  }
  const double spent_s = now_s() - begun;

  CHECK(sinned && result == V3_OK);
  if (watch->total && run->first_sin < 0 && watch->total()) {
    run->first_sin = run->n_blocks;
  }
  return spent_s;
}

/// Set the end if the plugin has just said that it is ready
static void
note_ready(Run* const run)
{
  const Options* const options = run->options;
  for (int32_t i = 0; i < run->output->n_queues; ++i) {
    const Queue* const queue = &run->output->queues[i];
    if (options->after_ready_s > 0.0 && run->hurry_from == run->sound.n_frames &&
        queue->id == run->status &&
        fabs(queue->values[queue->n_points - 1] - run->ready) < 1e-6) {
      const int64_t n_after  = (int64_t)(options->after_ready_s * options->rate);
      const int64_t n_hurry  = (int64_t)(options->hurry_s * options->rate);
      const int64_t n_frames = run->sound.n_frames;
      const int64_t from     = run->frame + n_after;
      run->hurry_from        = from < n_frames ? from : n_frames;
      run->end               = from + n_hurry < n_frames ? from + n_hurry : n_frames;
    }
  }
}

/// Play `n` frames in one block, in place; return how long it took
static double
play_block(Run* const run, const int64_t n)
{
  const Options* const        options     = run->options;
  float*                      channels[2] = {memory[0], memory[1]};
  float*                      aside[2]    = {sidechain[0], sidechain[1]};
  const bool                  has_aside   = options->sidechain_path;
  struct v3_audio_bus_buffers main        = {.num_channels       = options->n_channels,
                                             .channel_buffers_32 = channels};
  struct v3_audio_bus_buffers in[2]       = {main};
  struct v3_process_context   context;
  if (has_aside) {
    in[1].num_channels       = run->sound.sidechain.n_channels;
    in[1].channel_buffers_32 = aside;
  }
  if (run->transport) {
    transport_write(run->transport, run->frame, &context);
  }
  sound_take(&run->sound, run->frame, n, channels, aside);
  automation_fill(run->automation, run->frame, n, run->input);
  changes_clear(run->output);

  struct v3_process_data data = {
    .process_mode         = options->realtime ? V3_REALTIME : V3_OFFLINE,
    .symbolic_sample_size = V3_SAMPLE_32,
    .nframes              = (int32_t)n,
    .num_input_buses      = instance_inputs(run->instance),
    .num_output_buses     = 1,
    .inputs               = in,
    .outputs              = &main,
    .input_params         = changes_face(run->input),
    .output_params        = changes_face(run->output),
    .ctx                  = run->transport ? &context : NULL,
  };
  struct rusage before;
  struct rusage after;
  getrusage(RUSAGE_THREAD, &before);
  const double spent_s = process(run, &data);
  getrusage(RUSAGE_THREAD, &after);

  times_add_usage(&run->times, &before, &after);
  sound_keep(&run->sound, run->frame, n, channels);
  talk_say(&talk, run->input, TALK_NOT_NOTIFIED);
  talk_say(&talk, run->output, run->n_blocks++);
  note_ready(run);
  return spent_s;
}

/* Many */

/// Play what the sound card would request at once; return how many frames
static int64_t
play_period(Run* const run)
{
  const Options* const options = run->options;
  const int64_t        n_chosen =
    options->block ? options->block : (int64_t)(1 + draw(&run->seed) % HOST_MAX_BLOCK);
  const int64_t n_all    = run->end - run->frame;
  const int64_t n_period = n_chosen < n_all ? n_chosen : n_all;
  double        spent_s  = 0.0;
  for (int64_t n_left = n_period; n_left > 0;) {
    const int64_t n =
      run->transport ? transport_advance(run->transport, run->frame, n_left) : n_left;
    spent_s += play_block(run, n);
    run->frame += n;
    n_left -= n;
  }
  times_add(&run->times, spent_s, (double)n_chosen / options->rate);
  return n_period;
}

/// Return whether the plugin requested what needs another activation
static bool
wants_restart(const Run* const run)
{
  return run->options->follow_restarts &&
         atomic_load(&run->handler->pending_flags) & V3_RESTART_LATENCY_CHANGED;
}

/// Play until the end, or until the plugin wants to be activated again
static void
play_stretch(Run* const run)
{
  const Options* const options = run->options;
  double               due_s   = now_s();
  while (run->frame < run->end && !wants_restart(run)) {
    due_s += (double)play_period(run) / options->rate;
    if (!options->realtime) {
      talk_relay(&talk, run->instance);
    } else if (run->frame < run->hurry_from) {
      sleep_until(due_s);
    }
  }
}

/// Have the stack in memory
static void
touch_stack(void)
{
  volatile char stack[STACK_BYTES];
  for (size_t i = 0; i < sizeof(stack); i += 512) {
    stack[i] = 1;
  }
}

static void*
play_live(void* const argument)
{
  Run* const               run      = (Run*)argument;
  const struct sched_param priority = {.sched_priority = FIFO_PRIORITY};
  run->has_fifo                     = !sched_setscheduler(0, SCHED_FIFO, &priority);
  touch_stack();
  if (run->watch->arm) {
    run->watch->arm();
  }
  play_stretch(run);
  atomic_store(&run->is_over, true);
  return NULL;
}

/// Play on a thread of its own if time is real, else on this one, as hosts do
static void
play(Run* const run)
{
  if (!run->options->realtime) {
    if (run->watch->arm) {
      run->watch->arm();
    }
    play_stretch(run);
    return;
  }
  pthread_t thread;
  atomic_store(&run->is_over, false);
  CHECK(!pthread_create(&thread, NULL, play_live, run));
  while (!atomic_load(&run->is_over)) {
    talk_relay(&talk, run->instance);
    sleep_until(now_s() + POLL_S);
  }
  CHECK(!pthread_join(thread, NULL));
  talk_relay(&talk, run->instance);
}

/* All */

static Run
prepare(const Instance* const instance,
        const Options* const  options,
        const Watch* const    watch,
        Handler* const        handler)
{
  Run run   = {.instance   = instance,
               .options    = options,
               .watch      = watch,
               .handler    = handler,
               .automation = automation_read(instance, options),
               .input      = changes_new(),
               .output     = changes_new(),
               .seed       = 1,
               .first_sin  = -1};
  run.sound = sound_read(
    options, options->sidechain_path ? instance_sidechain_channels(instance) : 0);
  CHECK(run.sound.sidechain.n_channels <= MAX_SIDECHAIN);
  if (options->transport_path) {
    run.transport = transport_read(options->transport_path, options);
  }
  run.status     = instance_find(instance, "Status=Ready", &run.ready);
  run.end        = run.sound.n_frames;
  run.hurry_from = run.end;
  memset(memory, 0xFF, sizeof(memory));
  memset(sidechain, 0xFF, sizeof(sidechain));
  memset(&talk, 0xFF, sizeof(talk));
  atomic_store(&talk.n_said, 0);
  atomic_store(&talk.n_relayed, 0);
  return run;
}

static void
print(Run* const run)
{
  struct v3_edit_controller** const c = run->instance->controller;
  char                              name[VST3_TEXT_SIZE];
  char                              text[VST3_TEXT_SIZE];
  instance_text(run->instance,
                run->status,
                (*c)->get_parameter_normalised(c, run->status),
                name,
                text);
  printf("status=%s\n", text);
  printf("blocks=%d\n", run->n_blocks);
  printf("frames=%lld\n", (long long)run->frame);
  printf("longest_block_ms=%.3f\n", times_worst_us(&run->times) / 1e3);
  if (run->transport) {
    printf("transport_wraps=%d\n", transport_wraps(run->transport));
  }
  if (run->options->realtime) {
    printf("scheduler=%s\n", run->has_fifo ? "fifo" : "other");
    times_print(&run->times);
  }
  if (run->watch->total) {
    printf("first_sin_at_block=%d\n", run->first_sin);
  }
}

static void
release(Run* const run)
{
  sound_free(&run->sound);
  automation_free(run->automation);
  transport_free(run->transport);
  times_free(&run->times);
  free(run->input);
  free(run->output);
}

void
run_sound(const Instance* const instance,
          const Options* const  options,
          const Watch* const    watch,
          Handler* const        handler)
{
  Run run = prepare(instance, options, watch, handler);
  for (;;) {
    play(&run);
    if (run.frame >= run.end) {
      break;
    }
    atomic_store(&run.handler->pending_flags, 0);
    CHECK(instance_stop(instance));
    instance_activate(instance, options);
    printf("latency_at_frame_%lld=%u\n",
           (long long)run.frame,
           (*instance->processor)->get_latency_samples(instance->processor));
  }
  print(&run);
  if (options->out_path) {
    sound_write(&run.sound, options->out_path, run.frame);
  }
  release(&run);
}
