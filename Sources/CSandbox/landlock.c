// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors
#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <unistd.h>

// Own definitions: the headers of Debian 12 end at version 2 of the interface.
// Documentation/userspace-api/landlock.rst. The numbers are the same on every architecture.
enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446 };
enum { VERSION_QUESTION = 1, RULE_PATH = 1, RULE_PORT = 2 };

struct ruleset {
  uint64_t files, network, scopes;
};

struct path_rule {
  uint64_t rights;
  int32_t parent;
} __attribute__((packed));

struct port_rule {
  uint64_t rights, port;
};

int kafclaw_landlock_version(void) {
  long version = syscall(CREATE_RULESET, NULL, 0, VERSION_QUESTION);
  return version < 0 ? 0 : (int)version;
}

int kafclaw_landlock_ruleset(
    unsigned long long files, unsigned long long network, unsigned long long scopes) {
  struct ruleset rules = {files, network, scopes};
  // Older kernels know a shorter structure and refuse a longer one that asks for more.
  unsigned long size = scopes ? sizeof rules : network ? 16 : 8;
  return (int)syscall(CREATE_RULESET, &rules, size, 0);
}

int kafclaw_landlock_path(int ruleset, const char *path, unsigned long long rights) {
  struct path_rule rule = {rights, open(path, O_PATH | O_CLOEXEC)};
  if (rule.parent < 0) return errno;
  int error = syscall(ADD_RULE, ruleset, RULE_PATH, &rule, 0) ? errno : 0;
  close(rule.parent);
  return error;
}

int kafclaw_landlock_port(int ruleset, unsigned port, unsigned long long rights) {
  struct port_rule rule = {rights, port};
  return syscall(ADD_RULE, ruleset, RULE_PORT, &rule, 0) ? errno : 0;
}

int kafclaw_landlock_restrict(int ruleset) {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return errno;
  return syscall(RESTRICT_SELF, ruleset, 0) ? errno : 0;
}
