/* SPDX-License-Identifier: GPL-3.0-or-later

   Write the table of the window's controls, and where each lies, as JSON.

       editor_controls N_TARGETS

   The list of targets has so many rows. */

#include "check.h"

#include "editor/controls.h"
#include "editor/layout.h"

#include <stdio.h>

static const char* const kinds[] = {
  [KIND_LIST]     = "list",
  [KIND_SEGMENTS] = "segments",
  [KIND_SWITCH]   = "switch",
  [KIND_BUTTON]   = "button",
  [KIND_SLIDER]   = "slider",
  [KIND_NUMBER]   = "number",
  [KIND_AREA]     = "area",
};

/// Of what is no parameter
static const char* const names[N_AREAS] = {
  [CONTROL_PREVIOUS] = "previous",
  [CONTROL_NEXT]     = "next",
  [CONTROL_OPEN]     = "open",
  [AREA_SONG]        = "song",
  [AREA_REFERENCE]   = "reference",
  [AREA_METERS]      = "meters",
};

static void
print_box(const Box box)
{
  printf("[%g, %g, %g, %g]", box.x, box.y, box.width, box.height);
}

static void
print_param(const ControlInfo* const control)
{
  const ParamInfo* const info = params_info(control->param);
  printf(", \"id\": %u, \"min\": %g, \"max\": %g, \"default\": %g, \"labels\": [",
         info->id,
         info->min,
         info->max,
         info->default_value);
  for (uint32_t i = 0; i < info->n_labels; ++i) {
    printf("%s\"%s\"", i ? ", " : "", params_label(info->labels, i));
  }
  printf("]");
}

/// Print where each value of a list can be chosen: in the control, or once it is open
static void
print_choices(const Control control, const uint32_t n)
{
  const ListLayout list        = layout_list(control, n);
  const bool       is_segments = control_info(control)->kind == KIND_SEGMENTS;
  printf(", \"choices\": [");
  for (uint32_t i = 0; i < (is_segments ? n : list.n_visible); ++i) {
    printf("%s", i ? ", " : "");
    print_box(is_segments ? layout_segment(control, i, n) : layout_list_row(&list, i));
  }
  printf("]");
}

static void
print_control(const Control control, const uint32_t n_targets)
{
  const ControlInfo* const info      = control_info(control);
  const bool               has_param = info->param < N_PARAMS;
  printf("\"%s\": {\"kind\": \"%s\", \"is_read_only\": %s, \"box\": ",
         has_param ? params_info(info->param)->key : names[control],
         kinds[info->kind],
         has_param && params_info(info->param)->read_only ? "true" : "false");
  print_box(layout_box(control));
  if (has_param) {
    print_param(info);
  }
  if (info->kind == KIND_LIST || info->kind == KIND_SEGMENTS) {
    const bool is_target = control == CONTROL_TARGET;
    print_choices(control, is_target ? n_targets : params_info(info->param)->n_labels);
  }
  if (info->kind == KIND_SLIDER) {
    printf(", \"track\": ");
    print_box(layout_track(control));
  }
  if (control_takes_digits(control)) {
    printf(", \"digits\": ");
    print_box(layout_digits(control));
  }
  printf("}");
}

int
main(const int argc, char** const argv)
{
  CHECK(argc == 2);
  const uint32_t n_targets = (uint32_t)atoi(argv[1]);
  printf("{");
  for (unsigned i = 0; i < N_AREAS; ++i) {
    printf("%s", i ? ",\n " : "");
    print_control((Control)i, n_targets);
  }
  printf("}\n");
  return 0;
}
