// SPDX-License-Identifier: Apache-2.0
// Kernel calls for confinement that glibc does not wrap.
#pragma once
#include <sys/types.h>

/// openat2(2) with RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS and RESOLVE_NO_MAGICLINKS: the kernel
/// refuses every path that leaves `folder`, at the moment of opening.
/// Returns a descriptor, or -1 with errno.
int kafclaw_open_beneath(int folder, const char *path, int flags, unsigned mode);

/// Opens a folder as the root of kafclaw_open_beneath (O_PATH). A link is refused.
/// Returns a descriptor, or -1 with errno.
int kafclaw_open_root(const char *path);

/// Lets two names in `folder` change places in one step (renameat2(2), RENAME_EXCHANGE).
/// Returns 0, or -1 with errno.
int kafclaw_exchange(int folder, const char *one, const char *other);

// init.c: the first process inside a sandbox.

/// What the first process reports: a record of two 32-bit numbers, one of these and a value.
enum kafclaw_init_report {
  /// The command ended; the value is its wait status (wait(2)).
  KAFCLAW_INIT_ENDED = 1,
  /// The command's time was over and nobody had stopped it.
  KAFCLAW_INIT_TIMEOUT = 2,
  /// The command could not be executed. This and what follows carry an errno.
  KAFCLAW_INIT_EXECUTE = 3,
  /// The working directory cannot be entered.
  KAFCLAW_INIT_FOLDER = 4,
  /// A resource limit was refused.
  KAFCLAW_INIT_LIMIT = 5,
  /// The system call filter was refused.
  KAFCLAW_INIT_FILTER = 6,
  /// No process could be made for the command.
  KAFCLAW_INIT_START = 7,
};

/// Writes the first process as an ELF executable. Returns its size, or -1 when the buffer is too
/// small; 64 KiB are plenty.
long kafclaw_init_image(unsigned char *buffer, long capacity);

// keeper.c: processes that cannot survive.

enum kafclaw_launch_flags {
  /// Descendants that lose their parent become the keeper's, which kills them.
  KAFCLAW_ADOPT = 1,
};

/// What the keeper reports: a record of two 32-bit numbers, one of these and a value.
enum kafclaw_keeper_report {
  /// The program ended; the value is its wait status (wait(2)).
  KAFCLAW_KEEPER_ENDED = 1,
  /// The program could not be started; the value is an errno.
  KAFCLAW_KEEPER_FAILED = 2,
};

/// A program to start.
struct kafclaw_launch {
  const char *path;
  char *const *argv;
  char *const *envp;
  /// Its working directory.
  const char *folder;
  /// What becomes its descriptors 0, 1, 2, …; it has no others.
  const int *descriptors;
  int descriptor_count;
  /// `cgroup.procs` files, open for writing, of the groups it joins.
  const int *groups;
  int group_count;
  /// Pairs of a resource and a value (setrlimit(2)).
  const unsigned long long *limits;
  int limit_count;
  /// The user and the group it becomes; 0 to stay who the caller is.
  unsigned user;
  int flags;
};

/// Starts a program below a keeper: a process that kills everything left of the program when the
/// program has ended, when `control` is closed, or when the caller dies, then ends itself.
/// `report` gets the keeper's records and then its end of file.
/// Returns the keeper's process id, or -1 with errno.
pid_t kafclaw_launch(const struct kafclaw_launch *launch, int *report, int *control);

/// pipe2(2) with O_CLOEXEC. Returns 0, or -1 with errno.
int kafclaw_pipe(int ends[2]);

/// An unnamed file with `size` bytes, opened for reading only. Returns a descriptor or -1.
int kafclaw_memory_file(const void *bytes, unsigned long size);

// filter.c: system calls that are refused.

enum kafclaw_filter_flags {
  /// Internet sockets stay possible.
  KAFCLAW_FILTER_NETWORK = 1,
  /// No program can be executed.
  KAFCLAW_FILTER_NO_EXECUTE = 2,
  /// No unix socket can be made.
  KAFCLAW_FILTER_NO_UNIX = 4,
};

/// Writes the filter as BPF instructions (struct sock_filter). Returns its size in bytes, or -1
/// when the buffer is too small; 8 KiB are plenty.
long kafclaw_filter(int flags, unsigned char *buffer, long capacity);

/// Applies the filter to all threads of this process, for ever. Returns 0 or an errno.
int kafclaw_filter_self(int flags);

// landlock.c: landlock(7).

/// The version of the kernel's Landlock interface; 0 where there is none.
int kafclaw_landlock_version(void);

/// A new ruleset that handles these rights. Returns a descriptor, or -1 with errno.
int kafclaw_landlock_ruleset(
    unsigned long long files, unsigned long long network, unsigned long long scopes);

/// Allows `rights` below what `path` names. Returns 0 or an errno.
int kafclaw_landlock_path(int ruleset, const char *path, unsigned long long rights);

/// Allows `rights` on a TCP port. Returns 0 or an errno.
int kafclaw_landlock_port(int ruleset, unsigned port, unsigned long long rights);

/// Restricts the calling thread and what it starts, for ever. Returns 0 or an errno.
int kafclaw_landlock_restrict(int ruleset);
