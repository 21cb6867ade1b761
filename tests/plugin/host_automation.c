/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "host_automation.h"

#include <stdio.h>
#include <stdlib.h>

#include "check.h"

typedef struct {
  int64_t     frame;
  v3_param_id id;
  double      value; ///< 0 to 1
} Change;

struct AutomationImpl {
  Change* changes; ///< In order of frames
  int     n;
  int     n_done;
};

/// Insert a change after those at its frame or before
static void
insert(Automation* const automation, const Change change)
{
  int i = automation->n++;
  for (; i > 0 && automation->changes[i - 1].frame > change.frame; --i) {
    automation->changes[i] = automation->changes[i - 1];
  }
  automation->changes[i] = change;
}

static void
read_one(Automation* const     automation,
         const Instance* const instance,
         const char* const     text)
{
  char*           setting = NULL;
  const long long frame   = strtoll(text, &setting, 10);
  if (setting == text || *setting != ':' || frame < 0) {
    fprintf(stderr, "not FRAME:NAME=TEXT: %s\n", text);
    exit(2);
  }
  double            value = 0.0;
  const v3_param_id id    = instance_find(instance, setting + 1, &value);
  insert(automation, (Change){frame, id, value});
}

Automation*
automation_read(const Instance* const instance, const Options* const options)
{
  const int         max_n      = options->settings.n + options->automation.n;
  Automation* const automation = (Automation*)calloc(1, sizeof(Automation));
  CHECK(automation);
  automation->changes = (Change*)calloc((size_t)max_n + 1, sizeof(Change));
  CHECK(automation->changes);
  for (int i = 0; i < options->settings.n; ++i) {
    double            value = 0.0;
    const v3_param_id id = instance_find(instance, options->settings.texts[i], &value);
    insert(automation, (Change){0, id, value});
  }
  for (int i = 0; i < options->automation.n; ++i) {
    read_one(automation, instance, options->automation.texts[i]);
  }
  return automation;
}

void
automation_free(Automation* const automation)
{
  free(automation->changes);
  free(automation);
}

void
automation_fill(Automation* const automation,
                const int64_t     frame,
                const int64_t     n,
                Changes* const    changes)
{
  changes_clear(changes);
  while (automation->n_done < automation->n &&
         automation->changes[automation->n_done].frame < frame + n) {
    const Change* const change = &automation->changes[automation->n_done++];
    queue_add(changes_find(changes, change->id),
              (int32_t)(change->frame - frame),
              change->value);
  }
}
