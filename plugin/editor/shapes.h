/* SPDX-License-Identifier: GPL-3.0-or-later

   How much of each pixel a shape covers.  Coordinates are pixels. */

#pragma once

/// Corners of a box in pixels, or of what bounds a shape
typedef struct {
  double left;
  double top;
  double right;
  double bottom;
} Edges;

/// A shape, without its holes
typedef struct {
  Edges  edges;
  double radius;    ///< Of a box's corners
  int    n_points;  ///< 0 for a box
  double points[8]; ///< Of a convex polygon: x0, y0, ...
} Shape;

/// A row of pixels, by the steps of coverage from each to the next
typedef struct {
  int    left;   ///< The first pixel
  int    right;  ///< The one behind the last
  float* values; ///< Two more than there are pixels
} Steps;

/// Return a box with round corners; the radius is made to fit
Shape
shape_round_box(Edges edges, double radius);

/// Return a convex polygon of `n` points: x0, y0, ...
Shape
shape_polygon(const double* points, int n);

/// Add what a shape covers of row `y`, times 1 or -1
void
shape_cover_row(const Shape* shape, int y, double sign, const Steps* steps);
