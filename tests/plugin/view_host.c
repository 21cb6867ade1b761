/* SPDX-License-Identifier: GPL-3.0-or-later

   A host with windows on X11: opens a plugin's window, in one of its own, while a
   thread processes blocks.

       view_host FORMAT BUNDLE [--opens N] [--hold MS] [--seconds S] [--resize]
                 [--scale FACTOR] [--in FILE] [--tempo BPM] [--sin KIND] [--two]
                 [--talk] [--die] [--no-run-loop] [--check]

   FORMAT is vst3, clap or lv2.  `--opens` opens and closes the window so often, for
   `--hold` milliseconds each; `--resize` has each opening resize and scale it, too.
   After that it is open for `--seconds`, of two instances with `--two`.  `--in` is a
   sound that goes round, of interleaved 32-bit floats, else it is silence.  `--tempo`
   has the host play, else it stands.  `--die`
   ends the process with the window open.  `--check` does what hosts do wrongly.

   Prints `ready` while the window of `--seconds` is open, then JSON.  With `--talk`
   that is open until stdin ends, and each edit is printed when it happens: see
   view_talk.h.

   With the library of watch.c preloaded, what the plugin calls in a block is counted;
   `--sin` has each block do what it must not, to see that. */

#include "view_host.h"

#include "check.h"
#include "host_watch.h"
#include "play.h"
#include "view_loop.h"
#include "view_talk.h"

#include <X11/Xlib.h>
#include <X11/Xutil.h>

#include <malloc.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { MAX_PLUGINS = 2, MAX_EDITS = 4096, BACKGROUND = 0xFF00FF };

typedef struct {
  const char* bundle;
  const char* in_path; ///< NULL for silence
  int         n_opens;
  double      hold_ms;
  double      seconds;
  double      tempo_bpm; ///< 0 while the host stands
  double      scale;     ///< 0 where the host does not say
  bool        resizes;
  bool        dies;
  bool        checks;
  bool        talks;
  const char* sin; ///< NULL for none
  int         n_plugins;
} Options;

/// An instance, and the window that the host gives it
typedef struct {
  void*    plugin;
  Window   parent;
  uint32_t width;
  uint32_t height;
} Slot;

typedef struct {
  int          slot;
  ViewEditKind kind;
  uint32_t     id;
  double       value;
} Edit;

bool view_has_no_loop;

static Watch             watch;
static const ViewFormat* format;
static Display*          display;
static Slot              slots[MAX_PLUGINS];

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static Edit            edits[MAX_EDITS]; // guarded by `mutex`
static int             n_edits;          // likewise
static int             n_restarts;       // main thread
static int             n_values;         // likewise
static int             n_sizes;          // likewise

/* What the formats report */

static int
slot_of(const void* const plugin)
{
  return plugin == slots[1].plugin;
}

void
view_note_edit(const void* const  plugin,
               const ViewEditKind kind,
               const uint32_t     id,
               const double       value)
{
  pthread_mutex_lock(&mutex);
  CHECK(n_edits < MAX_EDITS);
  edits[n_edits++] = (Edit){slot_of(plugin), kind, id, value};
  view_talk_edit(slot_of(plugin), kind, id, value);
  pthread_mutex_unlock(&mutex);
}

bool
view_take_size(const void* const plugin, const uint32_t width, const uint32_t height)
{
  Slot* const slot = &slots[slot_of(plugin)];
  slot->width      = width;
  slot->height     = height;
  ++n_sizes;
  if (slot->parent) {
    XResizeWindow(display, slot->parent, width, height);
    XSync(display, False);
  }
  return true;
}

void
view_enter_plugin(void)
{
  if (watch.begin) {
    watch.begin();
  }
}

void
view_leave_plugin(void)
{
  if (watch.end) {
    watch.end();
  }
}

void
view_note_request(const char* const name)
{
  n_restarts += !strcmp(name, "restart");
  n_values += !strcmp(name, "values");
}

/* The thread that processes */

typedef struct {
  atomic_bool ends;
  float*      sound; ///< Interleaved; NULL for silence
  size_t      n_frames;
  double      tempo_bpm;
  const char* sin;
  atomic_int  n_blocks;
  atomic_int  n_late;  ///< Took longer than they last, though the thread had its core
  atomic_int  n_waits; ///< How often the thread let another run, by the kernel's count
  _Atomic double max_ms;
} Processing;

