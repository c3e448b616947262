// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Glibc

/// Removes a folder of ours with whatever is in it, never through a link; what cannot be removed stays.
public enum FolderRemoval {
  public static func remove(_ path: String) { remove(AT_FDCWD, path) }

  private static func remove(_ parent: Int32, _ name: UnsafePointer<CChar>) {
    if unlinkat(parent, name, 0) == 0 { return }
    // Whoever changed the content may have taken our own rights away.
    var status = stat()
    if fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0, status.st_mode & S_IFMT == S_IFDIR
    {
      fchmodat(parent, name, 0o700, 0)
    }
    let number = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard number >= 0 else { return }
    guard let folder = fdopendir(number) else {
      close(number)
      return
    }
    // By the bytes of a name, whatever they are.
    while let entry = readdir(folder) {
      withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { child in
          let isDots = strcmp(child, ".") == 0 || strcmp(child, "..") == 0
          if !isDots { remove(dirfd(folder), child) }
        }
      }
    }
    closedir(folder)
    unlinkat(parent, name, AT_REMOVEDIR)
  }
}
