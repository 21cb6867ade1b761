/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "check.h"
#include "panel_user.h"
#include "scenes.h"

#include "editor/layout.h"
#include "editor/paint.h"

#include <stdio.h>
#include <string.h>

static User    user;
static Painted painted;
static Box     boxes[PAINT_MAX_BOXES];

static Canvas*
new_canvas(const double scale)
{
  Canvas* const canvas = canvas_new();
  CHECK(canvas && canvas_resize(canvas,
                                (uint32_t)(LAYOUT_WIDTH * scale),
                                (uint32_t)(LAYOUT_HEIGHT * scale),
                                scale));
  return canvas;
}

/// Return the greatest difference of two pixels in a channel, 0 to 255
static int
difference(const uint32_t one, const uint32_t other)
{
  int max = 0;
  for (unsigned shift = 0; shift < 24; shift += 8) {
    const int a = (int)(one >> shift & 0xFFU);
    const int b = (int)(other >> shift & 0xFFU);
    max         = abs(a - b) > max ? abs(a - b) : max;
  }
  return max;
}

/// Check that a canvas shows a scene as one that is painted anew does.  The canvas adds
/// up coverage from the left of what it paints, in single precision, so that each of
/// two lines across a pixel may be off by one.
static void
check_picture(Canvas* const canvas, Canvas* const other, const Scene* const scene)
{
  Painted fresh = {.is_painted = false};
  CHECK(paint_scene(other, scene, &fresh, boxes) == 1);
  const uint32_t* const pixels   = canvas_pixels(canvas);
  const uint32_t* const expected = canvas_pixels(other);
  const size_t          n        = (size_t)canvas_width(canvas) * canvas_height(canvas);
  for (size_t i = 0; i < n; ++i) {
    CHECK(pixels[i] == expected[i] || difference(pixels[i], expected[i]) <= 2);
  }
}

/// Check that all pixels that differ from before were in the boxes that were painted
static void
check_boxes(Canvas* const canvas, const uint32_t* const before, const uint32_t n_boxes)
{
  const uint32_t* const pixels = canvas_pixels(canvas);
  const double          scale  = canvas_scale(canvas);
  for (uint32_t y = 0; y < canvas_height(canvas); ++y) {
    for (uint32_t x = 0; x < canvas_width(canvas); ++x) {
      const size_t i     = (size_t)y * canvas_width(canvas) + x;
      bool         is_in = pixels[i] == before[i];
      for (uint32_t j = 0; j < n_boxes && !is_in; ++j) {
        const Box box = boxes[j];
        is_in         = (x + 1) / scale > box.x && x / scale < box.x + box.width &&
                (y + 1) / scale > box.y && y / scale < box.y + box.height;
      }
      CHECK(is_in);
    }
  }
}

/// Change a scene somehow, as an instance or the user would
static void
change(unsigned* const seed)
{
  Scene* const scene = &user.scene;
  switch (draw(seed) % 12) {
    case 0: {
      const ParamIndex       param = (ParamIndex)(draw(seed) % N_PARAMS);
      const ParamInfo* const info  = scene_param(&user.scene, param);
      scene->values[param]         = params_round(
        info, info->min + draw(seed) % 1000 / 999.0 * (info->max - info->min));
      break;
    }
    case 1:
      scene->warning = (Warning)(draw(seed) % 4);
      break;
    case 2:
      scene->countdown = (Countdown){
        (CountdownPhase)(draw(seed) % 5), draw(seed) % 4, draw(seed) % 10 / 10.0};
      break;
    case 3:
      scene->has_summary = draw(seed) % 2;
      break;
    case 4:
      scene->tempo = draw(seed) % 200;
      break;
    case 5:
      scene->clip_waits = draw(seed) % 2;
      break;
    case 6:
      snprintf(
        scene->message, sizeof(scene->message), draw(seed) % 2 ? "No" : "%s", "");
      break;
    case 7:
      user.now_ms += 1000;
      panel_tick(&user.panel, user.now_ms);
      break;
    default: {
      const WindowEvent event = {.kind =
                                   (WindowEventKind)(WINDOW_PRESS + draw(seed) % 10),
                                 .x         = draw(seed) % LAYOUT_WIDTH,
                                 .y         = draw(seed) % LAYOUT_HEIGHT,
                                 .steps     = draw(seed) % 5 - 2.0,
                                 .button    = 1,
                                 .n_clicks  = 1,
                                 .modifiers = draw(seed) % 2,
                                 .key = (WindowKey)(draw(seed) % (WINDOW_KEY_END + 1)),
                                 .character = 32 + draw(seed) % 96};
      panel_handle(&user.panel, &event, user.now_ms);
    }
  }
}

static void
test_what_is_kept_is_right(const double scale, const unsigned n_changes)
{
  static uint32_t before[2 * LAYOUT_WIDTH * 2 * LAYOUT_HEIGHT];
  Canvas* const   canvas = new_canvas(scale);
  Canvas* const   other  = new_canvas(scale);
  const size_t size = sizeof(uint32_t) * canvas_width(canvas) * canvas_height(canvas);
  unsigned     seed = 28;
  user_start(&user);
  painted = (Painted){.is_painted = false};
  (void)paint_scene(canvas, &user.scene, &painted, boxes);
  for (unsigned i = 0; i < n_changes; ++i) {
    memcpy(before, canvas_pixels(canvas), size);
    change(&seed);
    const uint32_t n = paint_scene(canvas, &user.scene, &painted, boxes);
    CHECK(n <= PAINT_MAX_BOXES);
    check_boxes(canvas, before, n);
    check_picture(canvas, other, &user.scene);
    CHECK(paint_scene(canvas, &user.scene, &painted, boxes) == 0);
  }
  canvas_free(canvas);
  canvas_free(other);
}

static void
test_a_list_scrolls(void)
{
  Canvas* const canvas = new_canvas(1.0);
  Canvas* const other  = new_canvas(1.0);
  user_start(&user);
  painted = (Painted){.is_painted = false};
  user_click(&user, CONTROL_TARGET);
  for (int i = 0; i < 4; ++i) {
    (void)paint_scene(canvas, &user.scene, &painted, boxes);
    check_picture(canvas, other, &user.scene);
    user_scroll(&user, CONTROL_TARGET, i % 2 ? 1.0 : -1.0, 0);
    CHECK(paint_scene(canvas, &user.scene, &painted, boxes) > 0);
    check_picture(canvas, other, &user.scene);
  }
  canvas_free(canvas);
  canvas_free(other);
}

/// What moves while a song goes by is painted alone
static void
test_a_song_paints_little(void)
{
  Canvas* const canvas = new_canvas(1.0);
  Scene* const  scene  = &user.scene;
  user_start(&user);
  scene_ready(scene, 1.0);
  painted = (Painted){.is_painted = false};
  (void)paint_scene(canvas, scene, &painted, boxes);
  ++scene->song_revision;
  ++scene->meters_revision;
  CHECK(paint_scene(canvas, scene, &painted, boxes) == 2);
  scene_free(scene);
  canvas_free(canvas);
}

int
main(void)
{
  test_what_is_kept_is_right(1.0, 160);
  test_what_is_kept_is_right(1.37, 50);
  test_what_is_kept_is_right(2.0, 16);
  test_a_list_scrolls();
  test_a_song_paints_little();
  return 0;
}
