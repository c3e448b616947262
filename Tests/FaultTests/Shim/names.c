// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors
//
// Flushing, cutting, and everything that changes names and modes.
#include "decide.h"

#include <stdio.h>
#include <sys/stat.h>

SHOWN int fsync(int file) {
  WITH(fault_decide(FAULT_SYNC, file), (int)RAW(SYS_fsync, file));
}
SHOWN int fdatasync(int file) {
  WITH(fault_decide(FAULT_SYNC, file), (int)RAW(SYS_fdatasync, file));
}
SHOWN int syncfs(int file) {
  WITH(fault_decide(FAULT_SYNC, file), (int)RAW(SYS_syncfs, file));
}
SHOWN int sync_file_range(int file, off64_t at, off64_t size, unsigned flags) {
  WITH(fault_decide(FAULT_SYNC, file), (int)RAW(SYS_sync_file_range, file, at, size, flags));
}

SHOWN int ftruncate(int file, off_t size) {
  WITH(fault_decide(FAULT_TRUNCATE, file), (int)RAW(SYS_ftruncate, file, size));
}
SHOWN int ftruncate64(int file, off64_t size) { return ftruncate(file, size); }
SHOWN int truncate(const char *path, off_t size) {
  WITH(fault_decide_at(FAULT_TRUNCATE, AT_FDCWD, path), (int)RAW(SYS_truncate, path, size));
}
SHOWN int truncate64(const char *path, off64_t size) { return truncate(path, size); }
SHOWN int fallocate(int file, int mode, off_t at, off_t size) {
  WITH(fault_decide(FAULT_TRUNCATE, file), (int)RAW(SYS_fallocate, file, mode, at, size));
}
SHOWN int fallocate64(int file, int mode, off64_t at, off64_t size) {
  return fallocate(file, mode, at, size);
}

// Names. A rename counts by its new name.

SHOWN int renameat2(int from, const char *old, int to, const char *new, unsigned flags) {
  WITH(fault_decide_at(FAULT_RENAME, to, new), (int)RAW(SYS_renameat2, from, old, to, new, flags));
}
SHOWN int renameat(int from, const char *old, int to, const char *new) {
  return renameat2(from, old, to, new, 0);
}
SHOWN int rename(const char *old, const char *new) {
  return renameat2(AT_FDCWD, old, AT_FDCWD, new, 0);
}
SHOWN int unlinkat(int folder, const char *path, int flags) {
  WITH(fault_decide_at(FAULT_REMOVE, folder, path), (int)RAW(SYS_unlinkat, folder, path, flags));
}
SHOWN int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
SHOWN int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
SHOWN int remove(const char *path) {
  int result = unlink(path);
  return result != 0 && errno == EISDIR ? rmdir(path) : result;
}
SHOWN int mkdirat(int folder, const char *path, mode_t mode) {
  WITH(fault_decide_at(FAULT_FOLDER, folder, path), (int)RAW(SYS_mkdirat, folder, path, mode));
}
SHOWN int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }
SHOWN int linkat(int from, const char *old, int to, const char *new, int flags) {
  WITH(fault_decide_at(FAULT_LINK, to, new), (int)RAW(SYS_linkat, from, old, to, new, flags));
}
SHOWN int link(const char *old, const char *new) {
  return linkat(AT_FDCWD, old, AT_FDCWD, new, 0);
}
SHOWN int symlinkat(const char *target, int folder, const char *path) {
  WITH(fault_decide_at(FAULT_LINK, folder, path), (int)RAW(SYS_symlinkat, target, folder, path));
}
SHOWN int symlink(const char *target, const char *path) {
  return symlinkat(target, AT_FDCWD, path);
}
SHOWN int fchmod(int file, mode_t mode) {
  WITH(fault_decide(FAULT_MODE, file), (int)RAW(SYS_fchmod, file, mode));
}
SHOWN int fchmodat(int folder, const char *path, mode_t mode, int flags) {
  (void)flags;
  WITH(fault_decide_at(FAULT_MODE, folder, path), (int)RAW(SYS_fchmodat, folder, path, mode));
}
SHOWN int chmod(const char *path, mode_t mode) { return fchmodat(AT_FDCWD, path, mode, 0); }
