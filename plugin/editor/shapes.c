/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/shapes.h"

#include <math.h>
#include <stddef.h>

/*
  A shape gives the stretch of a horizontal line that it covers.  Each row of pixels is
  the mean of some such lines; along them, coverage is exact.
*/

enum { N_LINES = 8 };

Shape
shape_round_box(const Edges edges, const double radius)
{
  const double width  = edges.right - edges.left;
  const double height = edges.bottom - edges.top;
  return (Shape){.edges  = edges,
                 .radius = fmax(0, fmin(radius, fmin(width, height) / 2))};
}

Shape
shape_polygon(const double* const points, const int n)
{
  Shape shape = {.n_points = n, .edges = {INFINITY, INFINITY, -INFINITY, -INFINITY}};
  for (int i = 0; i < 2 * n; i += 2) {
    shape.points[i]     = points[i];
    shape.points[i + 1] = points[i + 1];
    shape.edges.left    = fmin(shape.edges.left, points[i]);
    shape.edges.top     = fmin(shape.edges.top, points[i + 1]);
    shape.edges.right   = fmax(shape.edges.right, points[i]);
    shape.edges.bottom  = fmax(shape.edges.bottom, points[i + 1]);
  }
  return shape;
}

/// Write what a box with round corners covers of a horizontal line
static void
cross_round(const Shape* const shape, const double y, double* left, double* right)
{
  const Edges* const e     = &shape->edges;
  const double       r     = shape->radius;
  const double       d     = fmax(0, fmax(e->top + r - y, y - (e->bottom - r)));
  const double       inset = r - sqrt(fmax(0, r * r - d * d));
  *left                    = e->left + inset;
  *right                   = e->right - inset;
}

/// Write what a polygon covers of one
static void
cross_polygon(const Shape* const shape, const double y, double* left, double* right)
{
  *left  = INFINITY;
  *right = -INFINITY;
  for (int i = 0; i < shape->n_points; ++i) {
    const double* const one = &shape->points[2 * (ptrdiff_t)i];
    const double* const other =
      &shape->points[2 * (ptrdiff_t)((i + 1) % shape->n_points)];
    if ((one[1] <= y) != (other[1] <= y)) {
      const double share = (y - one[1]) / (other[1] - one[1]);
      const double x     = one[0] + share * (other[0] - one[0]);
      *left              = fmin(*left, x);
      *right             = fmax(*right, x);
    }
  }
}

/// Add a step of coverage at an edge
static void
add_step(const Steps* const steps, const double x, const double weight)
{
  const double pixel = floor(x);
  const double share = (x - pixel) * weight;
  const int    index = (int)pixel - steps->left;
  steps->values[index] += (float)(weight - share);
  steps->values[index + 1] += (float)share;
}

void
shape_cover_row(const Shape* const shape,
                const int          y,
                const double       sign,
                const Steps* const steps)
{
  const double top    = fmax(shape->edges.top, y);
  const double bottom = fmin(shape->edges.bottom, y + 1.0);
  if (top >= bottom) {
    return;
  }
  const double weight = sign * (bottom - top) / N_LINES;
  for (int i = 0; i < N_LINES; ++i) {
    const double line  = top + (i + 0.5) / N_LINES * (bottom - top);
    double       left  = 0;
    double       right = 0;
    (shape->n_points ? cross_polygon : cross_round)(shape, line, &left, &right);
    left  = fmax(left, steps->left);
    right = fmin(right, steps->right);
    if (left < right) {
      add_step(steps, left, weight);
      add_step(steps, right, -weight);
    }
  }
}
