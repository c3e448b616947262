// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors
//
// The state that all processes of one run share with the test: a file, mapped by the processes and
// read and written by the test at fixed offsets. Little-endian, 64-bit systems only.
#pragma once
#include <stdatomic.h>
#include <stdint.h>

#define FAULT_MAGIC 0x544c4146u
#define FAULT_PIDS 64
#define FAULT_RECORDS 16384
#define FAULT_NAME 232

// Classes of operations; a mask of them says which ones count.
enum {
  FAULT_WRITE = 1 << 0,
  FAULT_SYNC = 1 << 1,
  FAULT_RENAME = 1 << 2,
  FAULT_CREATE = 1 << 3, // open with the intent to write
  FAULT_TRUNCATE = 1 << 4,
  FAULT_REMOVE = 1 << 5,
  FAULT_FOLDER = 1 << 6,
  FAULT_MODE = 1 << 7,
  FAULT_LINK = 1 << 8,
  FAULT_OPEN = 1 << 9, // open to read
  FAULT_READ = 1 << 10,
  FAULT_EXAMINE = 1 << 11, // stat and its relatives
};

// What happens to the operation that is hit.
enum {
  FAULT_NONE = 0,
  FAULT_ERROR = 1,       // it is not done and fails with `error`
  FAULT_SHORT = 2,       // a write of half the bytes
  FAULT_KILL_BEFORE = 3, // SIGKILL instead of it
  FAULT_KILL_AFTER = 4,  // SIGKILL once it is done
  FAULT_KILL_TORN = 5,   // SIGKILL after half the bytes of a write; others: instead of it
};

enum {
  FAULT_STICKY = 1 << 0,   // every operation from the target on; a short write only the first
  FAULT_EVERYONE = 1 << 1, // the signal goes to all processes of the run, as in a power cut
};

struct fault_record {
  uint64_t number;
  int32_t pid;
  uint32_t operation;
  uint32_t hit;
  uint32_t length; // of `path`
  char path[FAULT_NAME];
};

struct fault_state {
  uint32_t magic; // offset 0
  // Written by the test.
  _Atomic uint32_t mask; // 4
  _Atomic uint32_t kind; // 8
  _Atomic uint32_t error; // 12
  _Atomic uint32_t flags; // 16
  uint32_t reserved; // 20
  _Atomic uint64_t target; // 24, counted from 1; 0 hits nothing
  char root[256]; // 32
  char match[256]; // 288, part of the paths that count
  // Written by the processes.
  _Atomic uint64_t counted; // 544
  _Atomic uint64_t hits; // 552
  _Atomic uint32_t processes; // 560
  int32_t pids[FAULT_PIDS]; // 564
  char padding[204]; // to 1024
  struct fault_record records[FAULT_RECORDS]; // 1024, 256 bytes each, in the order of counting
};

_Static_assert(sizeof(struct fault_record) == 256, "read at fixed offsets");
_Static_assert(__builtin_offsetof(struct fault_state, counted) == 544, "read at fixed offsets");
_Static_assert(__builtin_offsetof(struct fault_state, records) == 1024, "read at fixed offsets");
