// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors
//
// Between fork and exec of a program with threads only system calls are safe, so the keeper is
// written with nothing else.
#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REPORT = 0, CONTROL = 1, FIRST_FREE = 2, DESCRIPTORS = 16 };

static void report(int descriptor, int tag, int value) {
  int record[2] = {tag, value};
  ssize_t written = write(descriptor, record, sizeof record);
  (void)written;  // the caller may be dead; there is nobody else to tell
}

static void default_signals(void) {
  for (int number = 1; number < NSIG; number++) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigaction(number, &action, NULL);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

/// Puts the descriptors in their places, everything else is closed by exec. Returns 0 or -1.
static int place(const struct kafclaw_launch *launch, int *failure) {
  int high[DESCRIPTORS];
  if (launch->descriptor_count > DESCRIPTORS) {
    errno = EMFILE;
    return -1;
  }
  *failure = fcntl(*failure, F_DUPFD_CLOEXEC, DESCRIPTORS);
  for (int at = 0; at < launch->descriptor_count; at++) {
    high[at] = fcntl(launch->descriptors[at], F_DUPFD_CLOEXEC, DESCRIPTORS);
    if (high[at] < 0) return -1;
  }
  for (int at = 0; at < launch->descriptor_count; at++) {
    if (dup2(high[at], at) < 0) return -1;
  }
  return (int)syscall(
      SYS_close_range, launch->descriptor_count, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */);
}

static int prepare(const struct kafclaw_launch *launch, int *failure) {
  for (int at = 0; at < launch->group_count; at++) {
    if (write(launch->groups[at], "0", 1) != 1) return -1;
  }
  if (place(launch, failure)) return -1;
  if (launch->folder && chdir(launch->folder)) return -1;
  for (int at = 0; at < launch->limit_count; at++) {
    struct rlimit limit = {launch->limits[2 * at + 1], launch->limits[2 * at + 1]};
    if (setrlimit((int)launch->limits[2 * at], &limit)) return -1;
  }
  if (launch->user == 0) return 0;
  // The calls themselves: glibc's functions would look for the threads of the caller.
  if (syscall(SYS_setgroups, 0, NULL)) return -1;
  if (syscall(SYS_setresgid, launch->user, launch->user, launch->user)) return -1;
  return (int)syscall(SYS_setresuid, launch->user, launch->user, launch->user);
}

static void become(const struct kafclaw_launch *launch, pid_t keeper, int failure) {
  setsid();
  int is_ready = prepare(launch, &failure) == 0;
  // Last, since a change of the user takes it back.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (is_ready && getppid() == keeper) {
    default_signals();
    execve(launch->path, launch->argv, launch->envp);
  }
  int error = errno;
  ssize_t written = write(failure, &error, sizeof error);
  (void)written;
  _exit(127);
}

/// The parent's number in the text of /proc/PID/stat: what follows the state, which follows the
/// last parenthesis.
static long parent_in(const char *text, long size) {
  long at = size - 1;
  while (at >= 0 && text[at] != ')') at--;
  if (at < 0 || at + 4 >= size) return -1;
  long parent = 0;
  for (at += 4; at < size && text[at] >= '0' && text[at] <= '9'; at++) {
    parent = parent * 10 + (text[at] - '0');
  }
  return parent;
}

