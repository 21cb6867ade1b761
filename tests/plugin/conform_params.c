/* SPDX-License-Identifier: GPL-3.0-or-later

   Parameters as the controller describes them, without any sound. */

#include "conform.h"

#include "check.h"
#include "core/utf16.h"

#include <math.h>
#include <string.h>

typedef struct v3_param_info Info;

static const struct v3_edit_controller*
table(const Instance* const p)
{
  return *p->controller;
}

static int32_t
count(const Instance* const p)
{
  return table(p)->get_parameter_count(p->controller);
}

static Info
info_of(const Instance* const p, const int32_t index)
{
  Info info;
  memset(&info, 0x7F, sizeof(info));
  EXPECT(table(p)->get_parameter_info(p->controller, index, &info) == V3_OK);
  return info;
}

static double
get(const Instance* const p, const v3_param_id id)
{
  return table(p)->get_parameter_normalised(p->controller, id);
}

static v3_result
set(const Instance* const p, const v3_param_id id, const double normalised)
{
  return table(p)->set_parameter_normalised(p->controller, id, normalised);
}

static double
to_plain(const Instance* const p, const v3_param_id id, const double normalised)
{
  return table(p)->normalised_parameter_to_plain(p->controller, id, normalised);
}

static double
to_normalised(const Instance* const p, const v3_param_id id, const double plain)
{
  return table(p)->plain_parameter_to_normalised(p->controller, id, plain);
}

/// Write a value's text; return whether it is one, of some length
static bool
to_text(const Instance* const p,
        const v3_param_id     id,
        const double          normalised,
        v3_str_128            text)
{
  memset(text, 0x7F, sizeof(v3_str_128));
  return table(p)->get_parameter_string_for_value(
           p->controller, id, normalised, text) == V3_OK &&
         text[0] && memchr(text, 0, sizeof(v3_str_128));
}

static v3_result
from_text(const Instance* const p,
          const v3_param_id     id,
          v3_str_128            text,
          double* const         normalised)
{
  return table(p)->get_parameter_value_for_string(p->controller, id, text, normalised);
}

static bool
is_text(const int16_t* const text)
{
  int i = 0;
  while (i < VST3_TEXT_SIZE && text[i]) {
    ++i;
  }
  return i < VST3_TEXT_SIZE;
}

static bool
near(const double a, const double b)
{
  return fabs(a - b) < 1e-9;
}

static void
params_are_described(Instance* const p)
{
  for (int32_t i = 0; i < count(p); ++i) {
    const Info info = info_of(p, i);
    EXPECT(info.param_id <= INT32_MAX); // hosts take the upper half for themselves
    EXPECT(info.title[0] && is_text(info.title));
    EXPECT(is_text(info.short_title) && is_text(info.units));
    EXPECT(info.step_count >= 0);
    EXPECT(info.default_normalised_value >= 0.0 &&
           info.default_normalised_value <= 1.0);
    EXPECT(info.unit_id == 0); // the root: there are no units
    for (int32_t j = 0; j < i; ++j) {
      const Info other = info_of(p, j);
      EXPECT(other.param_id != info.param_id);
      EXPECT(memcmp(other.title, info.title, sizeof(info.title)) != 0);
    }
  }
  EXPECT(count(p) > 0 && count(p) <= 20); // more would want units
}

static void
params_have_good_flags(Instance* const p)
{
  int n_bypasses = 0;
  for (int32_t i = 0; i < count(p); ++i) {
    const Info info  = info_of(p, i);
    const int  flags = info.flags;
    EXPECT(!((flags & V3_PARAM_CAN_AUTOMATE) && (flags & V3_PARAM_READ_ONLY)));
    EXPECT(!((flags & V3_PARAM_PROGRAM_CHANGE) && (flags & V3_PARAM_READ_ONLY)));
    EXPECT(!((flags & V3_PARAM_WRAP_AROUND) && (flags & V3_PARAM_READ_ONLY)));
    EXPECT(!(flags & V3_PARAM_IS_HIDDEN) || !(flags & V3_PARAM_CAN_AUTOMATE));
    EXPECT(!(flags & V3_PARAM_IS_LIST) || info.step_count > 0);
    if (flags & V3_PARAM_IS_BYPASS) {
      ++n_bypasses;
      EXPECT((flags & V3_PARAM_CAN_AUTOMATE) && info.step_count == 1);
    }
  }
  EXPECT(n_bypasses <= 1);
}