static Processing processing;

/// Fill a block from the sound, which goes round
static void
fill(float block[2][VIEW_BLOCK], const size_t start)
{
  for (size_t i = 0; i < VIEW_BLOCK; ++i) {
    const size_t frame = processing.n_frames ? (start + i) % processing.n_frames : 0;
    for (size_t c = 0; c < 2; ++c) {
      block[c][i] = processing.sound ? processing.sound[2 * frame + c] : 0.0F;
    }
  }
}

/// Process a block in one instance, and count what is wrong with that
static void
process_block(const int index, float block[2][VIEW_BLOCK], const ViewSong* const song)
{
  float* const  channels[] = {block[0], block[1]};
  struct rusage before;
  struct rusage after;
  CHECK(!getrusage(RUSAGE_THREAD, &before));
  const double begun = play_now_ms();
  format->process(slots[index].plugin, channels, VIEW_BLOCK, song);
  const double took = play_now_ms() - begun;
  CHECK(!getrusage(RUSAGE_THREAD, &after));
  const bool is_late       = took > 1000.0 * VIEW_BLOCK / VIEW_RATE;
  const bool was_preempted = after.ru_nivcsw != before.ru_nivcsw;
  atomic_fetch_add(&processing.n_late, is_late && !was_preempted);
  atomic_fetch_add(&processing.n_waits, (int)(after.ru_nvcsw - before.ru_nvcsw));
  atomic_store(&processing.max_ms, fmax(atomic_load(&processing.max_ms), took));
}

static void*
process_blocks(void* const unused)
{
  (void)unused;
  static float block[2][VIEW_BLOCK];
  const double tempo_bpm = processing.tempo_bpm;
  double       due_ms    = play_now_ms();
  if (watch.arm) {
    watch.arm();
  }
  for (size_t start = 0; !atomic_load(&processing.ends); start += VIEW_BLOCK) {
    const ViewSong song = {(double)start * tempo_bpm / (60.0 * VIEW_RATE), tempo_bpm};
    for (int i = 0; i < MAX_PLUGINS && slots[i].plugin; ++i) {
      fill(block, start);
      process_block(i, block, tempo_bpm > 0.0 ? &song : NULL);
    }
    if (processing.sin) {
      view_enter_plugin();
      CHECK(watch_sin(processing.sin));
      view_leave_plugin();
    }
    atomic_fetch_add(&processing.n_blocks, 1);
    due_ms += 1000.0 * VIEW_BLOCK / VIEW_RATE;
    const double wait_ms = due_ms - play_now_ms();
    if (wait_ms > 0.0) {
      usleep((useconds_t)(1000.0 * wait_ms));
    } else {
      due_ms -= wait_ms;
    }
  }
  return NULL;
}

/* Windows */

/// Take what has happened to our own windows
static void
take_events(void* const context, const int descriptor)
{
  (void)context;
  (void)descriptor;
  while (XPending(display)) {
    XEvent event;
    XNextEvent(display, &event);
  }
}

static void
make_parent(const int index)
{
  Slot* const slot = &slots[index];
  if (slot->plugin) {
    format->size(slot->plugin, &slot->width, &slot->height);
  }
  slot->parent = XCreateSimpleWindow(display,
                                     DefaultRootWindow(display),
                                     index * 800,
                                     0,
                                     slot->width,
                                     slot->height,
                                     0,
                                     0,
                                     BACKGROUND);
  XSelectInput(display, slot->parent, StructureNotifyMask);
  XMapWindow(display, slot->parent);
  XSync(display, False);
}

static void
drop_parent(Slot* const slot)
{
  XDestroyWindow(display, slot->parent);
  XSync(display, False);
  slot->parent = 0;
}

/// Return whether something is painted along the middle of a slot's window
static bool
is_painted(const Slot* const slot)
{
  const unsigned width = slot->width;
  XImage* const  image = XGetImage(
    display, slot->parent, 0, (int)slot->height / 2, width, 1, 0xFFFFFF, ZPixmap);
  CHECK(image);
  unsigned n = 0;
  for (unsigned x = 0; x < width; ++x) {
    const unsigned long pixel = XGetPixel(image, (int)x, 0) & 0xFFFFFFU;
    n += pixel != BACKGROUND && pixel != 0;
  }
  XDestroyImage(image);
  return n > width / 2;
}

