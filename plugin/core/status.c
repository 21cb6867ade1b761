/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/status.h"

bool
status_is_failure(const Status status)
{
  return status >= STATUS_NO_PYTHON;
}

bool
status_is_final(const Status status)
{
  return status_is_failure(status) && status != STATUS_NO_MODEL &&
         status != STATUS_NO_REFERENCE;
}
