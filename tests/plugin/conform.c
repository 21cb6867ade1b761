/* SPDX-License-Identifier: GPL-3.0-or-later

   What hosts and their validators may do to an effect without an editor.

       conform BUNDLE [--list] [--together] [--locale NAME] [CHECK]...

   Each check runs in a process of its own, so that one may crash and the others
   still run; with `--together` all in one, which starts Python only once, and those
   after a crash in another.  Prints `check=NAME ms=N result=ok` or
   `result=failed: WHY` for each, and ends with status 1 if any failed.
   Sounds that are learned go where REQUINTO_REFERENCES says.

   What the two validators check, in our words, and where we do:

   Steinberg's validator             checks
   editor classes                    instance_interfaces, controller_class
   scan of buses                     buses_have_names
   scan of parameters                params_are_described, params_have_good_flags
   MIDI mapping and learning, units, declined_interfaces (there are none)
    programs, keyswitches, note
    expression
   terminate, initialize             initialize_and_terminate_repeat
   valid state transitions           valid_transitions
   (disabled: invalid, repeated)     repeated_transitions, any_order_of_calls
   bus consistency                   buses_are_consistent
   (disabled: invalid bus index)     buses_of_invalid_index
   bus activation                    buses_go_on_and_off
   arrangement of each bus           buses_have_their_channels
   sidechain arrangement             sidechain_keeps_its_arrangement
   suspend, resume                   suspend_and_resume
   process context requirements      context_requirements
   process                           process_blocks
   process on a thread               process_on_another_thread
   silence flags, silence            silence_flags, silence_for_long
   flush of parameters, 1 to 3       flush_without_buffers, flush_with_buffers,
                                     flush_without_changes, flush_takes_values
   block sizes                       blocks_of_any_size
   sample rates                      rates_of_any_kind
   bypass persistence                bypass_is_saved
   speaker arrangements              arrangements_main, arrangements_grid
   automation, each accuracy         automation_grid
   input overwriting                 inputs_are_left_alone
   tail                              tail_ends
   64 bits                           samples_of_64_bits

   pluginval (strictness)            checks
   open cold, warm                   create_and_destroy_many
   plugin info (1)                   class_infos_agree, latency_and_tail
   programs (2), units               declined_interfaces
   plugin state (2), restoration     state_comes_back, state_is_stable,
    (6, 8)                           automatable_values_are_saved
   automatable parameters (2),       params_are_described, texts_come_back,
    parameters (7)                   plain_values_come_back
   audio processing (3), without     blocks_at_each_rate
    release (6)
   automation (3)                    automation_in_small_blocks
   buses (4)                         buses_go_on_and_off, arrangements_main
   VST3 validator (5)                the table above
   fuzz parameters (6)               params_fuzzed
   background thread state (7)       state_while_processing
   parameter thread safety (7)       params_while_processing
   larger blocks than prepared (8)   blocks_too_large
   allocations while processing (9)  process_allocates_nothing */

#include "conform.h"

#include "check.h"
#include "os/os.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIMIT_S = 240, TEXT_SIZE = 1024, MAX_CHECKS = 512 };

/// What a check found; written by the process that runs it
typedef struct {
  bool has_ended;
  int  n_failed;
  long took_ms;
  char first[TEXT_SIZE];
} Report;

static const Check* const tables[] = {conform_factory,
                                      conform_life,
                                      conform_buses,
                                      conform_arrangements,
                                      conform_params,
                                      conform_changes,
                                      conform_state,
                                      conform_fuzz,
                                      conform_process,
                                      conform_blocks,
                                      conform_handler,
                                      conform_threads};

enum { N_TABLES = sizeof(tables) / sizeof(tables[0]) };

const char* conform_locale;

static Report* report; ///< Of the check that runs

bool
conform_expect(const bool        so,
               const char* const what,
               const char* const file,
               const int         line)
{
  static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  if (!so) {
    const char* const slash = strrchr(file, '/');
    pthread_mutex_lock(&mutex);
    if (!report->n_failed++) {
      snprintf(report->first,
               TEXT_SIZE,
               "%s:%d: not so: %s",
               slash ? slash + 1 : file,
               line,
               what);
    }
    pthread_mutex_unlock(&mutex);
  }
  return so;
}

/* What checks begin and end with */

Sound*
conform_begin(const Instance* const p, const int32_t block, const int32_t room)
{
  EXPECT(instance_start(p, RATE, block, V3_REALTIME));
  return sound_new(p, room);
}