/// Open a slot's window; return after how many milliseconds it is painted
static double
open_slot(const int index)
{
  Slot* const slot = &slots[index];
  make_parent(index);
  const double begun = play_now_ms();
  CHECK(format->open(slot->plugin, slot->parent));
  while (!is_painted(slot)) {
    CHECK(play_now_ms() - begun < 10000.0);
    view_loop_run(1.0);
  }
  return play_now_ms() - begun;
}

static void
close_slot(Slot* const slot)
{
  format->close(slot->plugin);
  drop_parent(slot);
  CHECK(view_loop_count() == 1); // the host's own
}

/* Measurements */

static double
resident_mb(void)
{
  long        n_pages = 0;
  FILE* const file    = fopen("/proc/self/statm", "r");
  (void)malloc_trim(0);
  CHECK(file && fscanf(file, "%*d %ld", &n_pages) == 1);
  fclose(file);
  return (double)n_pages * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

static double
cpu_s(void)
{
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

typedef struct {
  double first_paint_ms;
  double warm_mb;
  double end_mb;
  double cpu_s; ///< Of the main thread, over `seconds`
} Measured;

/* What is done */

/// Resize and scale an open window a little more each time
static void
change_size(const int round)
{
  const double factor = 1.0 + 0.1 * (round % 11);
  format->resize(
    slots[0].plugin, (uint32_t)(720.0 * factor), (uint32_t)(420.0 * factor));
  view_loop_run(5.0);
  format->scale(slots[0].plugin, 1.0 + 0.25 * (round % 5));
}

static void
open_often(const Options* const options, Measured* const measured)
{
  const int n_warm = options->n_opens / 5;
  for (int i = 0; i < options->n_opens; ++i) {
    const double paint_ms    = open_slot(0);
    measured->first_paint_ms = fmin(measured->first_paint_ms, paint_ms);
    if (options->resizes) {
      change_size(i);
    }
    view_loop_run(options->hold_ms);
    close_slot(&slots[0]);
    if (i == n_warm) {
      measured->warm_mb = resident_mb();
    }
  }
  measured->end_mb = resident_mb();
}

static bool
stays_open(const Options* const options)
{
  return options->seconds > 0.0 || options->talks;
}

static void
hold_open(const Options* const options, Measured* const measured)
{
  for (int i = 0; i < options->n_plugins; ++i) {
    const double paint_ms    = open_slot(i);
    measured->first_paint_ms = fmin(measured->first_paint_ms, paint_ms);
  }
  view_loop_run(200.0); // until what is new has been painted
  printf("ready\n");
  fflush(stdout);
  if (options->talks) {
    view_talk_start(format, slots[0].plugin);
    while (!view_talk_ended()) {
      view_loop_run(10.0);
    }
  }
  const double begun = cpu_s();
  view_loop_run(1000.0 * options->seconds);
  measured->cpu_s = cpu_s() - begun;
}

static void
print_report(const Measured* const measured)
{
  static const char* const kinds[] = {"begin", "value", "end"};
  printf("{\"first_paint_ms\": %.3f, \"warm_mb\": %.3f, \"end_mb\": %.3f, "
         "\"cpu_s\": %.4f, \"n_blocks\": %d, \"n_late\": %d, \"n_waits\": %d, "
         "\"max_ms\": %.3f, "
         "\"n_watched\": %lu, \"n_restarts\": %d, \"n_values\": %d, \"n_sizes\": %d, "
         "\"width\": %u, \"height\": %u, \"edits\": [",
         measured->first_paint_ms,
         measured->warm_mb,
         measured->end_mb,
         measured->cpu_s,
         atomic_load(&processing.n_blocks),
         atomic_load(&processing.n_late),
         atomic_load(&processing.n_waits),
         atomic_load(&processing.max_ms),
         watch.total ? watch.total() : 0,
         n_restarts,
         n_values,
         n_sizes,
         slots[0].width,
         slots[0].height);
  pthread_mutex_lock(&mutex);
  for (int i = 0; i < n_edits; ++i) {
    printf("%s[%d, \"%s\", %u, %.6f]",
           i ? ", " : "",
           edits[i].slot,
           kinds[edits[i].kind],
           edits[i].id,
           edits[i].value);
  }
  pthread_mutex_unlock(&mutex);
  printf("]}\n");
  fflush(stdout);
}

static pthread_t
start_processing(const Options* const options)
{
  if (options->in_path) {
    const PlayBytes bytes = play_read(options->in_path);
    processing.sound      = (float*)(void*)bytes.bytes;
    processing.n_frames   = bytes.n_bytes / (2 * sizeof(float));
  }
  processing.tempo_bpm = options->tempo_bpm;
  processing.sin       = options->sin;
  pthread_t thread;
  CHECK(!pthread_create(&thread, NULL, process_blocks, NULL));
  return thread;
}

/// Do what hosts do wrongly, without a thread that processes
static void
run_checks(void)
{
  slots[0].width  = 720;
  slots[0].height = 420;
  make_parent(0);
  format->check(slots[0].parent);
  drop_parent(&slots[0]);
}

static void
run(const Options* const options)
{
  Measured measured = {.first_paint_ms = 1e9};
  for (int i = 0; i < options->n_plugins; ++i) {
    slots[i].plugin = format->create();
    if (options->scale > 0.0) {
      format->scale(slots[i].plugin, options->scale);
    }
  }
  const pthread_t thread = start_processing(options);
  view_loop_watch(ConnectionNumber(display), take_events, display);
  if (view_has_no_loop) {
    make_parent(0);
    CHECK(!format->open(slots[0].plugin, slots[0].parent));
    drop_parent(&slots[0]);
  } else {
    open_often(options, &measured);
    if (stays_open(options)) {
      hold_open(options, &measured);
    }
  }
  if (options->dies) {
    print_report(&measured);
    exit(0);
  }
  for (int i = 0; stays_open(options) && i < options->n_plugins; ++i) {
    format->close(slots[i].plugin);
    drop_parent(&slots[i]);
  }
  atomic_store(&processing.ends, true);
  pthread_join(thread, NULL);
  for (int i = 0; i < options->n_plugins; ++i) {
    format->destroy(slots[i].plugin);
  }
  CHECK(view_loop_ignore(display) == 1 && view_loop_count() == 0);
  if (watch.print) {
    watch.print();
  }
  print_report(&measured);
}

/* Options */

static bool
take_flag(Options* const options, const char* const name)
{
  const struct {
    const char* name;
    bool*       flag;
  } flags[] = {{"--resize", &options->resizes},
               {"--die", &options->dies},
               {"--check", &options->checks},
               {"--talk", &options->talks},
               {"--no-run-loop", &view_has_no_loop}};
  for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); ++i) {
    if (!strcmp(name, flags[i].name)) {
      *flags[i].flag = true;
      return true;
    }
  }
  if (!strcmp(name, "--two")) {
    options->n_plugins = 2;
    return true;
  }
  return false;
}

