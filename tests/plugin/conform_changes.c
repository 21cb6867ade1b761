/* SPDX-License-Identifier: GPL-3.0-or-later

   Parameters that change with the sound, or with an empty block. */

#include "conform.h"

#include "check.h"

#include <math.h>
#include <time.h>

/// An active instance, its sound, and what goes in and comes out with it
typedef struct {
  Instance* p;
  Sound*    sound;
  Changes*  input;
  Changes*  output;
  unsigned  seed;
} Desk;

static Desk
desk_new(Instance* const p)
{
  Desk desk = {p, sound_new(p, MAX_BLOCK), changes_new(), changes_new(), 11};
  desk.sound->data.input_params  = changes_face(desk.input);
  desk.sound->data.output_params = changes_face(desk.output);
  EXPECT(instance_start(p, RATE, MAX_BLOCK, V3_REALTIME));
  return desk;
}

static void
desk_free(Desk* const desk)
{
  EXPECT(instance_stop(desk->p));
  sound_free(desk->sound);
  free(desk->input);
  free(desk->output);
}

/// Check that what came out names our parameters and makes sense
static void
check_output(const Desk* const desk, const int32_t n_frames)
{
  const Values values = values_read(desk->p);
  for (int32_t i = 0; i < desk->output->n_queues; ++i) {
    const Queue* const queue = &desk->output->queues[i];
    bool               known = false;
    for (int32_t j = 0; j < values.n; ++j) {
      known = known || values.ids[j] == queue->id;
    }
    EXPECT(known);
    for (int32_t j = 0; j < queue->n_points; ++j) {
      EXPECT(queue->offsets[j] >= 0 && queue->offsets[j] < n_frames);
      EXPECT(queue->values[j] >= 0.0 && queue->values[j] <= 1.0);
    }
  }
}

/// Run a block of noise with the changes, and then forget them
static void
desk_run(Desk* const desk, const int32_t n_frames)
{
  changes_clear(desk->output);
  EXPECT(sound_plays(desk->sound, desk->p, n_frames, &desk->seed));
  EXPECT(sound_is_within(desk->sound, n_frames));
  check_output(desk, n_frames);
  changes_clear(desk->input);
  EXPECT(values_are_normal(desk->p));
}

/// Return a parameter without steps that may be written
static v3_param_id
find_continuous(const Instance* const p)
{
  for (int32_t i = 0; i < values_read(p).n; ++i) {
    struct v3_param_info info;
    CHECK((*p->controller)->get_parameter_info(p->controller, i, &info) == V3_OK);
    if (!info.step_count && is_writable(info.flags)) {
      return info.param_id;
    }
  }
  CHECK(!"a parameter without steps");
  return 0;
}

static double
get(const Instance* const p, const v3_param_id id)
{
  return (*p->controller)->get_parameter_normalised(p->controller, id);
}

static bool
near(const double a, const double b)
{
  return fabs(a - b) < 1e-9;
}

static void
flush_without_buffers(Instance* const p)
{
  const v3_param_id      id   = find_continuous(p);
  Desk                   desk = desk_new(p);
  struct v3_process_data data = {.symbolic_sample_size = V3_SAMPLE_32,
                                 .input_params         = changes_face(desk.input)};
  changes_set(desk.input, id, 0.25);
  EXPECT((*p->processor)->process(p->processor, &data) == V3_OK);
  EXPECT(near(get(p, id), 0.25));
  desk_free(&desk);
}

static void
flush_with_buffers(Instance* const p)
{
  const v3_param_id id   = find_continuous(p);
  Desk              desk = desk_new(p);
  changes_set(desk.input, id, 0.75);
  sound_fill(desk.sound, &desk.seed);
  EXPECT(sound_run(desk.sound, p, 0) == V3_OK);
  EXPECT(sound_is_within(desk.sound, 0));
  EXPECT(near(get(p, id), 0.75));
  desk_free(&desk);
}

