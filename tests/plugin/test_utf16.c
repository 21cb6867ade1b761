/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "check.h"

#include "core/utf16.h"

#include <string.h>

static void
test_round_trip(void)
{
  static const char* const texts[] = {"",
                                      "Tempo",
                                      "g\xc3\xbcira",
                                      "\xe9\x9f\xb3",
                                      "\xf0\x9f\x8e\xb8 guitar",
                                      "%",
                                      "\x7f"};
  for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); ++i) {
    int16_t wide[64];
    char    back[64];
    utf16_from_utf8(wide, 64, texts[i]);
    utf16_to_utf8(back, sizeof(back), wide);
    CHECK(!strcmp(texts[i], back));
  }
}

/// Cut between characters, wherever the room ends
static void
test_cut(void)
{
  static const char text[] = "a\xc3\xbc\xe9\x9f\xb3\xf0\x9f\x8e\xb8z";
  for (size_t n = 1; n < 12; ++n) {
    int16_t wide[12];
    int16_t whole[12];
    char    part[12];
    char    back[12];
    memset(wide, 0x55, sizeof(wide));
    memset(part, 0x55, sizeof(part));
    utf16_from_utf8(whole, 12, text);
    utf16_from_utf8(wide, n, text);
    utf16_to_utf8(part, n, whole);
    CHECK(strlen(part) < n && !strncmp(part, text, strlen(part)));
    utf16_to_utf8(back, sizeof(back), wide);
    CHECK(!strncmp(back, text, strlen(back)));
    CHECK(n == 12 || wide[n] == 0x5555);
  }
}

static void
test_nonsense(void)
{
  static const char* const bad[] = {
    "\xff", "\xc3", "\xe9\x9f", "\x80", "\xc0\x80", "\xed\xa0\x80", "\xf8\x88\x80\x80"};
  static const int16_t lone[] = {'a', (int16_t)0xD83C, 'b', (int16_t)0xDFB8, 0};
  char                 back[32];
  for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
    int16_t wide[32];
    utf16_from_utf8(wide, 32, bad[i]);
    CHECK((uint16_t)wide[0] == 0xFFFD);
  }
  utf16_to_utf8(back, sizeof(back), lone);
  CHECK(!strcmp(back,
                "a\xef\xbf\xbd"
                "b\xef\xbf\xbd"));
}

int
main(void)
{
  test_round_trip();
  test_cut();
  test_nonsense();
  return 0;
}
