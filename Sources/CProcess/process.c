// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

int kafclaw_die_with_parent(pid_t parent) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return -1;
  return getppid() == parent ? 0 : -1;
}

int kafclaw_forbid_dumps(void) { return prctl(PR_SET_DUMPABLE, 0); }

int kafclaw_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

int kafclaw_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

pid_t kafclaw_ended_child(void) {
  siginfo_t information = {0};
  if (waitid(P_ALL, 0, &information, WEXITED | WNOHANG | WNOWAIT) != 0) return 0;
  return information.si_pid;
}

int kafclaw_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

static int address(struct sockaddr_un *address, const char *path) {
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  int length = snprintf(address->sun_path, sizeof address->sun_path, "%s", path);
  if (length > 0 && length < (int)sizeof address->sun_path) return 0;
  errno = ENAMETOOLONG;
  return -1;
}

/// Closes a descriptor that is of no use, and keeps errno.
static int given_up(int descriptor) {
  int error = errno;
  close(descriptor);
  errno = error;
  return -1;
}

int kafclaw_listen(const char *path) {
  struct sockaddr_un place;
  if (address(&place, path) != 0) return -1;
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0) return -1;
  unlink(path);
  if (bind(listener, (struct sockaddr *)&place, sizeof place) != 0 || chmod(path, 0666) != 0 ||
      listen(listener, 16) != 0)
    return given_up(listener);
  return listener;
}

int kafclaw_connect(const char *path) {
  struct sockaddr_un place;
  if (address(&place, path) != 0) return -1;
  int link = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (link < 0) return -1;
  if (connect(link, (struct sockaddr *)&place, sizeof place) != 0) return given_up(link);
  return link;
}

int kafclaw_notify(const char *path, const char *text) {
  struct sockaddr_un place;
  if (address(&place, path) != 0) return -1;
  socklen_t length = offsetof(struct sockaddr_un, sun_path) + strlen(path);
  if (path[0] == '@')
    place.sun_path[0] = 0;
  else
    length++;
  int messenger = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (messenger < 0) return -1;
  ssize_t sent =
      sendto(messenger, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&place, length);
  close(messenger);
  return sent < 0 ? -1 : 0;
}

int kafclaw_peer(int socket, pid_t *pid, uid_t *user) {
  struct ucred peer;
  socklen_t length = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return -1;
  *pid = peer.pid;
  *user = peer.uid;
  return 0;
}

static int prepare(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, int link) {
  sigset_t all, none;
  sigfillset(&all);
  sigemptyset(&none);
  int error = posix_spawnattr_setsigdefault(attributes, &all);
  if (!error) error = posix_spawnattr_setsigmask(attributes, &none);
  if (!error)
    error = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  if (!error) error = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
  if (!error) error = posix_spawn_file_actions_adddup2(actions, link, 3);
  if (!error) error = posix_spawn_file_actions_addclosefrom_np(actions, 4);
  return error;
}

int kafclaw_spawn(const char *path, char *const argv[], char *const envp[], int link, pid_t *pid) {
  // Descriptor 3 itself must not be the source: dup2(3, 3) would leave it close-on-exec.
  int source = fcntl(link, F_DUPFD_CLOEXEC, 10);
  if (source < 0) return errno;
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int error = posix_spawn_file_actions_init(&actions);
  if (error) {
    close(source);
    return error;
  }
  error = posix_spawnattr_init(&attributes);
  if (!error) {
    error = prepare(&actions, &attributes, source);
    if (!error) error = posix_spawn(pid, path, &actions, &attributes, argv, envp);
    posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_destroy(&actions);
  close(source);
  return error;
}
