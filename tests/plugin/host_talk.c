/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "host_talk.h"

#include <stdio.h>
#include <string.h>

#include "check.h"

void
talk_say(Talk* const talk, const Changes* const changes, const int block)
{
  unsigned n_said = atomic_load(&talk->n_said);
  for (int32_t i = 0; i < changes->n_queues; ++i) {
    const Queue* const queue = &changes->queues[i];
    CHECK(queue->n_points && n_said - atomic_load(&talk->n_relayed) < TALK_SIZE);
    talk->words[n_said++ % TALK_SIZE] =
      (Word){block, queue->id, queue->values[queue->n_points - 1]};
    atomic_store(&talk->n_said, n_said);
  }
}

void
talk_relay(Talk* const talk, const Instance* const instance)
{
  struct v3_edit_controller** const c = instance->controller;
  unsigned                          n = atomic_load(&talk->n_relayed);
  for (; n != atomic_load(&talk->n_said); ++n) {
    const Word word = talk->words[n % TALK_SIZE];
    atomic_store(&talk->n_relayed, n + 1);
    (void)(*c)->set_parameter_normalised(c, word.id, word.value);
    if (word.block != TALK_NOT_NOTIFIED) {
      char name[VST3_TEXT_SIZE];
      char text[VST3_TEXT_SIZE];
      instance_text(instance, word.id, word.value, name, text);
      printf("notified_at_block_%d.%s=%s\n", word.block, name, text);
      if (!strcmp(name, "Status")) {
        printf("status_at_block_%d=%s\n", word.block, text);
      }
    }
  }
}
