/* SPDX-License-Identifier: GPL-3.0-or-later

   The worker's thread: it sleeps, serves one session after another, and ends. */

#include "check.h"

#include "harness.h"

#include <math.h>
#include <pthread.h>

static void
test_silence_starts_nothing(void)
{
  reset_script();
  const Harness harness = begin();
  (void)run(harness.engine, 200, 0.0F);
  CHECK(!atomic_load(&script.n_loads) && engine_status(harness.engine) == STATUS_IDLE);

  // The first sound does, and the stream gets the silence before it
  const float last = run(harness.engine, 100, 0.5F);
  CHECK(atomic_load(&script.n_loads) == 1 && atomic_load(&script.n_open) == 1);
  CHECK(engine_status(harness.engine) == STATUS_READY);
  // The allowance, 0.75 s, lies between the worker's frames and the output's
  CHECK(fabsf(last - (300 * BLOCK - 1 - 6000)) < 0.5F);
  end(harness);
  CHECK(atomic_load(&script.n_closed) == 1);
}

/// Each activation begins anew, while the worker may still be busy with the last
static void
test_many_activations(void)
{
  reset_script();
  Worker* const worker = worker_new(fake_load);
  for (int k = 0; k < 50; ++k) {
    Engine* const engine = new_engine();
    CHECK(worker_serve(worker, engine_session(engine)));
    atomic_store(&script.n_frames, 0);
    (void)run(engine, k % 10, 0.5F);
    CHECK(worker_serve(worker, NULL));
    engine_free(engine);
  }
  CHECK(worker_free(worker, &patient));
  CHECK(atomic_load(&script.n_closed) == atomic_load(&script.n_open));
}

/// What a library does when a thread that has called it ends
static void
tidy(void* const tidied)
{
  os_sleep_ms(100);
  atomic_store((atomic_bool*)tidied, true);
}

static pthread_key_t tidy_key;
static atomic_bool   tidied;

static BridgeOutcome
load_untidy(const Bridge** const bridge)
{
  CHECK(!pthread_setspecific(tidy_key, &tidied));
  return fake_load(bridge);
}

/// Once the worker has ended, nothing runs that the end of the process could meet
static void
test_libraries_have_tidied(void)
{
  reset_script();
  CHECK(!pthread_key_create(&tidy_key, tidy));
  const Harness harness = {worker_new(load_untidy), new_engine(), NULL};
  CHECK(worker_serve(harness.worker, engine_session(harness.engine)));
  (void)run(harness.engine, 100, 0.5F);
  CHECK(atomic_load(&script.n_loads) == 1 && !atomic_load(&tidied));
  end(harness);
  CHECK(atomic_load(&tidied));
  pthread_key_delete(tidy_key);
}

/// A worker that is stuck in Python blocks no other thread, and frees its things
static void
test_stuck(void)
{
  static const Limits none = {20, 20};
  reset_script();
  atomic_store(&script.sleep_ms, 400);
  const Harness harness = begin();
  play_blocks(harness, 20, NULL);
  while (!atomic_load(&script.n_open)) {
    os_sleep_ms(1);
  }
  const uint64_t begun = os_now_ms();
  CHECK(!end_within(harness, &none));
  CHECK(os_now_ms() - begun < 300);
  for (int i = 0; i < 5000 && !atomic_load(&script.n_closed); ++i) {
    os_sleep_ms(1);
  }
  CHECK(atomic_load(&script.n_closed) == 1);
  os_sleep_ms(100); // for the thread to end, before leaks are counted
}

static const Limits hasty = {250, 2000};

