/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "check.h"

#include "editor/colours.h"
#include "editor/thumbnail.h"

enum { WIDTH = 400, HEIGHT = 80 };

/// Return how many pixels of a column are painted; they are about the middle
static int
height_at(Canvas* const canvas, const int x)
{
  int n = 0;
  for (int y = 0; y < HEIGHT; ++y) {
    const uint32_t pixel = canvas_pixels(canvas)[y * WIDTH + x];
    const uint32_t other = canvas_pixels(canvas)[(HEIGHT - 1 - y) * WIDTH + x];
    CHECK(pixel == other && (pixel == COLOUR_EXTRACTED || pixel == 0xFF000000U));
    n += pixel == COLOUR_EXTRACTED;
  }
  return n;
}

static void
test_bars_are_as_high_as_their_peaks(void)
{
  Canvas* const canvas = canvas_new();
  CHECK(canvas);
  for (int scale = 1; scale < 3; ++scale) {
    for (int width = 20; width <= WIDTH / scale; width += 17) {
      ReferenceSummary summary = {.duration_s = 1};
      for (int i = 0; i < 128; ++i) { // rising, and a rest at the end
        summary.peaks[i] = (unsigned char)(i < 100 ? 55 + 2 * i : 0);
      }
      CHECK(canvas_resize(canvas, WIDTH, HEIGHT, scale));
      const Box box = {0, 0, width, (double)HEIGHT / scale};
      thumbnail_paint(canvas, box, &summary, COLOUR_EXTRACTED);
      int last = 0;
      for (int x = 0; x < WIDTH; ++x) {
        const int    height = height_at(canvas, x);
        const double index  = x * 128.0 / (width * scale);
        CHECK(x < width * scale || !height);
        if (height && index < 80) {
          CHECK(height >= last && height > HEIGHT / 8);
          last = height;
        }
        CHECK(index < 112 || x >= width * scale || height <= 2); // a line
      }
      CHECK(last > HEIGHT / 2);
    }
  }
  canvas_free(canvas);
}

int
main(void)
{
  test_bars_are_as_high_as_their_peaks();
  return 0;
}
