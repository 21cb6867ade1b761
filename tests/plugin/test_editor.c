/* SPDX-License-Identifier: GPL-3.0-or-later

   An instance, its editor, and a host.  The window is one that is written here: what is
   shown is counted, and events come from the test.  fake_loader.c
   stands in for python/loader.c. */

#include "check.h"

#include "core/references.h"
#include "editor/editor.h"
#include "editor/layout.h"
#include "editor/reader.h"
#include "harness.h"
#include "os/os.h"
#include "window/window.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* A window */

enum { MAX_PENDING = 16 };

struct WindowImpl {
  WindowSetup setup;
  WindowEvent pending[MAX_PENDING];
  uint32_t    n_pending;
};

static Window window;
static bool   is_open;
static bool   opens = true;
static double first_width; ///< That the system gives a window at once, or 0
static double scaling = 1.0;

static uint32_t n_shown;  ///< Times that something was
static uint64_t n_pixels; ///< Of it
static uint32_t n_dialogs;

static Window*
open_window(const WindowSetup* const setup, const char** const problem)
{
  CHECK(!is_open);
  if (!opens) {
    *problem = "no window: the test forbids it";
    return NULL;
  }
  window  = (Window){.setup = *setup};
  is_open = true;
  if (first_width > 0.0) {
    const WindowEvent sized = {
      .kind = WINDOW_SIZE, .x = first_width, .y = setup->height};
    setup->handler(setup->context, &sized);
  }
  return &window;
}

static void
close_window(Window* const closed)
{
  CHECK(closed == &window && is_open);
  is_open = false;
}

static void
dispatch(Window* const at)
{
  CHECK(is_open);
  for (uint32_t i = 0; i < at->n_pending; ++i) {
    at->setup.handler(at->setup.context, &at->pending[i]);
    CHECK(is_open); // not to be closed by a handler
  }
  at->n_pending = 0;
}

/// Have an event for the next dispatch
static void
post(const WindowEvent event)
{
  CHECK(window.n_pending < MAX_PENDING);
  window.pending[window.n_pending++] = event;
}

static void
set_size(Window* const at, const uint32_t width, const uint32_t height)
{
  (void)at;
  post((WindowEvent){.kind = WINDOW_SIZE, .x = width, .y = height});
}

static void
show(Window* const         at,
     const uint32_t* const pixels,
     const uint32_t        stride,
     const WindowArea      area)
{
  CHECK(at == &window && is_open && area.width && area.height);
  CHECK(area.x + area.width <= stride);
  for (uint32_t y = area.y; y < area.y + area.height; ++y) { // all of it can be read
    CHECK(pixels[(size_t)y * stride + area.x + area.width - 1] >> 24U == 0xFFU);
  }
  ++n_shown;
  n_pixels += (uint64_t)area.width * area.height;
}

static void
grab_focus(Window* const at)
{
  (void)at;
}

static double
scale_of(const Window* const at)
{
  (void)at;
  return scaling;
}

static int
descriptor(const Window* const at)
{
  (void)at;
  return 28;
}

static uintptr_t
native(const Window* const at)
{
  return at->setup.parent + 1;
}

static bool
choose_file(Window* const at, const char* const title)
{
  (void)at;
  ++n_dialogs;
  return title[0] && n_dialogs > 1; // the first time there is none
}

const WindowTable*
window_library(const char** const problem)
{
  static const WindowTable table = {open_window,
                                    close_window,
                                    dispatch,
                                    set_size,
                                    show,
                                    grab_focus,
                                    scale_of,
                                    descriptor,
                                    native,
                                    choose_file};
  (void)problem;
  return &table;
}

/* A host */

typedef struct {
  char     steps[64]; ///< b, v or e for begin, value, end; n for names; c for closed
  uint32_t n_steps;
  double   values[N_PARAMS]; ///< Reported
  uint32_t width;
  uint32_t height;
} Host;

static Host host;

static void
add_step(const char step)
{
  if (host.n_steps + 1 < sizeof(host.steps)) {
    host.steps[host.n_steps++] = step;
  }
}

static void
begin_edit(void* const handle, const ParamIndex index)
{
  CHECK(handle == &host && index < N_PARAMS);
  add_step('b');
}

