// SPDX-License-Identifier: Apache-2.0
// Kernel calls for confinement that glibc does not wrap.
#pragma once

/// openat2(2) with RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS and RESOLVE_NO_MAGICLINKS: the kernel
/// refuses every path that leaves `folder`, at the moment of opening.
/// Returns a descriptor, or -1 with errno.
int kafclaw_open_beneath(int folder, const char *path, int flags, unsigned mode);

/// Opens a folder as the root of kafclaw_open_beneath (O_PATH). A link is refused.
/// Returns a descriptor, or -1 with errno.
int kafclaw_open_root(const char *path);
