/* SPDX-License-Identifier: GPL-3.0-or-later

   The calls that have no place on an audio thread: each may wait, enter the
   kernel, or take a lock. */

#pragma once

/// Memory: with the name under which the C library keeps its own, which is there
/// before anything can be looked up
#define WATCH_MEMORY(X)                                                                \
  X(malloc, __libc_malloc)                                                             \
  X(calloc, __libc_calloc)                                                             \
  X(realloc, __libc_realloc)                                                           \
  X(free, __libc_free)                                                                 \
  X(memalign, __libc_memalign)

// clang-format off
/// All others, found by name when they are first called
#define WATCH_OTHERS(X)                                                                \
  X(aligned_alloc) X(posix_memalign) X(reallocarray) X(valloc)                         \
  X(mmap) X(mmap64) X(munmap) X(mremap) X(mprotect) X(madvise)                         \
  X(pthread_mutex_init) X(pthread_mutex_destroy) X(pthread_mutex_lock)                 \
  X(pthread_mutex_trylock) X(pthread_mutex_timedlock) X(pthread_mutex_unlock)          \
  X(pthread_rwlock_rdlock) X(pthread_rwlock_tryrdlock) X(pthread_rwlock_timedrdlock)   \
  X(pthread_rwlock_wrlock) X(pthread_rwlock_trywrlock) X(pthread_rwlock_timedwrlock)   \
  X(pthread_rwlock_unlock) X(pthread_spin_lock) X(pthread_spin_trylock)                \
  X(pthread_spin_unlock) X(pthread_barrier_wait)                                       \
  X(pthread_cond_init) X(pthread_cond_wait) X(pthread_cond_timedwait)                  \
  X(pthread_cond_clockwait) X(pthread_cond_signal) X(pthread_cond_broadcast)           \
  X(pthread_create) X(pthread_join) X(pthread_detach) X(pthread_setspecific)           \
  X(pthread_once) X(pthread_kill) X(mtx_lock) X(mtx_unlock)                            \
  X(sem_init) X(sem_destroy) X(sem_post) X(sem_wait) X(sem_trywait)                    \
  X(sem_timedwait) X(sem_clockwait)                                                    \
  X(dlopen) X(dlclose) X(dlsym) X(dlerror) X(dladdr)                                   \
  X(open) X(open64) X(openat) X(openat64) X(creat) X(close) X(read) X(write)           \
  X(pread) X(pread64) X(pwrite) X(pwrite64) X(readv) X(writev) X(lseek) X(lseek64)     \
  X(fopen) X(fopen64) X(fdopen) X(fclose) X(fread) X(fwrite) X(fflush) X(fseek)        \
  X(fgets) X(fputs) X(fputc) X(putc) X(puts) X(putchar) X(printf) X(__printf_chk)      \
  X(fprintf) X(__fprintf_chk) X(vprintf) X(__vprintf_chk) X(vfprintf)                  \
  X(__vfprintf_chk) X(dprintf) X(__dprintf_chk) X(snprintf) X(__snprintf_chk)          \
  X(vsnprintf) X(__vsnprintf_chk) X(asprintf) X(__asprintf_chk) X(perror) X(syslog)    \
  X(stat) X(stat64) X(fstat) X(fstat64) X(access) X(unlink) X(rename) X(opendir)       \
  X(readdir) X(ioctl) X(fcntl) X(fcntl64) X(pipe) X(dup) X(eventfd)                    \
  X(poll) X(ppoll) X(select) X(epoll_wait) X(socket) X(connect) X(send) X(recv)        \
  X(sendto) X(recvfrom) X(sendmsg) X(recvmsg)                                          \
  X(clock_gettime) X(clock_nanosleep) X(gettimeofday) X(time) X(nanosleep)             \
  X(usleep) X(sleep) X(sched_yield) X(localtime) X(strftime)                           \
  X(syscall) X(getenv) X(setenv) X(kill) X(raise) X(sigaction) X(fork) X(waitpid)      \
  X(sched_setscheduler) X(sched_getcpu) X(setlocale) X(strerror) X(strdup)
// clang-format on
