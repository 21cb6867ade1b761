/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "check.h"

#include "core/utf8.h"
#include "editor/canvas.h"

#include <math.h>
#include <string.h>

enum { WIDTH = 96, HEIGHT = 64, WHITE = -1 };

static const double SCALES[]  = {1, 1.25, 1.5, 2};
static const double OFFSETS[] = {0, 0.1, 0.25, 0.5, 0.77};

enum { N_SCALES = 4, N_OFFSETS = 5 };

static Canvas* canvas; // black at the beginning of each test

/// Have a black canvas
static void
clear(const double scale)
{
  CHECK(canvas_resize(canvas, WIDTH, HEIGHT, scale));
  CHECK(canvas_width(canvas) == WIDTH && canvas_height(canvas) == HEIGHT);
}

/// Return the white of a canvas in units of the layout
static double
white_area(void)
{
  const uint32_t* const pixels = canvas_pixels(canvas);
  double                sum    = 0;
  for (int i = 0; i < WIDTH * HEIGHT; ++i) {
    CHECK(pixels[i] >> 24U == 0xFF);
    CHECK((pixels[i] & 0xFFU) == (pixels[i] >> 8U & 0xFFU));
    sum += (pixels[i] & 0xFFU) / 255.0;
  }
  return sum / canvas_scale(canvas) / canvas_scale(canvas);
}

/// Return whether two numbers differ by no more than rounding each pixel of an edge
static bool
is_area(const double area, const double truth, const double edge, const double share)
{
  return fabs(area - truth) < edge * 0.5 / 255 + share * truth + 1e-9;
}

static void
test_coverage_is_area(void)
{
  static const double triangle[6] = {0, 0, 21, 6, 5, 17};

  for (int s = 0; s < N_SCALES; ++s) {
    for (int i = 0; i < N_OFFSETS * N_OFFSETS; ++i) {
      const double x = 3 + OFFSETS[i % N_OFFSETS];
      const double y = 4 + OFFSETS[i / N_OFFSETS];
      for (int size = 0; size < 12; ++size) {
        const double w = 0.3 + 1.9 * size;
        const double h = 0.2 + 1.3 * size;
        clear(SCALES[s]);
        canvas_fill(canvas, (Box){x, y, w, h}, (Colour)WHITE);
        CHECK(is_area(white_area(), w * h, 2 * (w + h) + 4, 0));

        const double r = fmin(1.1 * size, fmin(w, h) / 2);
        clear(SCALES[s]);
        canvas_fill_round(canvas, (Box){x, y, w, h}, 1.1 * size, (Colour)WHITE);
        const double area = w * h - (4 - acos(-1)) * r * r;
        CHECK(is_area(white_area(), area, 2 * (w + h) + 4, 0.002));

        const double line = 0.15 * fmin(w, h);
        const double hole = (w - 2 * line) * (h - 2 * line) -
                            (4 - acos(-1)) * fmax(0, r - line) * fmax(0, r - line);
        clear(SCALES[s]);
        canvas_stroke_round(canvas, (Box){x, y, w, h}, r, line, (Colour)WHITE);
        CHECK(is_area(white_area(), area - hole, 4 * (w + h) + 8, 0.01));
      }

      double points[6] = {0};
      for (int j = 0; j < 6; ++j) {
        points[j] = triangle[j] + (j % 2 ? y : x);
      }
      clear(SCALES[s]);
      canvas_fill_triangle(canvas, points, (Colour)WHITE);
      CHECK(is_area(white_area(), (21 * 17 - 5 * 6) / 2.0, 80, 0.002));

      for (int angle = 0; angle < 16; ++angle) {
        const double dx = 9 * cos(angle * acos(-1) / 8);
        const double dy = 9 * sin(angle * acos(-1) / 8);
        clear(SCALES[s]);
        canvas_line(
          canvas, x + 10, y + 10, x + 10 + dx, y + 10 + dy, 1.5, (Colour)WHITE);
        CHECK(is_area(white_area(), 9 * 1.5, 40, 0.01));
      }
    }
  }
}

static void
test_whole_pixels_are_exact(void)
{
  clear(2);
  canvas_fill(canvas, (Box){4, 3, 10, 5}, 0xFF123456U);
  canvas_fill_round(canvas, (Box){24, 3, 10, 5}, 0, 0xFF123456U);
  canvas_line(canvas, 4, 20.5, 14, 20.5, 1, 0xFF123456U);
  for (int y = 0; y < HEIGHT; ++y) {
    for (int x = 0; x < WIDTH; ++x) {
      const bool is_box   = x >= 8 && x < 28 && y >= 6 && y < 16;
      const bool is_round = x >= 48 && x < 68 && y >= 6 && y < 16;
      const bool is_line  = x >= 8 && x < 28 && y >= 40 && y < 42;
      CHECK(canvas_pixels(canvas)[y * WIDTH + x] ==
            (is_box || is_round || is_line ? 0xFF123456U : 0xFF000000U));
    }
  }
}

