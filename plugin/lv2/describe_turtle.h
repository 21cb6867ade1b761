/* SPDX-License-Identifier: GPL-3.0-or-later

   What hosts read of the LV2 plugins, in Turtle. */

#ifndef REQUINTO_LV2_DESCRIBE_TURTLE_H
#define REQUINTO_LV2_DESCRIBE_TURTLE_H

/// Write manifest.ttl and requinto.ttl; what fails ends the program
void
describe_turtle(const char* folder, const char* binary);

#endif
