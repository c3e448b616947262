// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors
#define _GNU_SOURCE
#include "CKeyring.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char type[] = "user";
// The possessor everything; processes of the same user view, read, search, unlink by invalidation.
static const unsigned permissions = 0x3f0b0000u | 0x00200000u;

static long keyctl(int operation, unsigned long a, unsigned long b, unsigned long c,
                   unsigned long d) {
  return syscall(SYS_keyctl, operation, a, b, c, d);
}

int kafclaw_keyring_write(
    const char *name, const unsigned char *key, size_t count, unsigned seconds) {
  // First where this process may set its permissions, then where others find it.
  long id = syscall(SYS_add_key, type, name, key, count, KEY_SPEC_PROCESS_KEYRING);
  if (id < 0) return -1;
  if (keyctl(KEYCTL_SETPERM, (unsigned long)id, permissions, 0, 0) < 0 ||
      keyctl(KEYCTL_SET_TIMEOUT, (unsigned long)id, seconds, 0, 0) < 0 ||
      keyctl(KEYCTL_LINK, (unsigned long)id, (unsigned long)KEY_SPEC_USER_KEYRING, 0, 0) < 0) {
    int reason = errno;
    keyctl(KEYCTL_UNLINK, (unsigned long)id, (unsigned long)KEY_SPEC_PROCESS_KEYRING, 0, 0);
    errno = reason;
    return -1;
  }
  keyctl(KEYCTL_UNLINK, (unsigned long)id, (unsigned long)KEY_SPEC_PROCESS_KEYRING, 0, 0);
  return 0;
}

static long find(const char *name) {
  return keyctl(KEYCTL_SEARCH, (unsigned long)KEY_SPEC_USER_KEYRING, (unsigned long)type,
                (unsigned long)name, 0);
}

long kafclaw_keyring_read(const char *name, unsigned char *key, size_t count) {
  long id = find(name);
  if (id < 0) return -1;
  long length = keyctl(KEYCTL_READ, (unsigned long)id, (unsigned long)key, count, 0);
  if (length > (long)count) {
    errno = EMSGSIZE;
    return -1;
  }
  return length;
}

int kafclaw_keyring_forget(const char *name) {
  long id = find(name);
  if (id < 0) return errno == ENOKEY ? 0 : -1;
  return keyctl(KEYCTL_UNLINK, (unsigned long)id, (unsigned long)KEY_SPEC_USER_KEYRING, 0, 0) < 0
      ? -1
      : 0;
}
