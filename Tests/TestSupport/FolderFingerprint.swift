// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation

/// Every file of a folder with its bytes, mode and time of change: two equal fingerprints mean that
/// nothing was written between them.
public struct FolderFingerprint: Equatable, Sendable {
  public let entries: [String: String]

  public init(_ folder: String) throws {
    var entries: [String: String] = [:]
    for name in FileManager.default.enumerator(atPath: folder)?.compactMap({ $0 as? String }) ?? []
    {
      let path = "\(folder)/\(name)"
      var status = stat()
      guard lstat(path, &status) == 0 else { continue }
      let isFile = status.st_mode & S_IFMT == S_IFREG
      let content = isFile ? try Data(contentsOf: URL(fileURLWithPath: path)).hashValue : 0
      let time = "\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
      entries[name] = "\(status.st_mode) \(status.st_size) \(time) \(content)"
    }
    self.entries = entries
  }

  /// Names whose entries differ.
  public func differences(from other: FolderFingerprint) -> [String] {
    Set(entries.keys).union(other.entries.keys).filter { entries[$0] != other.entries[$0] }.sorted()
  }
}

/// What a program opened, from `strace`.
public enum OpenedForWriting {
  /// Paths opened for writing, created, renamed or removed during a run of the program; the
  /// terminal and null devices apart.
  public static func paths(
    _ arguments: [String], home: String?, environment: [String: String] = [:]
  ) throws -> (result: Program.Result, paths: [String]) {
    let scratch = try Scratch("strace")
    let trace = "\(scratch.path)/trace"
    let calls =
      "trace=open,openat,openat2,creat,rename,renameat,renameat2,unlink,unlinkat,mkdir,"
      + "mkdirat,chmod,fchmod,fchmodat,truncate,ftruncate,link,linkat,symlink,symlinkat"
    let result = try Program.run(
      arguments, home: home, environment: environment,
      prefix: ["strace", "-f", "-qq", "-o", trace, "-e", calls])
    let lines = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n")
    let writes = lines.filter { line in
      guard !line.contains(" = -1 ") else { return false }
      // The coverage runtime of a process whose memory strace may not read, at its end.
      if line.contains("AT_FDCWD, 0x") && line.contains("O_APPEND, 0666") { return false }
      let opens = line.contains("open") || line.contains("creat")
      guard opens else { return line.contains("(") && !line.contains("+++") }
      return line.contains("O_WRONLY") || line.contains("O_RDWR") || line.contains("O_CREAT")
    }
    let allowed = ["/dev/null", "/dev/tty", "/proc/self/"]
    return (
      result,
      writes.filter { line in !allowed.contains { line.contains("\"\($0)") } }.map(String.init)
    )
  }
}