static void
test_blends(void)
{
  clear(1);
  for (uint32_t alpha = 0; alpha < 256; ++alpha) {
    for (uint32_t below = 0; below < 256; below += 15) {
      for (uint32_t above = 0; above < 256; above += 17) {
        const Colour colour = alpha << 24U | above << 16U | (255 - above) << 8U | above;
        canvas_fill(canvas, (Box){0, 0, 1, 1}, 0xFF000000U | below << 16U | below);
        canvas_fill(canvas, (Box){0, 0, 1, 1}, colour);
        const uint32_t pixel = canvas_pixels(canvas)[0];
        const double   share = alpha / 255.0;
        const double   mixed = above * share + below * (1 - share);
        const double   green = (255 - above) * share;
        CHECK(fabs((pixel >> 16U & 0xFFU) - mixed) <= 0.5 + 1e-9);
        CHECK(fabs((pixel >> 8U & 0xFFU) - green) <= 0.5 + 1e-9);
        CHECK(fabs((pixel & 0xFFU) - mixed) <= 0.5 + 1e-9);
        CHECK(pixel >> 24U == 0xFF);
      }
    }
  }
}

/// Paint one of everything
static void
paint_all(const double x, const double y)
{
  static const uint32_t picture[4] = {
    0xFF111111U, 0xFF222222U, 0xFF333333U, 0xFF444444U};

  const double points[6] = {x + 3, y + 20, x + 30, y + 18, x + 11, y + 29};
  canvas_fill(canvas, (Box){x, y, 30.3, 9.7}, 0x80FF8040U);
  canvas_fill_round(canvas, (Box){x + 5, y + 4, 30, 20}, 6, 0xC04080FFU);
  canvas_stroke_round(canvas, (Box){x + 2, y + 8, 40, 12}, 4, 1.5, 0xFFFFFFFFU);
  canvas_line(canvas, x, y, x + 44, y + 27, 2, 0xFFFF0000U);
  canvas_fill_triangle(canvas, points, 0x60FFFFFFU);
  canvas_text(canvas, (Box){x, y, 44, 20}, ALIGN_CENTRE, "Gúira", 12, 0xFFFFFF00U);
  canvas_picture(canvas, (Box){x + 20, y + 10, 11, 7}, picture, 2, 2, 2);
}

static void
test_clips(void)
{
  unsigned        seed     = 3;
  uint32_t* const expected = (uint32_t*)malloc(sizeof(uint32_t) * WIDTH * HEIGHT);
  CHECK(expected);
  for (int turn = 0; turn < 400; ++turn) {
    const double scale = SCALES[turn % N_SCALES];
    const double x     = draw(&seed) % 900 / 10.0 - 20; // also outside
    const double y     = draw(&seed) % 600 / 10.0 - 15;
    const Box    box   = {draw(&seed) % 1200 / 10.0 - 20,
                          draw(&seed) % 900 / 10.0 - 20,
                          draw(&seed) % 600 / 10.0,
                          draw(&seed) % 600 / 10.0};
    clear(scale);
    paint_all(x, y);
    memcpy(expected, canvas_pixels(canvas), sizeof(uint32_t) * WIDTH * HEIGHT);
    clear(scale);
    canvas_set_clip(canvas, box);
    paint_all(x, y);
    const double left   = floor(box.x * scale + 1e-6);
    const double top    = floor(box.y * scale + 1e-6);
    const double right  = ceil((box.x + box.width) * scale - 1e-6);
    const double bottom = ceil((box.y + box.height) * scale - 1e-6);
    for (int i = 0; i < WIDTH * HEIGHT; ++i) {
      const int  column = i % WIDTH;
      const int  row    = i / WIDTH;
      const bool is_in = column >= left && column < right && row >= top && row < bottom;
      const uint32_t pixel = canvas_pixels(canvas)[i];
      CHECK(is_in || pixel == 0xFF000000U);
      for (unsigned shift = 0; is_in && shift < 24; shift += 8) {
        // A shape that begins left of a clip sums its coverage in another order
        CHECK(abs((int)(pixel >> shift & 0xFFU) -
                  (int)(expected[i] >> shift & 0xFFU)) <= 1);
      }
    }
    canvas_reset_clip(canvas);
  }
  free(expected);
}

