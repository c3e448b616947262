// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors
//
// Writing: whole, half, or not at all.
#include "decide.h"

#include <sys/uio.h>

// The bytes to write after a decision; ends the process where that was decided.
#define WRITE(descriptor, size, half, whole)                                                       \
  do {                                                                                             \
    switch (fault_decide(FAULT_WRITE, descriptor)) {                                               \
    case FAIL: errno = (int)fault_state->error; return -1;                                         \
    case HALF:                                                                                     \
      if ((size) > 1) return (ssize_t)(half);                                                      \
      errno = (int)fault_state->error;                                                             \
      return -1;                                                                                   \
    case HALF_AND_DIE:                                                                             \
      if ((size) > 1) (void)(half);                                                                \
      fault_die();                                                                                 \
    case DO_AND_DIE: (void)(whole); fault_die();                                                   \
    default: return (ssize_t)(whole);                                                              \
    }                                                                                              \
  } while (0)

SHOWN ssize_t write(int file, const void *bytes, size_t size) {
  WRITE(file, size, RAW(SYS_write, file, bytes, size / 2), RAW(SYS_write, file, bytes, size));
}

static ssize_t write_at(int file, const void *bytes, size_t size, off_t at) {
  WRITE(file, size, RAW(SYS_pwrite64, file, bytes, size / 2, at),
        RAW(SYS_pwrite64, file, bytes, size, at));
}
SHOWN ssize_t pwrite(int file, const void *bytes, size_t size, off_t at) {
  return write_at(file, bytes, size, at);
}
SHOWN ssize_t pwrite64(int file, const void *bytes, size_t size, off64_t at) {
  return write_at(file, bytes, size, at);
}

static size_t total(const struct iovec *parts, int count) {
  size_t size = 0;
  for (int index = 0; index < count; index++) size += parts[index].iov_len;
  return size;
}

// Of several parts, the first half of the first one.
SHOWN ssize_t writev(int file, const struct iovec *parts, int count) {
  WRITE(file, total(parts, count),
        RAW(SYS_write, file, parts[0].iov_base, (parts[0].iov_len + 1) / 2),
        RAW(SYS_writev, file, parts, count));
}

static ssize_t write_parts_at(int file, const struct iovec *parts, int count, off_t at) {
  WRITE(file, total(parts, count),
        RAW(SYS_pwrite64, file, parts[0].iov_base, (parts[0].iov_len + 1) / 2, at),
        RAW(SYS_pwritev, file, parts, count, at, 0));
}
SHOWN ssize_t pwritev(int file, const struct iovec *parts, int count, off_t at) {
  return write_parts_at(file, parts, count, at);
}
SHOWN ssize_t pwritev64(int file, const struct iovec *parts, int count, off64_t at) {
  return write_parts_at(file, parts, count, at);
}

SHOWN ssize_t sendfile(int out, int in, off_t *at, size_t size) {
  WRITE(out, size, RAW(SYS_sendfile, out, in, at, size / 2), RAW(SYS_sendfile, out, in, at, size));
}
SHOWN ssize_t sendfile64(int out, int in, off64_t *at, size_t size) {
  return sendfile(out, in, at, size);
}
SHOWN ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t size,
                              unsigned flags) {
  WRITE(out, size, RAW(SYS_copy_file_range, in, from, out, to, size / 2, flags),
        RAW(SYS_copy_file_range, in, from, out, to, size, flags));
}
