/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "host_times.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "check.h"

double
now_s(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void
sleep_until(const double due_s)
{
  const struct timespec due = {(time_t)due_s, (long)(fmod(due_s, 1.0) * 1e9)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR) {
  }
}

void
times_add(Times* const times, const double spent_s, const double block_s)
{
  if (times->n == times->n_room) {
    times->n_room  = times->n_room ? 2 * times->n_room : 65536;
    times->us      = (float*)realloc(times->us, times->n_room * sizeof(float));
    times->percent = (float*)realloc(times->percent, times->n_room * sizeof(float));
    CHECK(times->us && times->percent);
  }
  times->us[times->n]        = (float)(spent_s * 1e6);
  times->percent[times->n++] = (float)(100.0 * spent_s / block_s);
}

void
times_add_usage(Times* const               times,
                const struct rusage* const before,
                const struct rusage* const after)
{
  times->n_page_faults +=
    after->ru_minflt - before->ru_minflt + after->ru_majflt - before->ru_majflt;
  times->n_waits += after->ru_nvcsw - before->ru_nvcsw;
  times->n_preemptions += after->ru_nivcsw - before->ru_nivcsw;
}

static int
compare(const void* const a, const void* const b)
{
  const float x = *(const float*)a;
  const float y = *(const float*)b;
  return (x > y) - (x < y);
}

/// Return the value that `share` of all sorted values do not exceed
static double
quantile(const float* const sorted, const size_t n, const double share)
{
  const size_t rank = (size_t)ceil(share * (double)n);
  return (double)sorted[rank ? rank - 1 : 0];
}

void
times_print(Times* const times)
{
  const size_t n = times->n;
  CHECK(n);
  qsort(times->us, n, sizeof(float), compare);
  qsort(times->percent, n, sizeof(float), compare);
  printf("process_median_us=%.2f\n", quantile(times->us, n, 0.5));
  printf("process_p999_us=%.2f\n", quantile(times->us, n, 0.999));
  printf("process_worst_us=%.2f\n", quantile(times->us, n, 1.0));
  printf("process_median_percent=%.3f\n", quantile(times->percent, n, 0.5));
  printf("process_p999_percent=%.3f\n", quantile(times->percent, n, 0.999));
  printf("process_worst_percent=%.3f\n", quantile(times->percent, n, 1.0));
  printf("process_page_faults=%ld\n", times->n_page_faults);
  printf("process_waits=%ld\n", times->n_waits);
  printf("process_preemptions=%ld\n", times->n_preemptions);
}

double
times_worst_us(const Times* const times)
{
  float worst = 0.0F;
  for (size_t i = 0; i < times->n; ++i) {
    worst = times->us[i] > worst ? times->us[i] : worst;
  }
  return (double)worst;
}

void
times_free(Times* const times)
{
  free(times->us);
  free(times->percent);
}