static void kill_if_child(const char *name, int folder, pid_t self) {
  char path[32], text[512];
  long length = 0, pid = 0;
  for (; name[length] >= '0' && name[length] <= '9' && length < 12; length++) {
    path[length] = name[length];
    pid = pid * 10 + (name[length] - '0');
  }
  if (length == 0 || name[length] != 0) return;
  const char *suffix = "/stat";
  for (int at = 0; at < 6; at++) path[length + at] = suffix[at];
  int file = openat(folder, path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  long size = read(file, text, sizeof text);
  close(file);
  if (size > 0 && parent_in(text, size) == self) kill((pid_t)pid, SIGKILL);
}

static void kill_children(void) {
  struct entry {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
  };
  _Alignas(8) char buffer[8192];
  pid_t self = getpid();
  int folder = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  long size;
  while ((size = syscall(SYS_getdents64, folder, buffer, sizeof buffer)) > 0) {
    for (long at = 0; at < size;) {
      struct entry *entry = (struct entry *)(buffer + at);
      kill_if_child(entry->name, folder, self);
      at += entry->length;
    }
  }
  close(folder);
}

/// Kills what is left, and what its death leaves behind, until there is no child any more.
static void end_all(pid_t pid, int is_running) {
  if (is_running) kill(pid, SIGKILL);
  for (;;) {
    int status;
    pid_t ended = waitpid(-1, &status, WNOHANG | __WALL);
    if (ended < 0 && errno == ECHILD) return;
    if (ended > 0) {
      if (ended == pid) report(REPORT, KAFCLAW_KEEPER_ENDED, status);
      continue;
    }
    kill_children();
    siginfo_t information;
    waitid(P_ALL, 0, &information, WEXITED | WNOWAIT | __WALL);
  }
}

static void keep(pid_t pid, int failure) {
  int error = 0;
  while (read(failure, &error, sizeof error) < 0 && errno == EINTR) {}
  close(failure);
  if (error) report(REPORT, KAFCLAW_KEEPER_FAILED, error);
  int ended = (int)syscall(SYS_pidfd_open, pid, 0);
  struct pollfd events[2] = {{.fd = CONTROL, .events = POLLIN}, {.fd = ended, .events = POLLIN}};
  while (!error && poll(events, 2, -1) < 0 && errno == EINTR) {}
  int status, is_running = 1;
  if (events[1].revents && waitpid(pid, &status, __WALL) == pid) {
    is_running = 0;
    if (!error) report(REPORT, KAFCLAW_KEEPER_ENDED, status);
  }
  end_all(pid, is_running);
  _exit(0);
}

static void be_keeper(const struct kafclaw_launch *launch, int reports, int control) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  setsid();
  prctl(PR_SET_NAME, "kafclaw-keeper");
  if (launch->flags & KAFCLAW_ADOPT) prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  int failure[2];
  pid_t self = getpid();
  pid_t pid = pipe2(failure, O_CLOEXEC) ? -1 : fork();
  if (pid < 0) {
    report(reports, KAFCLAW_KEEPER_FAILED, errno);
    _exit(1);
  }
  if (pid == 0) become(launch, self, failure[1]);
  // Into places where no two of them can be in each other's way.
  reports = fcntl(reports, F_DUPFD_CLOEXEC, DESCRIPTORS);
  control = fcntl(control, F_DUPFD_CLOEXEC, DESCRIPTORS);
  int started = fcntl(failure[0], F_DUPFD_CLOEXEC, DESCRIPTORS);
  dup2(reports, REPORT);
  dup2(control, CONTROL);
  dup2(started, FIRST_FREE);
  syscall(SYS_close_range, FIRST_FREE + 1, ~0u, 0);
  keep(pid, FIRST_FREE);
}

pid_t kafclaw_launch(const struct kafclaw_launch *launch, int *report, int *control) {
  int reports[2], controls[2];
  if (pipe2(reports, O_CLOEXEC)) return -1;
  if (pipe2(controls, O_CLOEXEC)) {
    close(reports[0]);
    close(reports[1]);
    return -1;
  }
  pid_t pid = fork();
  if (pid == 0) {
    close(controls[1]);
    be_keeper(launch, reports[1], controls[0]);
  }
  int error = errno;
  close(reports[1]);
  close(controls[0]);
  if (pid < 0) {
    close(reports[0]);
    close(controls[1]);
    errno = error;
    return -1;
  }
  *report = reports[0];
  *control = controls[1];
  return pid;
}

int kafclaw_memory_file(const void *bytes, unsigned long size) {
  int file = memfd_create("kafclaw", MFD_CLOEXEC);
  if (file < 0) return -1;
  for (unsigned long done = 0; done < size;) {
    ssize_t written = write(file, (const char *)bytes + done, size - done);
    if (written < 0 && errno != EINTR) {
      close(file);
      return -1;
    }
    if (written > 0) done += (unsigned long)written;
  }
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", file);
  int readable = open(path, O_RDONLY | O_CLOEXEC);
  close(file);
  return readable;
}

int kafclaw_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }
