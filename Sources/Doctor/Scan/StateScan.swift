// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import DurableIO
import Glibc

/// Looks for secrets in every file of the appliance and of its agent.
struct StateScan {
  private let paths: AppliancePaths
  private let secrets: LiveSecrets
  private let scanner: SecretScanner
  /// Where people and the agent write what they want.
  private let agentFolders: [String]
  private var findings = Findings()

  private static let chunk = 1 << 20
  /// Larger files are not read: the agent can make one that consists of holes. Bytes.
  private static let sizeLimit = 4 << 30

  /// Blocks.
  init(_ host: Host) {
    paths = host.paths
    secrets = LiveSecrets(host)
    scanner = SecretScanner(secrets.all)
    var spec = ApplianceSpec()
    do { spec = try host.spec ?? spec } catch {
      findings.add(.unknown, "the agent's folders: \(ApplianceError.of(error).message)")
    }
    agentFolders = [spec.agent.workspace, spec.agent.workRepo].map(host.paths.agentFolder)
  }

  mutating func verdict() -> Verdict {
    for reason in secrets.unknown { findings.add(.unknown, "not all secrets are known: \(reason)") }
    var places: [String] = []
    var read = 0
    let (scanner, rule) = (scanner, rule)
    var walk = FileWalk { path, file, size in
      guard size <= Self.sizeLimit else {
        throw ApplianceError(
          .malformed, "\"\(VisibleText.escape(path))\" has over \(Self.sizeLimit >> 30) GiB")
      }
      let rule = rule(path)
      read += size
      for place in try Self.places(in: file, path, size, scanner, shapes: rule == .everything)
      where rule != .others || place.name?.hasPrefix(LiveSecrets.environment) != true {
        places.append("\(VisibleText.escape(path)) at byte \(place.offset): \(place.what)")
      }
    }
    for root in roots { walk.visit(root) { $0 == paths.credentials } }
    for place in places { findings.add(.fail, place) }
    for reason in walk.unread { findings.add(.unknown, reason) }
    return findings.verdict(
      otherwise: "\(walk.files) files with \(read) bytes below \(roots.joined(separator: ", ")); "
        + secrets.summary(scanner))
  }

  /// What is looked for in a file.
  private enum Rule {
    /// Live secrets and shapes of credentials.
    case everything
    /// Live secrets.
    case live
    /// Live secrets but those of the `env` file.
    case others
  }

  private func rule(_ path: String) -> Rule {
    if path == paths.environmentFile { return .others }
    // Beside the database stand its journals.
    if path.hasPrefix(paths.timelineFile) { return .live }
    return agentFolders.contains { path.hasPrefix($0 + "/") } ? .live : .everything
  }

  /// The folders, none below another one.
  private var roots: [String] {
    let wanted = [paths.state, paths.configuration, paths.copies] + agentFolders
    return wanted.enumerated().filter { index, path in
      !wanted.enumerated().contains { other, parent in
        path == parent ? other < index : path.hasPrefix(parent + "/")
      }
    }.map(\.element)
  }

  /// - Parameter size: So much is read, whatever is appended meanwhile.
  private static func places(
    in file: borrowing Descriptor, _ path: String, _ size: Int, _ scanner: SecretScanner,
    shapes: Bool
  ) throws -> [SecretPlace] {
    var scan = SecretScan(scanner, shapes: shapes)
    var (buffer, rest) = ([UInt8](repeating: 0, count: min(chunk, max(1, size))), size)
    while rest > 0 {
      let wanted = min(rest, buffer.count)
      let count = buffer.withUnsafeMutableBytes { read(file.number, $0.baseAddress, wanted) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw ApplianceError.system("read", path) }
      if count == 0 { break }
      buffer.withUnsafeBytes { scan.feed(UnsafeRawBufferPointer(rebasing: $0.prefix(count))) }
      rest -= count
    }
    return scan.finish()
  }
}