static void
report_value(void* const handle, const ParamIndex index, const double plain)
{
  CHECK(handle == &host);
  host.values[index] = plain;
  add_step('v');
}

static void
end_edit(void* const handle, const ParamIndex index)
{
  CHECK(handle == &host && index < N_PARAMS);
  add_step('e');
}

static void
report_names(void* const handle)
{
  CHECK(handle == &host);
  add_step('n');
}

static bool
request_size(void* const handle, const uint32_t width, const uint32_t height)
{
  CHECK(handle == &host);
  host.width  = width;
  host.height = height;
  return true;
}

static void
report_closed(void* const handle)
{
  CHECK(handle == &host);
  add_step('c');
}

static const EditorHost functions = {&host,
                                     begin_edit,
                                     report_value,
                                     end_edit,
                                     report_names,
                                     request_size,
                                     report_closed};

/// An instance and its editor, open
typedef struct {
  Instance* instance;
  Editor*   editor;
} Plugin;

static Plugin
open_plugin(void)
{
  Plugin plugin = {.instance = instance_new()};
  host          = (Host){.n_steps = 0};
  CHECK(plugin.instance);
  plugin.editor = editor_new(plugin.instance, &functions);
  CHECK(plugin.editor && !editor_is_open(plugin.editor));
  n_shown  = 0;
  n_pixels = 0;
  CHECK(editor_open(plugin.editor, 7, "Requinto"));
  CHECK(editor_is_open(plugin.editor) && is_open);
  return plugin;
}

static void
free_plugin(const Plugin* const plugin)
{
  editor_free(plugin->editor);
  CHECK(!is_open);
  instance_free(plugin->instance);
}

/// Check that some ticks show nothing
static void
check_quiet(const Plugin* const plugin)
{
  editor_tick(plugin->editor);
  n_shown = 0;
  for (int i = 0; i < 50; ++i) {
    editor_tick(plugin->editor);
  }
  CHECK(n_shown == 0);
}

static void
click(const Control control)
{
  const Box         box   = layout_box(control);
  const WindowEvent event = {.kind     = WINDOW_PRESS,
                             .x        = box.x + box.width / 2.0,
                             .y        = box.y + box.height / 2.0,
                             .button   = 1,
                             .n_clicks = 1};
  post(event);
  post((WindowEvent){.kind = WINDOW_RELEASE, .x = event.x, .y = event.y, .button = 1});
}

/// Play so many blocks of a song, or have the host stand
static void
run_blocks(Instance* const instance, const int n, const bool plays)
{
  static double quarter = 0.0;
  for (int i = 0; i < n; ++i) {
    float           sound[BLOCK] = {plays ? 0.5F : 0.0F};
    const Transport transport    = {.is_playing    = plays,
                                    .quarter       = quarter,
                                    .bar_quarter   = floor(quarter / 4.0) * 4.0,
                                    .tempo_bpm     = 120.0,
                                    .beats_per_bar = 4,
                                    .beat_unit     = 4};
    const Block     block = {.input = {sound}, .output = {sound}, .n_frames = BLOCK};
    instance_run(instance, block, &transport, true);
    quarter += plays ? BLOCK * 2.0 / RATE : 0.0;
    for (Report report; instance_report(instance, &report);) {
    }
  }
}

/* Tests */

static void
test_it_opens_and_is_quiet(void)
{
  Plugin plugin = open_plugin();
  CHECK(n_shown == 1 && n_pixels == (uint64_t)EDITOR_WIDTH * EDITOR_HEIGHT);
  CHECK(window.setup.parent == 7 && editor_native(plugin.editor) == 8);
  CHECK(editor_descriptor(plugin.editor) == 28);
  CHECK(editor_open(plugin.editor, 7, "Requinto")); // it is: nothing happens
  check_quiet(&plugin);
  post((WindowEvent){.kind = WINDOW_EXPOSE});
  editor_dispatch(plugin.editor);
  CHECK(n_shown == 1);

  editor_close(plugin.editor);
  CHECK(!is_open && editor_descriptor(plugin.editor) == -1);
  CHECK(!editor_native(plugin.editor));
  editor_close(plugin.editor);
  editor_tick(plugin.editor);
  editor_dispatch(plugin.editor);
  opens = false;
  CHECK(!editor_open(plugin.editor, 7, "Requinto"));
  CHECK(!editor_is_open(plugin.editor));
  opens = true;
  for (int i = 0; i < 20; ++i) {
    CHECK(editor_open(plugin.editor, 7, "Requinto"));
    editor_tick(plugin.editor);
    editor_close(plugin.editor);
  }
  free_plugin(&plugin);
}

