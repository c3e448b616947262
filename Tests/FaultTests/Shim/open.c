// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors
//
// Opening: to write, or to read.
#include "decide.h"

#include <linux/openat2.h>
#include <stdarg.h>

static uint32_t opening(uint64_t flags) {
  int writes = (flags & O_ACCMODE) != O_RDONLY || flags & (O_CREAT | O_TRUNC);
  return writes && !(flags & O_PATH) ? FAULT_CREATE : FAULT_OPEN;
}

static int open_at(int folder, const char *path, int flags, mode_t mode) {
  enum decision decided = fault_decide_at(opening((uint64_t)flags), folder, path);
  if (decided == FAIL) {
    errno = (int)fault_state->error;
    return -1;
  }
  int file = (int)RAW(SYS_openat, folder, path, flags, mode);
  if (decided == DO_AND_DIE) fault_die();
  return file;
}

#define MODE_ARGUMENT(flags)                                                                       \
  mode_t mode = 0;                                                                                 \
  if ((flags) & (O_CREAT | __O_TMPFILE)) {                                                         \
    va_list list;                                                                                  \
    va_start(list, flags);                                                                         \
    mode = (mode_t)va_arg(list, unsigned);                                                         \
    va_end(list);                                                                                  \
  }

SHOWN int open(const char *path, int flags, ...) {
  MODE_ARGUMENT(flags)
  return open_at(AT_FDCWD, path, flags, mode);
}

SHOWN int open64(const char *path, int flags, ...) {
  MODE_ARGUMENT(flags)
  return open_at(AT_FDCWD, path, flags, mode);
}

SHOWN int openat(int folder, const char *path, int flags, ...) {
  MODE_ARGUMENT(flags)
  return open_at(folder, path, flags, mode);
}

SHOWN int openat64(int folder, const char *path, int flags, ...) {
  MODE_ARGUMENT(flags)
  return open_at(folder, path, flags, mode);
}

// What fortified callers use.
SHOWN int __open_2(const char *path, int flags) { return open_at(AT_FDCWD, path, flags, 0); }
SHOWN int __open64_2(const char *path, int flags) { return open_at(AT_FDCWD, path, flags, 0); }
SHOWN int __openat_2(int folder, const char *path, int flags) {
  return open_at(folder, path, flags, 0);
}
SHOWN int __openat64_2(int folder, const char *path, int flags) {
  return open_at(folder, path, flags, 0);
}

SHOWN int creat(const char *path, mode_t mode) {
  return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
SHOWN int creat64(const char *path, mode_t mode) { return creat(path, mode); }

// The library has no function for openat2(2); others come here, too.
SHOWN long syscall(long number, ...) {
  long a[6];
  va_list list;
  va_start(list, number);
  for (int index = 0; index < 6; index++) a[index] = va_arg(list, long);
  va_end(list);
  if (number != SYS_openat2) return fault_call(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  const struct open_how *how = (const struct open_how *)a[2];
  enum decision decided = fault_decide_at(opening(how->flags), (int)a[0], (const char *)a[1]);
  if (decided == FAIL) {
    errno = (int)fault_state->error;
    return -1;
  }
  long file = fault_call(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  if (decided == DO_AND_DIE) fault_die();
  return file;
}
