// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors
// The user's kernel keyring (keyrings(7)): system calls that glibc has no functions for.
#pragma once
#include <stddef.h>

/// Keeps a key under a name for this user, for `seconds`, readable by processes of the same user.
/// Returns 0, or -1 with errno.
int kafclaw_keyring_write(
    const char *name, const unsigned char *key, size_t count, unsigned seconds);

/// Copies the key of this name. Returns its length, or -1 with errno (ENOKEY: there is none).
long kafclaw_keyring_read(const char *name, unsigned char *key, size_t count);

/// Forgets the key of this name. Returns 0 also where there is none, or -1 with errno.
int kafclaw_keyring_forget(const char *name);