void
conform_end(const Instance* const p, Sound* const sound)
{
  EXPECT(instance_stop(p));
  sound_free(sound);
}

Stream
conform_save(const Instance* const p)
{
  Stream stream;
  EXPECT(instance_get_state(p, &stream) == V3_OK);
  EXPECT(stream.n_bytes > 0);
  return stream;
}

Stream
conform_save_random(const Instance* const p, unsigned* const seed)
{
  values_randomise(p, seed);
  return conform_save(p);
}

/* Running */

static void
run_check(const Check* const check)
{
  const uint64_t begun = os_now_ms();
  alarm(LIMIT_S);
  Instance p = instance_new();
  check->run(&p);
  EXPECT(instance_free(&p) == 0);
  report->took_ms   = (long)(os_now_ms() - begun);
  report->has_ended = true;
}

/// Note how a process ended that should not have
static void
note_end(Report* const ended, const int status)
{
  const char* const how = WIFSIGNALED(status) ? "signal" : "exit status";
  const int    number   = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
  const size_t n        = strlen(ended->first);
  ++ended->n_failed;
  snprintf(
    ended->first + n, TEXT_SIZE - n, "%sended by %s %d", n ? "; " : "", how, number);
}

/// Run `n` checks in one process, and return how many it came through
static int
run_apart(const Check* const* const checks,
          Report* const             reports,
          const int                 n,
          const char* const         bundle)
{
  fflush(NULL);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (!child) {
    module_load(bundle);
    for (int i = 0; i < n; ++i) {
      report = &reports[i];
      run_check(checks[i]);
    }
    exit(0); // sanitizers have their say
  }

  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  int n_ended = 0;
  while (n_ended < n && reports[n_ended].has_ended) {
    ++n_ended;
  }
  if (n_ended < n) {
    note_end(&reports[n_ended++], status);
  } else if (status) {
    note_end(&reports[n - 1], status);
  }
  return n_ended;
}

/// Print what a check found, and return whether it failed
static bool
print_report(const Check* const check, const Report* const result)
{
  printf("check=%s ms=%ld result=", check->name, result->took_ms);
  if (result->n_failed) {
    printf("failed: %s (%d in all)\n", result->first, result->n_failed);
  } else {
    printf("ok\n");
  }
  return result->n_failed;
}

/// Run and print all, up to `n_together` in one process; return how many failed
static int
run_all(const Check* const* const checks,
        const int                 n,
        const int                 n_together,
        const char* const         bundle)
{
  Report* const reports = (Report*)mmap(NULL,
                                        MAX_CHECKS * sizeof(Report),
                                        PROT_READ | PROT_WRITE,
                                        MAP_SHARED | MAP_ANONYMOUS,
                                        -1,
                                        0);
  CHECK(reports != MAP_FAILED);
  int n_failed = 0;
  for (int i = 0; i < n;) {
    const int n_left = n - i;
    const int n_now  = n_left < n_together ? n_left : n_together;
    const int end    = i + run_apart(checks + i, reports + i, n_now, bundle);
    for (; i < end; ++i) {
      n_failed += print_report(checks[i], &reports[i]);
    }
  }
  return n_failed;
}

/// Return whether a check is among those named, or none are
static bool
is_wanted(const char* const name, char* const* const names, const int n_names)
{
  bool wanted = !n_names;
  for (int i = 0; i < n_names; ++i) {
    wanted = wanted || !strcmp(names[i], name);
  }
  return wanted;
}

int
main(const int argc, char** const argv)
{
  bool list     = false;
  bool together = false;
  int  first    = 2;
  for (; first < argc && argv[first][0] == '-'; ++first) {
    list     = list || !strcmp(argv[first], "--list");
    together = together || !strcmp(argv[first], "--together");
    if (!strcmp(argv[first], "--locale") && first + 1 < argc) {
      conform_locale = argv[++first];
    }
  }
  CHECK(argc >= 2);

  const Check* checks[MAX_CHECKS];
  int          n = 0;
  for (int t = 0; t < N_TABLES; ++t) {
    for (const Check* check = tables[t]; check->name; ++check) {
      CHECK(n < MAX_CHECKS);
      if (is_wanted(check->name, argv + first, argc - first)) {
        checks[n++] = check;
      }
    }
  }
  for (int i = 0; list && i < n; ++i) {
    printf("%s\n", checks[i]->name);
  }
  if (list || !n) {
    return !n;
  }
  const int n_failed = run_all(checks, n, together ? n : 1, argv[1]);
  printf("run=%d failed=%d\n", n, n_failed);
  return n_failed > 0;
}