/// A bounce reports a worker that hangs, and dropping many costs one limit, not many
static void
test_hangs(void)
{
  enum { N_HARNESSES = 8 };
  static const Limits limits = {400, 60000};
  reset_script();
  atomic_store(&script.hang_at, 10000);
  Harness harnesses[N_HARNESSES];
  for (int i = 0; i < N_HARNESSES; ++i) {
    atomic_store(&script.n_frames, 0);
    harnesses[i] = begin();
    play_blocks(harnesses[i], 100, &hasty);
    CHECK(engine_status(harnesses[i].engine) == STATUS_NO_ANSWER);
    CHECK(engine_dropouts(harnesses[i].engine) > 10);
  }
  CHECK(atomic_load(&script.n_hanging) == N_HARNESSES);
  const uint64_t begun = os_now_ms();
  for (int i = 0; i < N_HARNESSES; ++i) {
    CHECK(!end_within(harnesses[i], &limits));
  }
  CHECK(os_now_ms() - begun <
        1500); // the eight hang longer than 400 ms by now, all but the last
  atomic_store(&script.hang_at, 0);
  for (int i = 0; i < 5000 && atomic_load(&script.n_closed) < N_HARNESSES; ++i) {
    os_sleep_ms(1);
  }
  CHECK(atomic_load(&script.n_closed) == N_HARNESSES);
  os_sleep_ms(100); // for the threads to end, before leaks are counted
}

/// Loading may take longer than anything else, in a bounce and at the end
static void
test_loading_is_waited_for(void)
{
  static const Limits limits = {100, 20000};
  reset_script();
  atomic_store(&script.load_ms, 500);
  const Harness first = begin();
  play_blocks(first, 100, &hasty);
  CHECK(engine_status(first.engine) == STATUS_READY && !engine_dropouts(first.engine));
  end(first);

  const Harness second = begin();
  play_blocks(second, 20, NULL);
  while (engine_status(second.engine) != STATUS_STARTING) {
    os_sleep_ms(1);
  }
  CHECK(end_within(second, &limits));
  CHECK(atomic_load(&script.n_closed) == 2);
}

/// So may what other settings take, where it was not needed before
static void
test_loading_anew_is_waited_for(void)
{
  reset_script();
  const Harness harness = begin();
  choose(1, 0);
  play_blocks(harness, 100, &hasty);
  atomic_store(&script.load_ms, 500);
  controls.stream.quality = 1;
  for (int i = 0; i < 2; ++i) {
    play_blocks(harness, 100, &hasty);
    CHECK(engine_status(harness.engine) == STATUS_READY &&
          !engine_dropouts(harness.engine));
    controls.stream.beat_source = BEATS_DETECT;
  }
  controls.stream.target = references_learned_index();
  play_blocks(harness, 100, &hasty);
  CHECK(engine_status(harness.engine) == STATUS_NO_REFERENCE); // and not: no answer
  end(harness);
}

/// The silence before the first sound may take longer than any limit, in parts
static void
test_silence_is_caught_up_with(void)
{
  static const Limits limits = {250, 1000};
  enum { N_SILENT = 640 }; // blocks: five parts
  reset_script();
  atomic_store(&script.silence_ms, 400);
  const Harness harness = begin();
  (void)run(harness.engine, N_SILENT, 0.0F);
  play_blocks(harness, 100, &limits);
  CHECK(engine_status(harness.engine) == STATUS_READY &&
        !engine_dropouts(harness.engine));
  CHECK(atomic_load(&script.n_frames) >= (N_SILENT + 100) * BLOCK - 6000);
  end(harness);
}

static void
end_this_thread(void)
{
  pthread_exit(NULL);
}

/// A thread that Python has ended is not waited for, and what it held is freed
static void
test_ended_by_python(void)
{
  reset_script();
  atomic_store(&script.hang_at, 10000);
  atomic_store(&script.end_thread, end_this_thread);
  const Harness harness = begin();
  play_blocks(harness, 100, &hasty);
  CHECK(engine_status(harness.engine) == STATUS_NO_ANSWER);
  const uint64_t begun = os_now_ms();
  end(harness);
  CHECK(os_now_ms() - begun < 1000);
}

int
main(void)
{
  test_silence_starts_nothing();
  test_many_activations();
  test_libraries_have_tidied();
  test_stuck();
  test_hangs();
  test_loading_is_waited_for();
  test_loading_anew_is_waited_for();
  test_silence_is_caught_up_with();
  test_ended_by_python();
  return 0;
}
