// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors
//
// Reading and examining.
#include "decide.h"

#include <sys/stat.h>
#include <sys/uio.h>

SHOWN ssize_t read(int file, void *bytes, size_t size) {
  WITH(fault_decide(FAULT_READ, file), RAW(SYS_read, file, bytes, size));
}
static ssize_t read_at(int file, void *bytes, size_t size, off_t at) {
  WITH(fault_decide(FAULT_READ, file), RAW(SYS_pread64, file, bytes, size, at));
}
SHOWN ssize_t pread(int file, void *bytes, size_t size, off_t at) {
  return read_at(file, bytes, size, at);
}
SHOWN ssize_t pread64(int file, void *bytes, size_t size, off64_t at) {
  return read_at(file, bytes, size, at);
}
SHOWN ssize_t readv(int file, const struct iovec *parts, int count) {
  WITH(fault_decide(FAULT_READ, file), RAW(SYS_readv, file, parts, count));
}

// The kernel's form of `struct stat` is the library's on the 64-bit systems.
SHOWN int fstatat(int folder, const char *path, struct stat *out, int flags) {
  // With an empty path, as the library's own fstat calls it, the descriptor itself.
  WITH(path[0] ? fault_decide_at(FAULT_EXAMINE, folder, path) : fault_decide(FAULT_EXAMINE, folder),
       (int)RAW(SYS_newfstatat, folder, path, out, flags));
}
SHOWN int fstatat64(int folder, const char *path, struct stat64 *out, int flags) {
  return fstatat(folder, path, (struct stat *)out, flags);
}
SHOWN int stat(const char *path, struct stat *out) { return fstatat(AT_FDCWD, path, out, 0); }
SHOWN int lstat(const char *path, struct stat *out) {
  return fstatat(AT_FDCWD, path, out, AT_SYMLINK_NOFOLLOW);
}
SHOWN int fstat(int file, struct stat *out) { return fstatat(file, "", out, AT_EMPTY_PATH); }
SHOWN int stat64(const char *path, struct stat64 *out) {
  return fstatat(AT_FDCWD, path, (struct stat *)out, 0);
}
SHOWN int lstat64(const char *path, struct stat64 *out) {
  return fstatat(AT_FDCWD, path, (struct stat *)out, AT_SYMLINK_NOFOLLOW);
}
SHOWN int fstat64(int file, struct stat64 *out) {
  return fstatat(file, "", (struct stat *)out, AT_EMPTY_PATH);
}
SHOWN int statx(int folder, const char *path, int flags, unsigned mask, struct statx *out) {
  WITH(path[0] ? fault_decide_at(FAULT_EXAMINE, folder, path) : fault_decide(FAULT_EXAMINE, folder),
       (int)RAW(SYS_statx, folder, path, flags, mask, out));
}
SHOWN int faccessat(int folder, const char *path, int mode, int flags) {
  WITH(fault_decide_at(FAULT_EXAMINE, folder, path),
       flags ? (int)RAW(SYS_faccessat2, folder, path, mode, flags)
             : (int)RAW(SYS_faccessat, folder, path, mode));
}
SHOWN int access(const char *path, int mode) { return faccessat(AT_FDCWD, path, mode, 0); }
