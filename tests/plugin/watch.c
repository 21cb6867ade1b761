/* SPDX-License-Identifier: GPL-3.0-or-later

   A library to preload that counts what an audio thread calls while it is watched.

   Each name in watch_names.h is defined here, before the C library's.  A definition
   is a few instructions that leave every argument where it is, so that one form
   serves all signatures: count if this thread is watched, then jump to the real one.
   x86-64 Linux with the GNU C library. */

#include "watch_dispatch.h"
#include "watch_names.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define HIDDEN __attribute__((visibility("hidden")))
#define PUBLIC __attribute__((visibility("default")))

/// A call that is watched
typedef struct {
  void*         real; ///< Where to go on; NULL until looked up
  const char*   name;
  unsigned long n_calls;
  const void*   caller; ///< Where the first watched call came from
} Slot;

/* A library that is loaded with the program has its place in each thread from the
   start.  Any other model may have the loader allocate on the audio thread. */
#define OWN_IN_EACH_THREAD _Thread_local __attribute__((tls_model("initial-exec")))

/// Whether the calling thread is watched; the definitions below read it
HIDDEN OWN_IN_EACH_THREAD char watch_inside = 0;

void*
watch_take(Slot* slot, const void* caller);

/* Keep all that may hold an argument, have the call counted, and go on to it */
__asm__(".text\n"
        ".hidden watch_take, watch_inside\n"
        "watch_slowly:\n"
        "  pushq %rbp\n"
        "  movq %rsp, %rbp\n"
        "  subq $192, %rsp\n"
        "  andq $-16, %rsp\n"
        "  movq %rax, 0(%rsp)\n"
        "  movq %rdi, 8(%rsp)\n"
        "  movq %rsi, 16(%rsp)\n"
        "  movq %rdx, 24(%rsp)\n"
        "  movq %rcx, 32(%rsp)\n"
        "  movq %r8, 40(%rsp)\n"
        "  movq %r9, 48(%rsp)\n"
        "  movups %xmm0, 64(%rsp)\n"
        "  movups %xmm1, 80(%rsp)\n"
        "  movups %xmm2, 96(%rsp)\n"
        "  movups %xmm3, 112(%rsp)\n"
        "  movups %xmm4, 128(%rsp)\n"
        "  movups %xmm5, 144(%rsp)\n"
        "  movups %xmm6, 160(%rsp)\n"
        "  movups %xmm7, 176(%rsp)\n"
        "  movq %r11, %rdi\n"
        "  movq 8(%rbp), %rsi\n"
        "  call watch_take\n"
        "  movq %rax, %r11\n"
        "  movq 0(%rsp), %rax\n"
        "  movq 8(%rsp), %rdi\n"
        "  movq 16(%rsp), %rsi\n"
        "  movq 24(%rsp), %rdx\n"
        "  movq 32(%rsp), %rcx\n"
        "  movq 40(%rsp), %r8\n"
        "  movq 48(%rsp), %r9\n"
        "  movups 64(%rsp), %xmm0\n"
        "  movups 80(%rsp), %xmm1\n"
        "  movups 96(%rsp), %xmm2\n"
        "  movups 112(%rsp), %xmm3\n"
        "  movups 128(%rsp), %xmm4\n"
        "  movups 144(%rsp), %xmm5\n"
        "  movups 160(%rsp), %xmm6\n"
        "  movups 176(%rsp), %xmm7\n"
        "  leave\n"
        "  jmp *%r11\n");

