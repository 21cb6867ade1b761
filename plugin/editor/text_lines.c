/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/text_lines.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { MAX_LINE = 256 }; ///< Bytes, with the end

/// Copy the head of a text as a line
static void
copy_line(char line[MAX_LINE], const char* const text, const size_t length)
{
  snprintf(line, MAX_LINE, "%.*s", (int)length, text);
}

/// Return how many bytes of a text make up its first line
static size_t
measure_line(const Canvas* const canvas,
             const double        width,
             const char* const   text,
             const double        size)
{
  const size_t end    = strcspn(text, "\n");
  size_t       length = 0;
  while (length < end) {
    size_t next = length + strspn(text + length, " ");
    next += strcspn(text + next, " \n");
    char line[MAX_LINE];
    copy_line(line, text, next);
    // A word that is too long for any line has one of its own
    if (length && canvas_text_width(canvas, line, size) > width) {
      return length;
    }
    length = next;
  }
  return end;
}

/// Return the text after its first line
static const char*
skip_line(const char* const text, const size_t length)
{
  const char* const rest = text + length;
  return *rest == '\n' ? rest + 1 : rest + strspn(rest, " ");
}

uint32_t
text_lines_count(const Canvas* const canvas,
                 const double        width,
                 const char*         text,
                 const double        size)
{
  uint32_t n = 0;
  while (*text) {
    text = skip_line(text, measure_line(canvas, width, text, size));
    ++n;
  }
  return n;
}

void
text_lines_paint(Canvas* const          canvas,
                 const Box              box,
                 const char*            text,
                 const TextStyle* const style,
                 const uint32_t         max_lines)
{
  for (uint32_t i = 0; *text && i < max_lines; ++i) {
    const bool is_last = i + 1 == max_lines;
    size_t     length  = measure_line(canvas, box.width, text, style->size);
    if (is_last) {
      length = strcspn(text, "\n");
    }
    char line[MAX_LINE];
    copy_line(line, text, length);
    const Box row = {box.x, box.y + i * style->height, box.width, style->height};
    canvas_text(canvas, row, ALIGN_LEFT, line, style->size, style->colour);
    text = skip_line(text, length);
  }
}
