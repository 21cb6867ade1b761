/* SPDX-License-Identifier: GPL-3.0-or-later

   Write a picture of each state of the window into a folder, without a display. */

#include "check.h"
#include "png.h"
#include "scenes.h"

#include "editor/canvas.h"
#include "editor/layout.h"
#include "editor/paint.h"

#include <stdio.h>

static void
write_picture(const SceneCase* const scene_case, const char* const folder)
{
  static Scene scene;
  static Box   boxes[PAINT_MAX_BOXES];
  scene_ready(&scene, scene_case->scale);
  scene_case->change(&scene);

  Canvas* const canvas = canvas_new();
  CHECK(canvas && canvas_resize(canvas,
                                (uint32_t)(LAYOUT_WIDTH * scene_case->scale),
                                (uint32_t)(LAYOUT_HEIGHT * scene_case->scale),
                                scene_case->scale));
  Painted painted = {.is_painted = false};
  CHECK(paint_scene(canvas, &scene, &painted, boxes) == 1);

  char path[4096];
  snprintf(path, sizeof(path), "%s/%s.png", folder, scene_case->name);
  CHECK(png_write(
    path, canvas_pixels(canvas), canvas_width(canvas), canvas_height(canvas)));
  canvas_free(canvas);
  scene_free(&scene);
}

int
main(const int argc, char** const argv)
{
  CHECK(argc == 2);
  for (const SceneCase* scene_case = scene_cases; scene_case->name; ++scene_case) {
    write_picture(scene_case, argv[1]);
  }
  return 0;
}