/// What the worker has to show is read once
static void
test_an_instance_has_one_window(void)
{
  Plugin        plugin     = open_plugin();
  EditorHost    other_host = {.handle = NULL};
  Editor* const other      = editor_new(plugin.instance, &other_host);
  CHECK(other && !editor_open(other, 7, "Requinto") && !editor_is_open(other));
  CHECK(editor_is_open(plugin.editor));
  CHECK(scope_is_open(instance_scope(plugin.instance)));
  editor_close(plugin.editor);
  CHECK(!scope_is_open(instance_scope(plugin.instance)));
  CHECK(editor_open(other, 7, "Requinto"));
  editor_free(other);
  free_plugin(&plugin);
}

static void
test_first_picture_comes_at_once(void)
{
  double best_ms = 1e9;
  for (int i = 0; i < 5; ++i) {
    const clock_t start  = clock();
    Plugin        plugin = open_plugin();
    best_ms = fmin(best_ms, 1e3 * (double)(clock() - start) / CLOCKS_PER_SEC);
    CHECK(n_shown == 1);
    free_plugin(&plugin);
  }
  printf("first picture after %.1f ms\n", best_ms);
#if defined(NDEBUG)
  CHECK(best_ms <= 50.0);
#endif
}

static void
test_edits_reach_instance_and_host(void)
{
  Plugin plugin = open_plugin();
  click(CONTROL_BYPASS);
  editor_dispatch(plugin.editor);
  CHECK(!strcmp(host.steps, "bve"));
  CHECK(instance_value(plugin.instance, PARAM_BYPASS) > 0.5);
  CHECK(host.values[PARAM_BYPASS] > 0.5);

  // The other way round: what the host sets is shown, and little else
  check_quiet(&plugin);
  n_pixels = 0;
  instance_set_value(plugin.instance, PARAM_AMOUNT, 12.0);
  editor_tick(plugin.editor);
  CHECK(n_shown == 1 && n_pixels < 15000 && !strcmp(host.steps, "bve"));

  // A gesture that is under way ends with the window
  const Box track = layout_track(CONTROL_AMOUNT);
  post((WindowEvent){.kind     = WINDOW_PRESS,
                     .x        = track.x + track.width / 2.0,
                     .y        = track.y + 5.0,
                     .button   = 1,
                     .n_clicks = 1});
  editor_dispatch(plugin.editor);
  CHECK(fabs(instance_value(plugin.instance, PARAM_AMOUNT) - 50.0) < 1e-9);
  editor_close(plugin.editor);
  CHECK(!strcmp(host.steps, "bvebve"));
  free_plugin(&plugin);
}

