/* SPDX-License-Identifier: GPL-3.0-or-later

   Linux' system call user dispatch: while a byte of this file says so, a system call
   from anywhere except a stretch of its code becomes a signal.  The handler counts
   it and makes the call itself from that stretch, so that the program goes on as
   if nothing had happened.  See the kernel's admin-guide, "Syscall User Dispatch". */

#include "watch_dispatch.h"

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>
#include <unistd.h>

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#  define PR_SET_SYSCALL_USER_DISPATCH 59
#  define PR_SYS_DISPATCH_ON           1
#endif

enum { SELECT_ALLOW = 0, SELECT_BLOCK = 1, RESTORER = 0x04000000 };

/* The stretch of code whose system calls the kernel lets pass: one call with the
   arguments of an array, and the way back from a signal handler. */
__asm__(".text\n"
        ".globl dispatch_begin, dispatch_call, dispatch_return, dispatch_end\n"
        ".hidden dispatch_begin, dispatch_call, dispatch_return, dispatch_end\n"
        "dispatch_begin:\n"
        "dispatch_call:\n"
        "  movq %rdi, %rax\n"
        "  movq %rsi, %r11\n"
        "  movq 0(%r11), %rdi\n"
        "  movq 8(%r11), %rsi\n"
        "  movq 16(%r11), %rdx\n"
        "  movq 24(%r11), %r10\n"
        "  movq 32(%r11), %r8\n"
        "  movq 40(%r11), %r9\n"
        "  syscall\n"
        "  ret\n"
        "dispatch_return:\n"
        "  movq $15, %rax\n" // rt_sigreturn
        "  syscall\n"
        "  ud2\n"
        "dispatch_end:\n");

extern const char dispatch_begin[];
extern const char dispatch_end[];

int64_t
dispatch_call(int64_t number, const int64_t arguments[6]);
void
dispatch_return(void);

/// What the kernel takes; the C library's own would set another way back
typedef struct {
  void (*handler)(int, siginfo_t*, void*);
  uint64_t flags;
  void (*restorer)(void);
  uint64_t mask;
} KernelAction;

static _Thread_local volatile char selector __attribute__((tls_model("initial-exec"))) =
  SELECT_ALLOW;

static unsigned long counts[DISPATCH_NUMBERS];

/// Return whether a call cannot be made on another's behalf: the stack would be ours
static bool
is_own(const int number)
{
  return number == SYS_clone || number == SYS_clone3 || number == SYS_fork ||
         number == SYS_vfork || number == SYS_rt_sigreturn;
}

static void
take(const int signal_number, siginfo_t* const info, void* const context)
{
  (void)signal_number;
  greg_t* const registers    = ((ucontext_t*)context)->uc_mcontext.gregs;
  const int     number       = info->si_syscall;
  const int64_t arguments[6] = {registers[REG_RDI],
                                registers[REG_RSI],
                                registers[REG_RDX],
                                registers[REG_R10],
                                registers[REG_R8],
                                registers[REG_R9]};
  ++counts[number >= 0 && number < DISPATCH_NUMBERS ? number : DISPATCH_NUMBERS - 1];
  enum { NO_PERMISSION = 1 };
  registers[REG_RAX] =
    is_own(number) ? -NO_PERMISSION : dispatch_call(number, arguments);
}

bool
dispatch_arm(void)
{
  const KernelAction action = {
    .handler = take, .flags = SA_SIGINFO | RESTORER, .restorer = dispatch_return};
  return !syscall(SYS_rt_sigaction, SIGSYS, &action, NULL, sizeof(action.mask)) &&
         !prctl(PR_SET_SYSCALL_USER_DISPATCH,
                PR_SYS_DISPATCH_ON,
                dispatch_begin,
                (size_t)(dispatch_end - dispatch_begin),
                &selector);
}

void
dispatch_select(const bool on)
{
  selector = on ? SELECT_BLOCK : SELECT_ALLOW;
}

unsigned long
dispatch_count(const int number)
{
  return counts[number];
}