static void
params_of_invalid_index(Instance* const p)
{
  const int32_t indices[] = {-1, count(p), count(p) + 1, INT32_MIN, INT32_MAX};
  for (int i = 0; i < 5; ++i) {
    Info info;
    EXPECT(table(p)->get_parameter_info(p->controller, indices[i], &info) != V3_OK);
  }
}

static void
params_of_unknown_id(Instance* const p)
{
  static const v3_param_id unknown[] = {0x7FFFFFFE, 0xFFFFFFFF, 0x80000000, 1000003};
  const Values             before    = values_read(p);
  for (int i = 0; i < 4; ++i) {
    v3_str_128 text  = {'1', 0};
    double     value = 0.5;
    EXPECT(set(p, unknown[i], 0.5) != V3_OK);
    EXPECT(from_text(p, unknown[i], text, &value) != V3_OK);
    EXPECT(table(p)->get_parameter_string_for_value(
             p->controller, unknown[i], 0.5, text) != V3_OK);
    EXPECT(isfinite(get(p, unknown[i])));
    EXPECT(isfinite(to_plain(p, unknown[i], 0.5)));
    EXPECT(isfinite(to_normalised(p, unknown[i], 0.5)));
  }
  EXPECT(values_hold(p, &before));
}

static void
params_begin_at_their_defaults(Instance* const p)
{
  for (int32_t i = 0; i < count(p); ++i) {
    const Info info = info_of(p, i);
    EXPECT(near(get(p, info.param_id), info.default_normalised_value));
  }
}

static void
plain_values_come_back(Instance* const p)
{
  for (int32_t i = 0; i < count(p); ++i) {
    const Info        info = info_of(p, i);
    const v3_param_id id   = info.param_id;
    const int32_t     n    = info.step_count ? info.step_count : 1000;
    double            last = -INFINITY;
    for (int32_t step = 0; step <= n; ++step) {
      const double normalised = (double)step / n;
      const double plain      = to_plain(p, id, normalised);
      EXPECT(near(to_normalised(p, id, plain), normalised));
      EXPECT(!info.step_count || near(plain, step));
      EXPECT(plain > last);
      last = plain;
    }
  }
}

/// Check that a value's text leads back to it, as near as text is fine
static void
check_text(const Instance* const p, const Info* const info, const double normalised)
{
  v3_str_128        text;
  v3_str_128        again;
  double            back = -1.0;
  const v3_param_id id   = info->param_id;
  EXPECT(to_text(p, id, normalised, text));
  if (EXPECT(from_text(p, id, text, &back) == V3_OK)) {
    EXPECT(back >= 0.0 && back <= 1.0);
    EXPECT(fabs(back - normalised) < (info->step_count ? 1e-9 : 1e-3));
    EXPECT(to_text(p, id, back, again) && !memcmp(text, again, sizeof(int16_t)));
  }
}

static void
texts_come_back(Instance* const p)
{
  for (int32_t i = 0; i < count(p); ++i) {
    const Info    info = info_of(p, i);
    const int32_t n    = info.step_count ? info.step_count : 997;
    for (int32_t step = 0; step <= n; ++step) {
      check_text(p, &info, (double)step / n);
    }
  }
}

static void
texts_of_lists_differ(Instance* const p)
{
  for (int32_t i = 0; i < count(p); ++i) {
    const Info info = info_of(p, i);
    for (int32_t a = 0; a <= info.step_count && info.step_count; ++a) {
      v3_str_128 one = {0};
      EXPECT(to_text(p, info.param_id, (double)a / info.step_count, one));
      for (int32_t b = 0; b < a; ++b) {
        v3_str_128 other;
        EXPECT(to_text(p, info.param_id, (double)b / info.step_count, other));
        int j = 0;
        while (one[j] && one[j] == other[j]) {
          ++j;
        }
        EXPECT(one[j] != other[j]);
      }
    }
  }
}

static void
texts_change_nothing(Instance* const p)
{
  const Values before = values_read(p);
  texts_come_back(p);
  plain_values_come_back(p);
  EXPECT(values_hold(p, &before));
}

