/* SPDX-License-Identifier: GPL-3.0-or-later

   Windows without an editor, for tests/hosts/test_window.py: does what lines of stdin
   say, and writes a line for each event.  Windows have numbers from 0. */

#define _GNU_SOURCE // getline

#include "check.h"
#include "os/os.h"
#include "window/window.h"

#include <dirent.h>
#include <locale.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { N_WINDOWS = 4, MAX_SIDE = 4096 };

typedef struct {
  Window*  window;
  unsigned seed; ///< Of what is painted; 0 for nothing
  uint32_t width;
  uint32_t height;
} Slot;

static const WindowTable* table;
static Slot               slots[N_WINDOWS];
static uint32_t           pixels[MAX_SIDE * MAX_SIDE / 4];

static const char*
name_of(const WindowEventKind kind)
{
  static const char* const names[] = {
    [WINDOW_EXPOSE]     = "expose",
    [WINDOW_SIZE]       = "size",
    [WINDOW_PRESS]      = "press",
    [WINDOW_RELEASE]    = "release",
    [WINDOW_MOVE]       = "move",
    [WINDOW_LEAVE]      = "leave",
    [WINDOW_SCROLL]     = "scroll",
    [WINDOW_KEY]        = "key",
    [WINDOW_TEXT]       = "text",
    [WINDOW_FOCUS]      = "focus",
    [WINDOW_BLUR]       = "blur",
    [WINDOW_DRAG]       = "drag",
    [WINDOW_DRAG_LEAVE] = "drag_leave",
    [WINDOW_DROP]       = "drop",
    [WINDOW_CHOSEN]     = "chosen",
    [WINDOW_CLOSED]     = "closed",
  };
  return names[kind];
}

/// Show a part of the picture, whose pixels the test can compute too
static void
paint(const Slot* const slot, const WindowArea area)
{
  CHECK((size_t)slot->width * slot->height <= sizeof(pixels) / sizeof(pixels[0]));
  for (uint32_t y = 0; y < slot->height; ++y) {
    for (uint32_t x = 0; x < slot->width; ++x) {
      // The highest byte means nothing, so it may be anything
      pixels[y * slot->width + x] = (x * 2654435761U + y * 40503U) ^ slot->seed;
    }
  }
  table->show(slot->window, pixels, slot->width, area);
}

static void
take_event(void* const context, const WindowEvent* const event)
{
  Slot* const slot = (Slot*)context;
  printf("%s %d x=%.0f y=%.0f steps=%.0f button=%u n_clicks=%u modifiers=%u key=%d "
         "character=%u path=%s\n",
         name_of(event->kind),
         (int)(slot - slots),
         event->x,
         event->y,
         event->steps,
         event->button,
         event->n_clicks,
         event->modifiers,
         (int)event->key,
         event->character,
         event->path ? event->path : "");
  if (event->kind == WINDOW_SIZE) {
    slot->width  = (uint32_t)event->x;
    slot->height = (uint32_t)event->y;
  } else if (event->kind == WINDOW_EXPOSE && slot->seed) {
    paint(slot, (WindowArea){0, 0, slot->width, slot->height});
  }
}

static bool
open_window(Slot* const slot, const uintptr_t parent)
{
  const WindowSetup setup = {
    parent, slot->width, slot->height, "Prüfung", take_event, slot};
  const char* problem = NULL;
  slot->window        = table->open(&setup, &problem);
  CHECK(!slot->window == (problem != NULL));
  if (problem) {
    printf("problem %s\n", problem);
  }
  return slot->window != NULL;
}

/// Return a number of this process's memory or descriptors
static unsigned
resident_kb(void)
{
  long        n_pages = 0;
  FILE* const file    = fopen("/proc/self/statm", "r");
  CHECK(file && fscanf(file, "%*d %ld", &n_pages) == 1);
  fclose(file);
  return (unsigned)(n_pages * (sysconf(_SC_PAGESIZE) / 1024));
}

static unsigned
n_descriptors(void)
{
  unsigned   n      = 0;
  DIR* const folder = opendir("/proc/self/fd");
  CHECK(folder);
  while (readdir(folder)) {
    ++n;
  }
  closedir(folder);
  return n;
}

/// Open and close again and again, and say what that has cost after the first tenth
static void
churn(const unsigned n, const uintptr_t parent)
{
  unsigned kb   = 0;
  unsigned n_fd = 0;
  for (unsigned i = 0; i < n; ++i) {
    if (i == n / 10) {
      kb   = resident_kb();
      n_fd = n_descriptors();
    }
    CHECK(open_window(&slots[0], parent));
    for (unsigned each = 0; each < 3; ++each) {
      table->dispatch(slots[0].window);
      paint(&slots[0], (WindowArea){0, 0, slots[0].width, slots[0].height});
    }
    table->close(slots[0].window);
    slots[0].window = NULL;
  }
  printf("churned kb=%d n_fd=%d\n",
         (int)resident_kb() - (int)kb,
         (int)n_descriptors() - (int)n_fd);
}