static void
flush_without_changes(Instance* const p)
{
  Desk desk = desk_new(p);
  EXPECT(sound_run(desk.sound, p, 0) == V3_OK);
  struct v3_process_data nothing = {.symbolic_sample_size = V3_SAMPLE_32};
  EXPECT((*p->processor)->process(p->processor, &nothing) == V3_OK);
  desk_free(&desk);
}

static void
flush_takes_values(Instance* const p)
{
  // Also while inactive; and what was taken is in the state
  const v3_param_id id     = find_continuous(p);
  Sound* const      sound  = sound_new(p, BLOCK);
  Changes* const    input  = changes_new();
  sound->data.input_params = changes_face(input);
  changes_set(input, id, 0.125);
  EXPECT(sound_run(sound, p, 0) == V3_OK);
  EXPECT(near(get(p, id), 0.125));

  Stream   stream;
  Instance other = instance_new();
  EXPECT(instance_get_state(p, &stream) == V3_OK);
  EXPECT(instance_set_state(&other, &stream) == V3_OK);
  EXPECT(fabs(get(&other, id) - 0.125) < 1e-6);
  EXPECT(instance_free(&other) == 0);
  sound_free(sound);
  free(input);
}

static void
last_point_holds(Instance* const p)
{
  const v3_param_id id   = find_continuous(p);
  Desk              desk = desk_new(p);
  Queue* const      few  = changes_add(desk.input, id);
  queue_add(few, 0, 0.1);
  queue_add(few, 100, 0.9);
  queue_add(few, 511, 0.4);
  desk_run(&desk, BLOCK);
  EXPECT(near(get(p, id), 0.4));
  desk_free(&desk);
}

/// Return the processor's time that this thread has had
static double
spent_s(void)
{
  struct timespec spent;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return (double)spent.tv_sec + 1e-9 * (double)spent.tv_nsec;
}

static void
point_in_every_frame(Instance* const p)
{
  // As validators do, and as much as there can be: no host waits for long
  static const double limit_s = 10.0 * MAX_BLOCK / RATE; // sanitizers are slow
  Desk                desk    = desk_new(p);
  const Values        values  = values_read(p);
  for (int32_t i = 0; i < values.n; ++i) {
    Queue* const queue = changes_add(desk.input, values.ids[i]);
    for (int32_t frame = 0; frame < MAX_BLOCK; ++frame) {
      queue_add(queue, frame, draw_fraction(&desk.seed));
    }
  }
  const double begun = spent_s();
  desk_run(&desk, MAX_BLOCK);
  EXPECT(spent_s() - begun < limit_s);
  desk_free(&desk);
}

static void
points_out_of_order(Instance* const p)
{
  static const int32_t offsets[] = {
    300, 5, 511, 0, 512, 100000, INT32_MAX, -1, INT32_MIN, 17, 17};
  Desk         desk   = desk_new(p);
  const Values values = values_read(p);
  for (int round = 0; round < 20; ++round) {
    for (int32_t i = 0; i < values.n; ++i) {
      Queue* const queue = changes_add(desk.input, values.ids[i]);
      for (int j = 0; j < 11; ++j) {
        queue_add(queue, offsets[draw(&desk.seed) % 11U], draw_fraction(&desk.seed));
      }
    }
    desk_run(&desk, BLOCK);
  }
  desk_free(&desk);
}

static void
points_out_of_range(Instance* const p)
{
  static const double absurd[] = {-1.0, 2.0, 1e300, NAN, INFINITY, -INFINITY};
  Desk                desk     = desk_new(p);
  const Values        values   = values_read(p);
  for (int j = 0; j < 6; ++j) {
    for (int32_t i = 0; i < values.n; ++i) {
      changes_set(desk.input, values.ids[i], absurd[j]);
    }
    desk_run(&desk, BLOCK);
  }
  desk_free(&desk);
}