static void
values_are_kept(Instance* const p)
{
  for (int32_t i = 0; i < count(p); ++i) {
    const Info info = info_of(p, i);
    if (!is_writable(info.flags)) {
      continue;
    }
    const int32_t n = info.step_count ? info.step_count : 100;
    for (int32_t step = 0; step <= n; ++step) {
      EXPECT(set(p, info.param_id, (double)step / n) == V3_OK);
      EXPECT(near(get(p, info.param_id), (double)step / n));
    }
  }
}

static void
values_out_of_range(Instance* const p)
{
  static const double absurd[] = {
    -0.001, -1.0, 1.001, 2.0, 1e300, -1e300, INFINITY, -INFINITY, NAN, -0.0};
  for (int32_t i = 0; i < count(p); ++i) {
    const Info        info = info_of(p, i);
    const v3_param_id id   = info.param_id;
    for (int j = 0; j < 10; ++j) {
      v3_str_128 text;
      (void)set(p, id, absurd[j]);
      EXPECT(get(p, id) >= 0.0 && get(p, id) <= 1.0);
      EXPECT(isfinite(to_plain(p, id, absurd[j])));
      const double normalised = to_normalised(p, id, absurd[j]);
      EXPECT(normalised >= 0.0 && normalised <= 1.0);
      EXPECT(to_text(p, id, absurd[j], text));
    }
  }
}

static void
read_only_params_stay(Instance* const p)
{
  int n = 0;
  for (int32_t i = 0; i < count(p); ++i) {
    const Info   info   = info_of(p, i);
    const double before = get(p, info.param_id);
    if (!is_writable(info.flags)) {
      (void)set(p, info.param_id, before > 0.5 ? 0.0 : 1.0);
      EXPECT(near(get(p, info.param_id), before));
      ++n;
    }
  }
  EXPECT(n > 0);
}

static void
params_fuzzed(Instance* const p)
{
  unsigned seed = 6;
  for (int i = 0; i < 2000; ++i) {
    const Info   info  = info_of(p, (int32_t)(draw(&seed) % (unsigned)count(p)));
    const double value = draw_fraction(&seed);
    v3_str_128   text;
    double       back = 0.0;
    (void)set(p, info.param_id, value);
    EXPECT(get(p, info.param_id) >= 0.0 && get(p, info.param_id) <= 1.0);
    EXPECT(to_text(p, info.param_id, value, text));
    EXPECT(from_text(p, info.param_id, text, &back) == V3_OK);
  }
}

static void
texts_fuzzed(Instance* const p)
{
  static const char likely[] = "0123456789.,-+eE% \t\n";
  unsigned          seed     = 8;
  for (int i = 0; i < 20000; ++i) {
    const Info     info = info_of(p, (int32_t)(draw(&seed) % (unsigned)count(p)));
    const unsigned n    = draw(&seed) % VST3_TEXT_SIZE;
    v3_str_128     text = {0};
    double         back = 0.5;
    for (unsigned j = 0; j < n; ++j) {
      const unsigned any = draw(&seed);
      text[j] = (int16_t)(any & 0x10000U ? any : (unsigned char)likely[any % 20U]);
    }
    if (from_text(p, info.param_id, text, &back) == V3_OK) {
      EXPECT(back >= 0.0 && back <= 1.0);
    } else {
      EXPECT(near(back, 0.5)); // what is refused is not written
    }
  }
}

static void
texts_without_sense(Instance* const p)
{
  static const char* const senseless[] = {"", "?", "no such thing", "%", "--1", "."};
  for (int32_t i = 0; i < count(p); ++i) {
    const Info info = info_of(p, i);
    for (int j = 0; j < 6; ++j) {
      v3_str_128 text;
      double     back = 0.5;
      utf16_from_utf8(text, VST3_TEXT_SIZE, senseless[j]);
      EXPECT(from_text(p, info.param_id, text, &back) != V3_OK);
    }
  }
}

const Check conform_params[] = {ROW(params_are_described),
                                ROW(params_have_good_flags),
                                ROW(params_of_invalid_index),
                                ROW(params_of_unknown_id),
                                ROW(params_begin_at_their_defaults),
                                ROW(plain_values_come_back),
                                ROW(texts_come_back),
                                ROW(texts_of_lists_differ),
                                ROW(texts_change_nothing),
                                ROW(texts_without_sense),
                                ROW(values_are_kept),
                                ROW(values_out_of_range),
                                ROW(read_only_params_stay),
                                ROW(params_fuzzed),
                                ROW(texts_fuzzed),
                                {NULL, NULL}};