/// Wait for events or, unless `has_line` is NULL, for the next line of stdin; return
/// how many windows had some
static unsigned
wait_for_events(const int limit_ms, bool* const has_line)
{
  struct pollfd polled[N_WINDOWS + 1] = {{has_line ? STDIN_FILENO : -1, POLLIN, 0}};
  for (unsigned i = 0; i < N_WINDOWS; ++i) {
    Window* const window = slots[i].window;
    polled[i + 1] = (struct pollfd){window ? table->descriptor(window) : -1, POLLIN, 0};
  }
  poll(polled, N_WINDOWS + 1, limit_ms);

  unsigned n = 0;
  for (unsigned i = 0; i < N_WINDOWS; ++i) {
    if (polled[i + 1].fd >= 0 && polled[i + 1].revents) {
      table->dispatch(slots[i].window);
      ++n;
    }
  }
  if (has_line) {
    *has_line = polled[0].revents != 0;
  }
  return n;
}

/// Say how often events came, and how long the process has computed, without any line
static void
idle(const unsigned duration_ms)
{
  const clock_t  began   = clock();
  const uint64_t end_ms  = os_now_ms() + duration_ms;
  unsigned       n_woken = 0;
  uint64_t       now_ms  = 0;
  while ((now_ms = os_now_ms()) < end_ms) {
    n_woken += wait_for_events((int)(end_ms - now_ms), NULL);
  }
  printf("idled n=%u cpu_ms=%.1f\n",
         n_woken,
         (double)(clock() - began) * 1000.0 / (double)CLOCKS_PER_SEC);
}

/// Do what a line says that names a window
static void
run_on(Slot* const slot, const char* const command, const char* const rest)
{
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  unsigned e = 0;
  (void)sscanf(rest, "%u %u %u %u %u", &a, &b, &c, &d, &e);
  Window* const window = slot->window;
  if (!strcmp(command, "open")) {
    slot->width  = b;
    slot->height = c;
    if (open_window(slot, a)) {
      printf("opened %lu\n", (unsigned long)table->native(slot->window));
    }
    return;
  }
  CHECK(window);
  if (!strcmp(command, "close")) {
    table->close(window);
    *slot = (Slot){0};
  } else if (!strcmp(command, "size")) {
    table->set_size(window, a, b);
  } else if (!strcmp(command, "focus")) {
    table->grab_focus(window);
  } else if (!strcmp(command, "scale")) {
    printf("scale %g\n", table->scale(window));
  } else if (!strcmp(command, "choose")) {
    printf("choosing %d\n", table->choose_file(window, rest));
  } else if (!strcmp(command, "paint")) {
    slot->seed = a;
    paint(slot, (WindowArea){b, c, d, e});
  } else if (!strcmp(command, "dispatch")) {
    table->dispatch(window);
  } else {
    CHECK(!"a command");
  }
}

static bool
run_line(char* const line)
{
  char     command[16];
  unsigned first            = 0;
  int      length           = 0;
  line[strcspn(line, "\n")] = '\0';
  if (sscanf(line, "%15s %u %n", command, &first, &length) < 1) {
    return false;
  }
  if (!strcmp(command, "idle")) {
    idle(first);
  } else if (!strcmp(command, "churn")) {
    unsigned parent = 0;
    (void)sscanf(line + length, "%u", &parent);
    slots[0] = (Slot){NULL, 1, 360, 210};
    churn(first, parent);
  } else if (!strcmp(command, "locale")) {
    printf("locale %s\n", setlocale(LC_ALL, NULL));
  } else {
    CHECK(first < N_WINDOWS && length > 0);
    run_on(&slots[first], command, line + length);
  }
  printf("done\n");
  return true;
}

int
main(void)
{
  setvbuf(stdout, NULL, _IOLBF, 0);
  const char* problem = NULL;
  table               = window_library(&problem);
  if (!table) {
    printf("problem %s\n", problem);
    return 2;
  }

  char*  line    = NULL;
  size_t size    = 0;
  bool   is_open = true;
  setvbuf(stdin, NULL, _IONBF, 0); // so that poll knows of every line
  while (is_open) {
    bool has_line = false;
    wait_for_events(-1, &has_line);
    if (has_line) {
      is_open = getline(&line, &size, stdin) > 0 && run_line(line);
    }
  }
  free(line);
  for (unsigned i = 0; i < N_WINDOWS; ++i) {
    if (slots[i].window) {
      table->close(slots[i].window);
    }
  }
  printf("ended\n");
  return 0;
}