/// Write the first and the last column that is not black, and return whether one is
static bool
extent(int* const first, int* const last)
{
  *first = WIDTH;
  *last  = -1;
  for (int i = 0; i < WIDTH * HEIGHT; ++i) {
    if (canvas_pixels(canvas)[i] != 0xFF000000U) {
      *first = i % WIDTH < *first ? i % WIDTH : *first;
      *last  = i % WIDTH > *last ? i % WIDTH : *last;
    }
  }
  return *last >= *first;
}

static void
test_text_has_its_width(void)
{
  static const char* const texts[] = {"Hill", "Agjpq", "12.5", "on", "Ñandú", "i"};

  for (int s = 0; s < N_SCALES; ++s) {
    for (int size = 9; size < 14; ++size) {
      for (int i = 0; i < 6; ++i) {
        const double width = canvas_text_width(canvas, texts[i], size);
        for (int align = ALIGN_LEFT; align <= ALIGN_RIGHT; ++align) {
          clear(SCALES[s]);
          const double scaled = canvas_text_width(canvas, texts[i], size);
          CHECK(scaled * SCALES[s] <= WIDTH - 2);
          const Box box   = {0, 0, WIDTH / SCALES[s], HEIGHT / SCALES[s]};
          int       first = 0;
          int       last  = 0;
          canvas_text(canvas, box, (Align)align, texts[i], size, (Colour)WHITE);
          CHECK(extent(&first, &last));
          const double painted  = (last + 1 - first) / SCALES[s];
          const double bearings = 0.2 * size + 2; // of the first and last letter
          CHECK(painted < scaled + 2 / SCALES[s] && painted > scaled - bearings);
          const double left = align == ALIGN_LEFT    ? 0
                              : align == ALIGN_RIGHT ? box.width - scaled
                                                     : (box.width - scaled) / 2;
          CHECK(fabs(first / SCALES[s] - left) < bearings);
        }
        CHECK(width > 0);
      }
    }
  }
  clear(1);
  CHECK(canvas_text_width(canvas, "", 12) == 0);
  CHECK(canvas_text_width(canvas, "aaaaaaaa", 12) ==
        8 * canvas_text_width(canvas, "a", 12));
}

static void
test_text_is_crisp(void)
{
  // The strokes of H and E are on whole rows: the middle column of E has no more than
  // its three strokes, and at most one grey row with each
  for (int size = 11; size < 14; ++size) {
    clear(1);
    canvas_text(canvas, (Box){0, 0, 90, 40}, ALIGN_LEFT, "E", size, (Colour)WHITE);
    int first = 0;
    int last  = 0;
    CHECK(extent(&first, &last));
    int n_light = 0;
    int n_grey  = 0;
    for (int y = 0; y < HEIGHT; ++y) {
      const uint32_t value =
        canvas_pixels(canvas)[y * WIDTH + (first + last + 1) / 2] & 0xFFU;
      n_light += value > 200;
      n_grey += value > 40 && value <= 200;
    }
    CHECK(n_light >= 2 && n_grey <= 3);
  }
}

static void
test_long_text_ends_in_an_ellipsis(void)
{
  static const char* const text = "A reference of another register";

  for (int room = 0; room < 90; ++room) {
    clear(1);
    canvas_text(canvas, (Box){2, 0, room, 40}, ALIGN_LEFT, text, 12, (Colour)WHITE);
    int first = 0;
    int last  = 0;
    if (extent(&first, &last)) {
      CHECK(first >= 2 && last < 2 + room + 1);
    } else {
      CHECK(room < canvas_text_width(canvas, "\xE2\x80\xA6", 12));
    }
  }

  // What just fits is whole
  uint32_t whole[WIDTH * HEIGHT];
  clear(1);
  canvas_text(canvas, (Box){2, 0, 90, 40}, ALIGN_LEFT, "Reference", 12, (Colour)WHITE);
  memcpy(whole, canvas_pixels(canvas), sizeof(whole));
  const double width = canvas_text_width(canvas, "Reference", 12);
  clear(1);
  canvas_text(
    canvas, (Box){2, 0, width, 40}, ALIGN_LEFT, "Reference", 12, (Colour)WHITE);
  CHECK(!memcmp(whole, canvas_pixels(canvas), sizeof(whole)));
  clear(1);
  canvas_text(
    canvas, (Box){2, 0, width - 1, 40}, ALIGN_LEFT, "Reference", 12, (Colour)WHITE);
  CHECK(memcmp(whole, canvas_pixels(canvas), sizeof(whole)) != 0);
}