static void
test_sizes(void)
{
  static const uint32_t sizes[][4] = {{720, 420, 720, 420},
                                      {1, 1, 720, 420},
                                      {1440, 840, 1440, 840},
                                      {9999, 9999, 1440, 840},
                                      {1440, 500, 857, 500},
                                      {1080, 9999, 1080, 630}};
  for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); ++i) {
    uint32_t width  = sizes[i][0];
    uint32_t height = sizes[i][1];
    editor_constrain_size(&width, &height);
    CHECK(width == sizes[i][2] && height == sizes[i][3]);
    uint32_t again[2] = {width, height};
    editor_constrain_size(&again[0], &again[1]);
    CHECK(again[0] == width && again[1] == height);
  }

  Plugin   plugin = open_plugin();
  uint32_t width  = 0;
  uint32_t height = 0;
  editor_set_scale(plugin.editor, 1.5);
  CHECK(host.width == 1080 && host.height == 630); // the host's window follows
  host.width = 0;
  n_pixels   = 0;
  editor_dispatch(plugin.editor);
  editor_size(plugin.editor, &width, &height);
  CHECK(width == 1080 && height == 630);
  CHECK(n_pixels >= (uint64_t)width * height);
  click(CONTROL_BYPASS); // whose pixels lie elsewhere now
  window.pending[0].x *= 1.5;
  window.pending[0].y *= 1.5;
  window.pending[1].x *= 1.5;
  window.pending[1].y *= 1.5;
  editor_dispatch(plugin.editor);
  CHECK(instance_value(plugin.instance, PARAM_BYPASS) > 0.5);

  // A host may choose other proportions, and none at all
  editor_set_size(plugin.editor, 800, 900);
  editor_dispatch(plugin.editor);
  editor_size(plugin.editor, &width, &height);
  CHECK(width == 800 && height == 900);
  editor_set_size(plugin.editor, 0, 0);
  editor_dispatch(plugin.editor);
  editor_tick(plugin.editor);
  CHECK(!host.width);
  free_plugin(&plugin);

  // A system may give a window another size at once, as tiling ones do
  first_width = 900.0;
  plugin      = open_plugin();
  CHECK(n_shown == 1 && n_pixels == (uint64_t)900 * EDITOR_HEIGHT);
  editor_size(plugin.editor, &width, &height);
  CHECK(width == 900 && height == EDITOR_HEIGHT);
  free_plugin(&plugin);
  first_width = 0.0;

  // A screen of many pixels is used, unless the host has said how
  scaling = 2.0;
  plugin  = open_plugin();
  CHECK(host.width == 1440 && host.height == 840);
  free_plugin(&plugin);
  scaling = 1.0;
}

static void
test_files(void)
{
  static const char path[] = "test_editor_solo.wav";
  FILE* const       file   = fopen(path, "wb");
  CHECK(file && fwrite("a solo", 1, 6, file) == 6 && !fclose(file));
  Plugin         plugin = open_plugin();
  const uint32_t n      = instance_param(plugin.instance, PARAM_TARGET).n_labels;
  check_quiet(&plugin);
  post((WindowEvent){.kind = WINDOW_DRAG});
  editor_dispatch(plugin.editor);
  CHECK(n_shown > 0);
  post((WindowEvent){.kind = WINDOW_DROP, .path = path});
  editor_dispatch(plugin.editor);
  CHECK(!remove(path));
  CHECK(instance_param(plugin.instance, PARAM_TARGET).n_labels == n + 1);
  CHECK(fabs(instance_value(plugin.instance, PARAM_TARGET) - n) < 1e-9);
  CHECK(!strcmp(host.steps, "nbve"));

  // What cannot be used is said, and changes nothing
  check_quiet(&plugin);
  post((WindowEvent){.kind = WINDOW_DROP, .path = "/nowhere/at/all.wav"});
  editor_dispatch(plugin.editor);
  CHECK(n_shown == 1 && !strcmp(host.steps, "nbve"));
  check_quiet(&plugin);

  // By the dialog; where there is none, that is said
  click(CONTROL_OPEN);
  editor_dispatch(plugin.editor);
  click(CONTROL_OPEN);
  editor_dispatch(plugin.editor);
  CHECK(n_dialogs == 2);
  free_plugin(&plugin);
}

static void
test_user_closes(void)
{
  Plugin plugin = open_plugin();
  post((WindowEvent){.kind = WINDOW_CLOSED});
  editor_tick(plugin.editor);
  editor_tick(plugin.editor);
  CHECK(!strcmp(host.steps, "c"));
  free_plugin(&plugin);
}

/// What is played is shown, and once it stands, nothing is
static void
test_a_song_goes_by(void)
{
  reset_script();
  Plugin plugin = open_plugin();
  CHECK(instance_activate(plugin.instance, RATE, 1, 0));
  uint32_t n_busy = 0;
  for (int i = 0; i < 40; ++i) {
    run_blocks(plugin.instance, 4, true);
    os_sleep_ms(10); // the picture moves with time, however fast the blocks come
    n_shown = 0;
    editor_tick(plugin.editor);
    n_busy += n_shown > 0;
  }
  CHECK(n_busy >= 10);
  CHECK((int)instance_value(plugin.instance, PARAM_STATUS) == STATUS_READY);

  // Meters fall for a few seconds; then it is quiet
  run_blocks(plugin.instance, 40, false);
  const uint64_t end_ms = os_now_ms() + 8000;
  do {
    os_sleep_ms(20);
    n_shown = 0;
    for (int i = 0; i < 10; ++i) {
      editor_tick(plugin.editor);
    }
  } while (n_shown && os_now_ms() < end_ms);
  check_quiet(&plugin);
  instance_deactivate(plugin.instance);
  free_plugin(&plugin);
}

