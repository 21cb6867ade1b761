/* SPDX-License-Identifier: GPL-3.0-or-later

   A plain C host, without Python: runs a file through the plugin.

       host BUNDLE [--in FILE [--out FILE]] [--rate HZ] [--channels N] [--block N]
            [--realtime] [--repeat N] [--drain FRAMES] [--activations N]
            [--set NAME=TEXT]... [--automate FRAME:NAME=TEXT]...
            [--transport FILE [--no-bar | --wrong-bar]] [--sidechain FILE]
            [--load-state FILE] [--save-state FILE] [--follow-restarts]
            [--after-ready SECONDS [--hurry SECONDS]] [--no-release]
            [--sin malloc|lock|syscall|clock|hidden]

   Files hold interleaved 32-bit floats.  `--block 0` varies the block from 1 to
   8192.  `--automate` gives a change at its very frame.  `--transport` is described
   in host_transport.h.  `--follow-restarts` activates again when the plugin says
   that its latency has changed.  `--after-ready` ends the run so long after the
   plugin says Ready; `--hurry` goes on from there without waiting for the clock,
   so that no plugin can follow.  `--no-release` ends the process there and then,
   with the plugin active.  With `--realtime` sound is played on a thread of
   its own, with a sound card's priority if allowed.  With the library `watch`
   preloaded, what is called in each block is counted; `--sin` has the host do
   something that must be found.  Prints `key=value` lines: what it saw. */

#include "host_run.h"
#include "host_state.h"
#include "host_times.h"
#include "play.h"

#include <stdio.h>
#include <stdlib.h>

#include "check.h"

/// Print resident memory, and whether a Python library is mapped
static void
print_process(const char* const when)
{
  char  line[512];
  FILE* status = fopen("/proc/self/status", "r");
  while (status && fgets(line, sizeof(line), status)) {
    long kilobytes = 0;
    if (sscanf(line, "VmRSS: %ld", &kilobytes) == 1) {
      printf("rss_mb_%s=%.1f\n", when, (double)kilobytes / 1024.0);
    }
  }
  if (status) {
    fclose(status);
  }
  play_print_process(when);
}

static Instance
scan(const Options* const options, Handler* const handler)
{
  const double   begun    = now_s();
  const Instance instance = instance_load(options->bundle);
  instance_print(&instance, "param");
  printf("scan_ms=%.3f\n", (now_s() - begun) * 1e3);
  print_process("after_scan");

  CHECK(instance_set_handler(&instance, handler) == V3_OK);
  return instance;
}

static void
print_restarts(const Handler* const handler)
{
  printf("restarts=%d\n", atomic_load(&handler->n_restarts));
  printf("restart_flags=%d\n", atomic_load(&handler->restart_flags));
  printf("edits=%d\n", atomic_load(&handler->n_edits));
}

int
main(const int argc, char** const argv)
{
  Options options = options_parse(argc, argv);
  Handler handler;
  handler_begin(&handler);
  Instance    instance = scan(&options, &handler);
  const Watch watch    = watch_find();
  if (options.load_path) {
    state_load(&instance, options.load_path);
    instance_print(&instance, "loaded");
  }
  for (int i = 0; i < options.n_activations; ++i) {
    instance_activate(&instance, &options);
    atomic_store(&handler.pending_flags, 0);
    printf("latency=%u\n",
           (*instance.processor)->get_latency_samples(instance.processor));
    if (options.in_path) {
      run_sound(&instance, &options, &watch, &handler);
    }
    if (options.no_release) {
      printf("host=done\n");
      exit(0);
    }
    CHECK(instance_stop(&instance));
  }
  print_process("after_run");
  instance_print(&instance, "end");
  if (options.save_path) {
    state_save(&instance, options.save_path);
  }
  instance_leave(&instance);
  print_restarts(&handler);
  if (watch.print) {
    watch.print();
  }
  options_free(&options);
  printf("host=done\n");
  return 0;
}