#define DEFINE(called)                                                                 \
  __asm__(".text\n.globl " #called "\n.type " #called ", @function\n"                  \
          ".hidden watch_slot_" #called "\n" #called ":\n"                             \
          "  movq watch_inside@gottpoff(%rip), %r11\n"                                 \
          "  cmpb $0, %fs:(%r11)\n"                                                    \
          "  leaq watch_slot_" #called "(%rip), %r11\n"                                \
          "  jne watch_slowly\n"                                                       \
          "  movq (%r11), %r10\n"                                                      \
          "  testq %r10, %r10\n"                                                       \
          "  je watch_slowly\n"                                                        \
          "  jmp *%r10\n"                                                              \
          ".size " #called ", .-" #called "\n");

#define DEFINE_MEMORY(called, known)                                                   \
  extern char known[];                                                                 \
  HIDDEN Slot watch_slot_##called = {known, #called, 0, NULL};                         \
  DEFINE(called)

#define DEFINE_OTHER(called)                                                           \
  HIDDEN Slot watch_slot_##called = {NULL, #called, 0, NULL};                          \
  DEFINE(called)

WATCH_MEMORY(DEFINE_MEMORY)
WATCH_OTHERS(DEFINE_OTHER)

#define POINT_MEMORY(called, known) &watch_slot_##called,
#define POINT_OTHER(called)         &watch_slot_##called,

static Slot* const slots[] = {WATCH_MEMORY(POINT_MEMORY) WATCH_OTHERS(POINT_OTHER)};

enum { N_SLOTS = sizeof(slots) / sizeof(slots[0]) };

static OWN_IN_EACH_THREAD bool armed;
static bool                    refused; ///< By the kernel

/// Return the C library's function of this name
static void*
look_up(const char* const name)
{
  // `dlsym` is this file's: the C library's own can only be looked up by version
  typedef void* (*LookUp)(void*, const char*);
  const LookUp find = (LookUp)(uintptr_t)dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
  void* const  real = find ? find(RTLD_NEXT, name) : NULL;
  if (!real) {
    __builtin_trap();
  }
  return real;
}

/// Count a call if this thread is watched, and return where it should go
HIDDEN void*
watch_take(Slot* const slot, const void* const caller)
{
  if (watch_inside) {
    slot->caller = slot->n_calls++ ? slot->caller : caller;
  }
  if (!slot->real) {
    const char before = watch_inside;
    watch_inside      = 0;
    dispatch_select(false);
    slot->real   = look_up(slot->name);
    watch_inside = before;
    dispatch_select(before && armed);
  }
  return slot->real;
}

/* For the host */

/// Ready the calling thread to be watched
PUBLIC void
watch_arm(void)
{
  armed   = dispatch_arm();
  refused = refused || !armed;
}

/// Watch the calling thread from here on
PUBLIC void
watch_begin(void)
{
  watch_inside = 1;
  dispatch_select(armed);
}

PUBLIC void
watch_end(void)
{
  dispatch_select(false);
  watch_inside = 0;
}

/// Return how many calls were counted, of either kind
PUBLIC unsigned long
watch_total(void)
{
  unsigned long n = 0;
  for (int i = 0; i < N_SLOTS; ++i) {
    n += slots[i]->n_calls;
  }
  for (int i = 0; i < DISPATCH_NUMBERS; ++i) {
    n += dispatch_count(i);
  }
  return n;
}

/// Print how often a call was made, and the place in a library where it came from
static void
print_slot(const Slot* const slot)
{
  Dl_info info = {0};
  if (slot->n_calls) {
    (void)dladdr(slot->caller, &info);
    const char* const library = info.dli_fname ? info.dli_fname : "?";
    const uintptr_t   offset  = (uintptr_t)slot->caller - (uintptr_t)info.dli_fbase;
    printf("watched.%s=%lu\n", slot->name, slot->n_calls);
    printf("watched_from.%s=%s+0x%lx\n", slot->name, library, (unsigned long)offset);
  }
}

/// Print what was called, in all watched stretches of all threads
PUBLIC void
watch_print(void)
{
  unsigned long n_calls      = 0;
  unsigned long n_dispatched = 0;
  for (int i = 0; i < N_SLOTS; ++i) {
    n_calls += slots[i]->n_calls;
    print_slot(slots[i]);
  }
  for (int i = 0; i < DISPATCH_NUMBERS; ++i) {
    n_dispatched += dispatch_count(i);
    if (dispatch_count(i)) {
      printf("dispatched.%d=%lu\n", i, dispatch_count(i));
    }
  }
  printf("watched_calls=%lu\ndispatched_calls=%lu\n", n_calls, n_dispatched);
  printf("syscall_dispatch=%s\n", refused ? "unavailable" : "on");
}
