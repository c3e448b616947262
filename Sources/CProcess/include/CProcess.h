// SPDX-License-Identifier: Apache-2.0
// System calls around processes that are variadic or missing in Swift's view of glibc.
#pragma once
#include <sys/types.h>

/// Kills this process when the thread that spawned it ends (prctl PR_SET_PDEATHSIG).
/// Returns 0, or -1 when it cannot be set or the parent is not `parent` any more.
int kafclaw_die_with_parent(pid_t parent);

/// Forbids core dumps and ptrace by the same user (prctl PR_SET_DUMPABLE). Returns 0 or -1.
int kafclaw_forbid_dumps(void);

/// This process and its children can gain no privileges by exec. Returns 0 or -1.
int kafclaw_no_new_privileges(void);

/// What descendants leave behind becomes a child of this process, not of init (prctl
/// PR_SET_CHILD_SUBREAPER). Returns 0 or -1.
int kafclaw_adopt_orphans(void);

/// A child that has ended and was not waited for, which it still is not; 0 when there is none.
pid_t kafclaw_ended_child(void);

/// A descriptor that becomes readable when the process ends (pidfd_open(2)), or -1.
int kafclaw_pidfd_open(pid_t pid);

/// Listens on a unix socket of that path, in place of one that is there already; any user may
/// connect. Returns the descriptor, or -1 with errno.
int kafclaw_listen(const char *path);

/// Connects to a unix socket. Returns the descriptor, or -1 with errno.
int kafclaw_connect(const char *path);

/// Sends one datagram to a unix socket; a path that begins with `@` is an abstract name. Returns 0,
/// or -1 with errno.
int kafclaw_notify(const char *path, const char *text);

/// Who is at the other end of a unix socket (SO_PEERCRED, unix(7)). Returns 0 or -1.
int kafclaw_peer(int socket, pid_t *pid, uid_t *user);

/// Starts `path` with `link` as descriptor 3, `/dev/null` as input, every other descriptor but 1
/// and 2 closed, default signal dispositions and an empty signal mask.
/// Returns 0 and the process id in `pid`, or an errno.
int kafclaw_spawn(const char *path, char *const argv[], char *const envp[], int link, pid_t *pid);
