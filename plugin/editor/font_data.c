/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/font_data.h"

/* The assembler copies the file: in C it would be 4 MB of text to compile. */

#define TEXT_OF(name) #name
#define STRING(name)  TEXT_OF(name)
#define SYMBOL        STRING(__USER_LABEL_PREFIX__) "requinto_font_data"

#if defined(__APPLE__)
#  define SECTION ".section __TEXT,__const\n"
#elif defined(_WIN32)
#  define SECTION ".section .rdata,\"dr\"\n"
#else
#  define SECTION ".section .rodata\n"
#endif

// clang-format off
__asm__(SECTION
        ".balign 16\n"
        SYMBOL ":\n"
        ".incbin \"" FONT_FILE "\"\n"
        ".byte 0\n"
        ".text\n");
// clang-format on

extern const unsigned char requinto_font_data[];

const unsigned char*
font_data(void)
{
  return requinto_font_data;
}
