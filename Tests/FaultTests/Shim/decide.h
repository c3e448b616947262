// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors
//
// Inside the library: what becomes of an operation.
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

// What the program sees instead of the C library's function.
#define SHOWN __attribute__((visibility("default")))

enum decision { PASS, FAIL, HALF, DIE, DO_AND_DIE, HALF_AND_DIE };

// NULL in a process that is no part of a test.
extern struct fault_state *fault_state;

// Finds the C library's functions and maps the state; once.
void fault_prepare(void);

// A system call that is never counted.
long fault_call(long number, long a, long b, long c, long d, long e, long f);

// Counts an operation on the path, or on the file behind the descriptor, and decides about it.
// Does not return when the process is to end before it.
enum decision fault_decide_at(uint32_t operation, int folder, const char *path);
enum decision fault_decide(uint32_t operation, int descriptor);

// Ends this process, or all of the run.
_Noreturn void fault_die(void);

#define RAW(number, ...) RAW_(number, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define RAW_(number, a, b, c, d, e, f, ...)                                                        \
  fault_call(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

// Does `call`, or what was decided instead.
#define WITH(decide_it, call)                                                                      \
  do {                                                                                             \
    enum decision decided = (decide_it);                                                           \
    if (decided == FAIL) {                                                                         \
      errno = (int)fault_state->error;                                                             \
      return -1;                                                                                   \
    }                                                                                              \
    __auto_type result = (call);                                                                   \
    if (decided == DO_AND_DIE) fault_die();                                                        \
    return result;                                                                                 \
  } while (0)
