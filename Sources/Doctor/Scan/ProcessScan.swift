// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import DurableIO
import Glibc

/// Looks for secrets in what the kernel shows of the appliance's processes.
struct ProcessScan {
  private let secrets: LiveSecrets
  private let scanner: SecretScanner
  private let system: SystemFiles
  private let processes: [(name: String, pid: Int)]
  private var findings = Findings()
  private var seen: [String] = []

  /// Blocks.
  init(_ host: Host) throws {
    secrets = LiveSecrets(host)
    scanner = SecretScanner(secrets.all)
    system = host.system
    var processes: [(name: String, pid: Int)] = []
    if let holder = try Self.holder(of: host.paths.lock) {
      processes.append(("supervisor", holder))
    }
    for component in host.status?.components ?? [] {
      if let pid = component.pid { processes.append((VisibleText.escape(component.name), pid)) }
    }
    self.processes = processes
  }

  /// The number in `pid N (…)`.
  private static func holder(of lock: String) throws -> Int? {
    guard let bytes = try DurableFile.readIfPresent(lock, limit: 4_096) else { return nil }
    let words = bytes.split(separator: UInt8(ascii: " "))
    guard words.first?.elementsEqual("pid".utf8) == true else { return nil }
    return words.dropFirst().first.flatMap { Int(String(decoding: $0, as: UTF8.self)) }
  }

  mutating func verdict() -> Verdict {
    for reason in secrets.unknown { findings.add(.unknown, "not all secrets are known: \(reason)") }
    if processes.isEmpty { findings.add(.unknown, "no process of the appliance is known") }
    for (name, pid) in processes {
      for file in ["cmdline", "environ"] { look(at: file, of: "\(name) (pid \(pid))", pid) }
    }
    return findings.verdict(otherwise: (seen + [secrets.summary(scanner)]).joined(separator: "; "))
  }

  private mutating func look(at file: String, of process: String, _ pid: Int) {
    do {
      switch try KernelFile(system.path("/proc/\(pid)/\(file)")) {
      case .refused: seen.append("\(process): the kernel shows no \(file)")
      case .gone: seen.append("\(process): has ended")
      case .bytes(let bytes):
        seen.append("\(process): \(file) with \(bytes.count) bytes")
        for place in scanner.places(in: bytes) {
          let variable = Self.variable(at: place.offset, in: bytes).map { " \($0)" } ?? ""
          findings.add(.fail, "\(process): \(file)\(variable) holds a text: \(place.what)")
        }
      }
    } catch {
      findings.add(.unknown, "\(process): \(ApplianceError.of(error).message)")
    }
  }

  /// The name of the variable in whose value an offset lies.
  private static func variable(at offset: Int, in bytes: [UInt8]) -> String? {
    let before = bytes.prefix(offset)
    let entry = before[(before.lastIndex(of: 0).map { $0 + 1 } ?? 0)...]
    guard let equals = entry.firstIndex(of: UInt8(ascii: "=")) else { return nil }
    return VisibleText.escape(String(decoding: entry[..<equals].prefix(80), as: UTF8.self))
  }
}

/// A file below `/proc`.
private enum KernelFile {
  case bytes([UInt8])
  /// It is not for this user, as with a process that forbids it.
  case refused
  /// The process has ended.
  case gone

  private static let limit = 4 << 20

  init(_ path: String) throws {
    let number: Int32 = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard number >= 0 else {
      self = try Self.failed(path)
      return
    }
    let file = Descriptor(owning: number)
    var (content, chunk) = ([UInt8](), [UInt8](repeating: 0, count: 65_536))
    while content.count < Self.limit {
      let count = read(file.number, &chunk, chunk.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else {
        self = try Self.failed(path)
        return
      }
      if count == 0 { break }
      content += chunk[..<count]
    }
    self = .bytes(content)
  }

  private static func failed(_ path: String) throws -> KernelFile {
    switch errno {
    case EACCES, EPERM: .refused
    case ENOENT, ESRCH: .gone
    default: throw ApplianceError.system("read", path)
    }
  }
}
