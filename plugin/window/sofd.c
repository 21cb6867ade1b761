/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "window/sofd.h"

#include <stdlib.h>
#include <string.h>

/// Return a folder for libsofd, which copies names into 1024 bytes without a look
static char*
variable(const char* const name)
{
  static char root[] = "/";

  char* const value = getenv(name);
  const bool  is_good =
    value && value[0] == '/' && !strstr(value, "//") && strlen(value) <= SOFD_MAX_PATH;
  return is_good ? value : root;
}

// It asserts what a user can bring about
#ifndef NDEBUG
#  define NDEBUG
#endif
#define HAVE_X11
#define Window XWindow
#define getenv variable
#include <libsofd.c> // NOLINT(bugprone-suspicious-include): not to be linked alone
#undef getenv
#undef Window

bool
sofd_show(Display* const    display,
          const XWindow     owner,
          const char* const title,
          int (*const filter)(const char* name),
          const double scale)
{
  if (_fib_win) {
    return false;
  }
  if (strlen(_cur_path) > SOFD_MAX_PATH) {
    _cur_path[0] = '\0';
  }
  _fib_font_height = 0; // the fonts may be another server's, and the scale another
  x_fib_cfg_filter_callback(filter);
  x_fib_configure(1, title);
  return !x_fib_show(display, owner, 0, 0, scale);
}

XWindow
sofd_window(void)
{
  return _fib_win;
}

int
sofd_take_event(Display* const display, XEvent* const event)
{
  if (event->type == ClientMessage && event->xany.window == _fib_win) {
    x_fib_close(display); // the only message is to close; its handler leaks here
    return -1;
  }
  const int status = x_fib_handle_events(display, event);
  if (!status && strlen(_cur_path) > SOFD_MAX_PATH) {
    x_fib_close(display); // a file's name might not fit any more
    return -1;
  }
  return status;
}

const char*
sofd_path(void)
{
  return _rv_open;
}

void
sofd_close(Display* const display)
{
  x_fib_close(display);
}