static void
test_bytes_that_are_not_utf8(void)
{
  clear(1);
  const double width = canvas_text_width(canvas, "\xEF\xBF\xBD", 12);
  CHECK(width > 0);
  CHECK(canvas_text_width(canvas, "\xC3", 12) == width);
  CHECK(canvas_text_width(canvas, "\x80", 12) == width);
  CHECK(canvas_text_width(canvas, "\xED\xA0\x80", 12) == width); // a surrogate
  CHECK(canvas_text_width(canvas, "\xC0\x80", 12) == width);     // too long
  CHECK(canvas_text_width(canvas, "a\xF0\x9F", 12) ==
        width + canvas_text_width(canvas, "a", 12));

  unsigned seed = 11;
  for (int turn = 0; turn < 3000; ++turn) {
    char text[20] = "";
    for (int i = 0; i < 19; ++i) {
      text[i] = (char)(draw(&seed) >> 7U);
    }
    const char* from = text;
    int         n    = 0;
    while (*from) {
      (void)utf8_next(&from);
      ++n;
    }
    CHECK(from <= text + 19 && n <= 19);
    clear(1);
    canvas_text(canvas, (Box){0, 0, 90, 30}, ALIGN_RIGHT, text, 12, (Colour)WHITE);
    CHECK(canvas_text_width(canvas, text, 12) >= 0);
  }
}

static void
test_many_glyphs(void)
{
  // More than are kept at once, by number and by size; the first look as before
  uint32_t before[WIDTH * HEIGHT];
  clear(1);
  canvas_text(canvas, (Box){0, 0, 90, 30}, ALIGN_LEFT, "Bachata", 13, (Colour)WHITE);
  memcpy(before, canvas_pixels(canvas), sizeof(before));
  for (uint32_t code = 0x80; code < 0x1800; ++code) {
    const char text[] = {
      (char)(code < 0x800 ? 0xC0U | code >> 6U : 0xE0U | code >> 12U),
      (char)(0x80U | (code < 0x800 ? code & 0x3FU : code >> 6U & 0x3FU)),
      (char)(code < 0x800 ? 0U : 0x80U | (code & 0x3FU)),
      0};
    const double size = code % 100 ? 12 : 300;
    canvas_text(canvas, (Box){0, 0, 900, 30}, ALIGN_LEFT, text, size, (Colour)WHITE);
  }
  clear(1);
  canvas_text(canvas, (Box){0, 0, 90, 30}, ALIGN_LEFT, "Bachata", 13, (Colour)WHITE);
  CHECK(!memcmp(before, canvas_pixels(canvas), sizeof(before)));
}

static void
test_pictures(void)
{
  uint32_t picture[5 * 4];
  for (uint32_t i = 0; i < 5 * 4; ++i) {
    picture[i] = 0xFF000000U | i;
  }
  for (int times = 1; times < 4; ++times) {
    clear(1);
    const Box box = {7.4, 5.3, 4.0 * times, 4.0 * times};
    canvas_picture(canvas, box, picture, 5, 4, 4);
    for (int y = 0; y < HEIGHT; ++y) {
      for (int x = 0; x < WIDTH; ++x) {
        const bool is_in = x >= 7 && x < 7 + 4 * times && y >= 5 && y < 5 + 4 * times;
        const int  i     = (y - 5) / times * 5 + (x - 7) / times;
        CHECK(canvas_pixels(canvas)[y * WIDTH + x] ==
              (is_in ? picture[i] : 0xFF000000U));
      }
    }
  }
}

static void
test_boxes(void)
{
  const Box one   = {2, 3, 4, 5};
  const Box other = {-1, 4, 2, 9};
  const Box both  = box_union(one, other);
  CHECK(both.x == -1 && both.y == 3 && both.width == 7 && both.height == 10);
  CHECK(box_has(one, 2, 3) && box_has(one, 5.9, 7.9));
  CHECK(!box_has(one, 6, 3) && !box_has(one, 2, 8) && !box_has(one, 1.9, 3));
}

int
main(void)
{
  canvas = canvas_new();
  CHECK(canvas);
  test_coverage_is_area();
  test_whole_pixels_are_exact();
  test_blends();
  test_clips();
  test_text_has_its_width();
  test_text_is_crisp();
  test_long_text_ends_in_an_ellipsis();
  test_bytes_that_are_not_utf8();
  test_many_glyphs();
  test_pictures();
  test_boxes();
  canvas_free(canvas);
  canvas_free(NULL);
  return 0;
}
