/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/thumbnail.h"

#include <math.h>

enum { N_PEAKS = 128 };

/// Return the largest peak of a stretch, 0 to 1
static double
peak_of(const unsigned char peaks[N_PEAKS], const double from, const double to)
{
  const int start = (int)fmax(0, floor(from));
  const int end   = (int)fmin(N_PEAKS, fmax(ceil(to), start + 1.0));
  int       peak  = 0;
  for (int i = start; i < end; ++i) {
    peak = peaks[i] > peak ? peaks[i] : peak;
  }
  return peak / 255.0;
}

void
thumbnail_paint(Canvas* const                 canvas,
                const Box                     box,
                const ReferenceSummary* const summary,
                const Colour                  colour)
{
  // Bars of whole pixels with gaps: a waveform of 128 values has no finer shape
  const double scale  = canvas_scale(canvas);
  const double pixel  = 1 / scale;
  const double bar    = fmax(1, round(2 * scale)) * pixel;
  const double step   = bar + fmax(1, round(scale)) * pixel;
  const int    n_bars = (int)floor((box.width + step - bar) / step);
  const double left   = round(box.x * scale) * pixel;
  const double middle = round((box.y + box.height / 2) * scale) * pixel;
  for (int i = 0; i < n_bars; ++i) {
    const double share  = (double)N_PEAKS / n_bars;
    const double peak   = peak_of(summary->peaks, i * share, (i + 1) * share);
    const double half   = fmax(pixel, round(peak * box.height / 2 * scale) * pixel);
    const Box    column = {left + i * step, middle - half, bar, 2 * half};
    canvas_fill(canvas, column, colour);
  }
}