static bool
take_option(Options* const options, const char* const name, const char* const value)
{
  if (!strcmp(name, "--opens")) {
    options->n_opens = atoi(value);
  } else if (!strcmp(name, "--hold")) {
    options->hold_ms = atof(value);
  } else if (!strcmp(name, "--seconds")) {
    options->seconds = atof(value);
  } else if (!strcmp(name, "--tempo")) {
    options->tempo_bpm = atof(value);
  } else if (!strcmp(name, "--scale")) {
    options->scale = atof(value);
  } else if (!strcmp(name, "--sin")) {
    options->sin = value;
  } else if (!strcmp(name, "--in")) {
    options->in_path = value;
  } else {
    return false;
  }
  return true;
}

static const ViewFormat*
format_of(const char* const name)
{
  return !strcmp(name, "vst3")   ? &view_vst3
         : !strcmp(name, "clap") ? &view_clap
         : !strcmp(name, "lv2")  ? &view_lv2
                                 : NULL;
}

int
main(const int argc, char** const argv)
{
  Options options = {.hold_ms = 50.0, .n_plugins = 1};
  CHECK(argc >= 3);
  format         = format_of(argv[1]);
  options.bundle = argv[2];
  for (int i = 3; i < argc; ++i) {
    if (!take_flag(&options, argv[i])) {
      CHECK(i + 1 < argc && take_option(&options, argv[i], argv[i + 1]));
      ++i;
    }
  }
  CHECK(format);
  display = XOpenDisplay(NULL);
  CHECK(display);
  watch = watch_find();
  format->load(options.bundle);
  if (options.checks) {
    run_checks();
  } else {
    run(&options);
  }
  XCloseDisplay(display);
  return 0;
}