static void
queues_that_give_nothing(Instance* const p)
{
  Desk         desk   = desk_new(p);
  const Values before = values_read(p);
  for (int32_t i = 0; i < before.n; ++i) {
    (void)changes_add(desk.input, before.ids[i]); // empty
  }
  desk_run(&desk, BLOCK);
  for (int32_t i = 0; i < before.n; ++i) {
    changes_add(desk.input, before.ids[i])->n_claimed = 3; // and fails to give them
  }
  desk_run(&desk, BLOCK);
  changes_set(desk.input, before.ids[0], 1.0);
  desk.input->has_holes = true;
  desk_run(&desk, BLOCK);
  EXPECT(values_hold(p, &before));
  desk_free(&desk);
}

static void
queues_of_unknown_params(Instance* const p)
{
  Desk         desk   = desk_new(p);
  const Values before = values_read(p);
  changes_set(desk.input, 0x7FFFFFFE, 0.3);
  changes_set(desk.input, 0xFFFFFFFF, 0.3);
  changes_set(desk.input, 1000003, 0.3);
  desk_run(&desk, BLOCK);
  EXPECT(values_hold(p, &before));
  desk_free(&desk);
}

static void
queues_of_read_only_params(Instance* const p)
{
  Desk         desk   = desk_new(p);
  const Values before = values_read(p);
  for (int32_t i = 0; i < before.n; ++i) {
    if (!is_writable(before.flags[i])) {
      changes_set(desk.input, before.ids[i], before.normalised[i] > 0.5 ? 0.0 : 1.0);
    }
  }
  EXPECT(sound_run(desk.sound, p, 0) == V3_OK);
  const Values after = values_read(p);
  for (int32_t i = 0; i < before.n; ++i) {
    EXPECT(near(before.normalised[i], after.normalised[i]));
  }
  desk_free(&desk);
}

static void
host_takes_no_output(Instance* const p)
{
  Desk desk = desk_new(p);
  for (int i = 0; i < 50; ++i) {
    desk.output->refuses = i % 2;
    sound_fill(desk.sound, &desk.seed);
    desk.sound->data.output_params = i % 3 ? changes_face(desk.output) : NULL;
    EXPECT(sound_run(desk.sound, p, BLOCK) == V3_OK);
  }
  desk_free(&desk);
}

static void
automation_grid(Instance* const p)
{
  static const int32_t every[]    = {100, 50, 1};
  static const int32_t n_params[] = {1, 2, 10, MAX_PARAMS};
  Desk                 desk       = desk_new(p);
  const Values         values     = values_read(p);
  for (int e = 0; e < 3; ++e) {
    for (int n = 0; n < 4; ++n) {
      for (int32_t i = 0; i < values.n && i < n_params[n]; ++i) {
        Queue* const queue = changes_add(desk.input, values.ids[i]);
        for (int32_t frame = 0; frame < 64; ++frame) {
          if (draw(&desk.seed) % (unsigned)every[e] == 0) {
            queue_add(queue, frame, draw_fraction(&desk.seed));
          }
        }
      }
      desk_run(&desk, 64);
    }
  }
  desk_free(&desk);
}

static void
automation_in_small_blocks(Instance* const p)
{
  Desk         desk   = desk_new(p);
  const Values values = values_read(p);
  for (int i = 0; i < 500; ++i) {
    for (int j = 0; j < 10; ++j) {
      const unsigned which = draw(&desk.seed) % (unsigned)values.n;
      changes_set(desk.input, values.ids[which], draw_fraction(&desk.seed));
    }
    desk_run(&desk, 32);
  }
  desk_free(&desk);
}

const Check conform_changes[] = {ROW(flush_without_buffers),
                                 ROW(flush_with_buffers),
                                 ROW(flush_without_changes),
                                 ROW(flush_takes_values),
                                 ROW(last_point_holds),
                                 ROW(point_in_every_frame),
                                 ROW(points_out_of_order),
                                 ROW(points_out_of_range),
                                 ROW(queues_that_give_nothing),
                                 ROW(queues_of_unknown_params),
                                 ROW(queues_of_read_only_params),
                                 ROW(host_takes_no_output),
                                 ROW(automation_grid),
                                 ROW(automation_in_small_blocks),
                                 {NULL, NULL}};
