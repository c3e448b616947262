// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors
//
// Preloaded into the program and every process it starts: counts the file operations below one
// folder over all of them, and lets the chosen one fail, stop half-way or be the last.
//
// Everything is done by system calls and in memory that is mapped before: the functions here are
// called between fork and exec, under locks and in signal handlers.
#include "decide.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

typedef long (*call_t)(long, ...);

static call_t system_call;
struct fault_state *fault_state;
// Given on to every process, whatever its environment.
char fault_preload[600], fault_location[600];

static void setting(char *out, size_t size, const char *name) {
  const char *value = getenv(name);
  size_t length = strlen(name);
  if (!value || length + strlen(value) + 2 > size) return;
  memcpy(out, name, length);
  out[length] = '=';
  strcpy(out + length + 1, value);
}

__attribute__((constructor)) void fault_prepare(void) {
  if (system_call) return;
  system_call = (call_t)dlsym(RTLD_NEXT, "syscall");
  setting(fault_preload, sizeof fault_preload, "LD_PRELOAD");
  setting(fault_location, sizeof fault_location, "FAULT_STATE");
  const char *path = getenv("FAULT_STATE");
  if (!path) return;
  int file = (int)system_call(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
  if (file < 0) return;
  struct fault_state *mapped =
      mmap(NULL, sizeof *mapped, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (mapped == MAP_FAILED || mapped->magic != FAULT_MAGIC) return;
  uint32_t index = atomic_fetch_add(&mapped->processes, 1);
  if (index < FAULT_PIDS) mapped->pids[index] = (int32_t)system_call(SYS_getpid);
  fault_state = mapped;
}

long fault_call(long number, long a, long b, long c, long d, long e, long f) {
  if (!system_call) fault_prepare();
  return system_call(number, a, b, c, d, e, f);
}

// Paths

// The path behind a descriptor; its length, or 0.
static size_t path_of(int descriptor, char *out, size_t size) {
  char name[32] = "/proc/self/fd/";
  char digits[12];
  int count = 0, length = 14;
  if (descriptor < 0) return 0;
  do digits[count++] = (char)('0' + descriptor % 10);
  while ((descriptor /= 10) > 0);
  while (count > 0) name[length++] = digits[--count];
  long found = RAW(SYS_readlinkat, AT_FDCWD, name, out, size - 1);
  if (found <= 0) return 0;
  out[found] = 0;
  return (size_t)found;
}

static size_t join(int folder, const char *path, char *out, size_t size) {
  size_t start = 0, length = path ? strnlen(path, size) : 0;
  if (length && path[0] == '/') {
    start = 0;
  } else if (folder == AT_FDCWD) {
    long found = RAW(SYS_getcwd, out, size - 1);
    start = found > 0 ? (size_t)found - 1 : 0;
  } else {
    start = path_of(folder, out, size);
  }
  if (start && length && start + 1 < size) out[start++] = '/';
  if (start + length + 1 > size) return 0;
  memcpy(out + start, path, length);
  out[start + length] = 0;
  return start + length;
}

static int is_below_root(const char *path) {
  size_t length = strlen(fault_state->root);
  int is_below = length && !strncmp(path, fault_state->root, length) &&
                 (path[length] == '/' || !path[length]);
  return is_below && strstr(path, fault_state->match);
}

// Decisions

_Noreturn void fault_die(void) {
  int self = (int)RAW(SYS_getpid);
  if (fault_state->flags & FAULT_EVERYONE) {
    uint32_t count = atomic_load(&fault_state->processes);
    for (uint32_t index = 0; index < count && index < FAULT_PIDS; index++)
      if (fault_state->pids[index] != self) RAW(SYS_kill, fault_state->pids[index], SIGKILL);
  }
  for (;;) RAW(SYS_kill, self, SIGKILL);
}

static void note(uint64_t number, uint32_t operation, int hit, const char *path) {
  if (!number || number > FAULT_RECORDS) return;
  struct fault_record *record = &fault_state->records[number - 1];
  size_t length = strlen(path);
  // Of a long path, the end.
  if (length > FAULT_NAME) path += length - FAULT_NAME, length = FAULT_NAME;
  memcpy(record->path, path, length);
  record->length = (uint32_t)length;
  record->operation = operation;
  record->hit = (uint32_t)hit;
  record->pid = (int32_t)RAW(SYS_getpid);
  record->number = number;
}

static enum decision outcome(uint32_t operation, int is_first) {
  int is_write = operation == FAULT_WRITE;
  switch (fault_state->kind) {
  case FAULT_ERROR: return FAIL;
  case FAULT_SHORT: return !is_write ? PASS : is_first ? HALF : FAIL;
  case FAULT_KILL_BEFORE: return DIE;
  case FAULT_KILL_AFTER: return DO_AND_DIE;
  case FAULT_KILL_TORN: return is_write ? HALF_AND_DIE : DIE;
  default: return PASS;
  }
}

static enum decision decide_path(uint32_t operation, const char *path) {
  if (!is_below_root(path)) return PASS;
  uint64_t number = atomic_fetch_add(&fault_state->counted, 1) + 1, target = fault_state->target;
  int is_first = number == target;
  int hit = target && (is_first || (number > target && fault_state->flags & FAULT_STICKY));
  enum decision decision = hit ? outcome(operation, is_first) : PASS;
  note(number, operation, decision != PASS, path);
  if (decision != PASS) atomic_fetch_add(&fault_state->hits, 1);
  if (decision == DIE) fault_die();
  return decision;
}

static int is_on(uint32_t operation) {
  if (!system_call) fault_prepare();
  return fault_state && fault_state->mask & operation;
}

enum decision fault_decide_at(uint32_t operation, int folder, const char *path) {
  char full[4200];
  if (!is_on(operation)) return PASS;
  int before = errno;
  enum decision decision =
      join(folder, path, full, sizeof full) ? decide_path(operation, full) : PASS;
  errno = before;
  return decision;
}

enum decision fault_decide(uint32_t operation, int descriptor) {
  char full[4200];
  if (!is_on(operation)) return PASS;
  int before = errno;
  enum decision decision =
      path_of(descriptor, full, sizeof full) ? decide_path(operation, full) : PASS;
  errno = before;
  return decision;
}