/// A bar that the user asked for here is chosen when it is there
static void
test_a_bar_is_learnt(void)
{
  reset_script();
  Plugin plugin = open_plugin();
  CHECK(instance_activate(plugin.instance, RATE, 1, 0));
  run_blocks(plugin.instance, 40, true);
  editor_tick(plugin.editor);
  for (int by_user = 0; by_user < 2; ++by_user) {
    host = (Host){.n_steps = 0};
    instance_set_value(plugin.instance, PARAM_TARGET, 1.0);
    if (by_user) {
      click(CONTROL_LEARN);
    } else {
      instance_set_value(plugin.instance, PARAM_LEARN, 1.0);
    }
    for (int i = 0; i < 10; ++i) {
      editor_tick(plugin.editor);
      run_blocks(plugin.instance, 10, true);
    }
    CHECK(instance_value(plugin.instance, PARAM_LEARN) > 0.5);
    atomic_store(&script.learns, 1);
    for (int i = 0; i < 10; ++i) {
      run_blocks(plugin.instance, 10, true);
      editor_tick(plugin.editor);
    }
    CHECK(instance_value(plugin.instance, PARAM_LEARN) < 0.5);
    const double target = instance_value(plugin.instance, PARAM_TARGET);
    CHECK(fabs(target - (by_user ? references_learned_index() : 1.0)) < 1e-9);
    CHECK(!strcmp(host.steps, by_user ? "bvebve" : ""));
  }

  // A host may switch it off before there is a bar
  instance_set_value(plugin.instance, PARAM_TARGET, 1.0);
  click(CONTROL_LEARN);
  editor_tick(plugin.editor);
  CHECK(instance_value(plugin.instance, PARAM_LEARN) > 0.5);
  instance_set_value(plugin.instance, PARAM_LEARN, 0.0);
  editor_tick(plugin.editor);
  editor_tick(plugin.editor);
  CHECK(fabs(instance_value(plugin.instance, PARAM_TARGET) - 1.0) < 1e-9);
  instance_deactivate(plugin.instance);
  free_plugin(&plugin);
}

/// Another clip waits for the next activation, at any rate
static void
test_a_clip_waits(void)
{
  static Scene scene;
  reset_script();
  Instance* const instance = instance_new();
  CHECK(instance);
  Reader* const reader = reader_new(instance);
  CHECK(reader);
  for (int clip = 0; clip < N_CLIPS; ++clip) {
    instance_set_value(instance, PARAM_CLIP, clip);
    reader_read_values(reader, &scene, N_PARAMS);
    CHECK(scene.clip_waits == (clip > 0));
    CHECK(instance_activate(instance, RATE, 1, 0));
    run_blocks(instance, 40, true);
    reader_read_values(reader, &scene, N_PARAMS);
    CHECK(!scene.clip_waits);
    const double latency = instance_latency(instance, RATE) / (double)RATE;
    CHECK(fabs(scene.latency_s[clip] - latency) < 1e-3);
  }
  instance_set_value(instance, PARAM_CLIP, 0.0);
  instance_deactivate(instance);
  reader_read_values(reader, &scene, N_PARAMS);
  CHECK(!scene.clip_waits);

  // What the user holds is the user's
  scene.values[PARAM_AMOUNT] = 12.0;
  reader_read_values(reader, &scene, PARAM_AMOUNT);
  CHECK(fabs(scene.values[PARAM_AMOUNT] - 12.0) < 1e-9);
  reader_read_values(reader, &scene, N_PARAMS);
  CHECK(fabs(scene.values[PARAM_AMOUNT] - 100.0) < 1e-9);
  reader_free(reader);
  instance_free(instance);
}

int
main(void)
{
  test_it_opens_and_is_quiet();
  test_an_instance_has_one_window();
  test_first_picture_comes_at_once();
  test_edits_reach_instance_and_host();
  test_sizes();
  test_files();
  test_user_closes();
  test_a_song_goes_by();
  test_a_bar_is_learnt();
  test_a_clip_waits();
  return 0;
}
