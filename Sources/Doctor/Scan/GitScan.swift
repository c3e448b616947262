// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import DurableIO
import GitSource

/// Looks for secrets in everything that a repository keeps, whether a branch leads to it or not.
struct GitScan {
  private let secrets: LiveSecrets
  private let scanner: SecretScanner
  private let clone: String
  /// The source, where it is a repository of this host.
  private let source: String?
  private var findings = Findings()
  private var looked: [String] = []

  /// Blocks.
  init(_ host: Host) {
    secrets = LiveSecrets(host)
    scanner = SecretScanner(secrets.all)
    clone = host.paths.clone
    do { source = try Self.localSource(of: host) } catch {
      source = nil
      findings.add(.unknown, "the source: \(ApplianceError.of(error).message)")
    }
  }

  private static func localSource(of host: Host) throws -> String? {
    guard let spec = try host.bootstrap.get() else { return nil }
    let address = try RemoteAddress(spec.source.repository)
    return address.transport == .file ? address.path : nil
  }

  mutating func verdict() -> Verdict {
    for reason in secrets.unknown { findings.add(.unknown, "not all secrets are known: \(reason)") }
    for path in [clone, source].compactMap(\.self) { look(into: path) }
    guard !looked.isEmpty || !findings.evidence.isEmpty else {
      return .notApplicable("there is no repository on this host")
    }
    return findings.verdict(
      otherwise: (looked + [secrets.summary(scanner)]).joined(separator: "; "),
      remedy: "rotate the secret, since history keeps it; then rewrite the history without it")
  }

  private mutating func look(into path: String) {
    do {
      let repository = try GitClone(lookingAt: path)
      let found = try RepositoryScan(repository, scanner)
      let names = try repository.names(of: found.blobs)
      for (id, lines) in found.places {
        let name = names[id].map { " (\"\($0)\")" } ?? ""
        for line in lines { findings.add(.fail, "\(path): \(line.kind) \(id)\(name) \(line.what)") }
      }
      for line in found.unreadable { findings.add(.unknown, "\(path): \(line)") }
      looked.append("\(path): \(found.count) objects\(found.skipped)")
    } catch let error as ApplianceError where error.code == .gitMissing {
      // Before the first fetch there is no clone.
      if path != clone { findings.add(.unknown, error.message) }
    } catch {
      findings.add(.unknown, "\(path): \(ApplianceError.of(error).message)")
    }
  }
}

/// What was found in one repository.
private struct RepositoryScan {
  struct Line {
    let kind: String
    let what: String
  }

  private(set) var places: [(id: String, lines: [Line])] = []
  private(set) var blobs: Set<String> = []
  private(set) var unreadable: [String] = []
  private(set) var count = 0
  private var tooLarge = 0

  init(_ repository: borrowing GitClone, _ scanner: SecretScanner) throws {
    var found = (
      places: [(id: String, lines: [Line])](), blobs: Set<String>(), unreadable: [String](),
      count: 0, tooLarge: 0
    )
    try repository.forEachObject(of: [.commit, .tag, .blob]) { id, kind, content in
      found.count += 1
      switch content {
      case .bytes(let bytes):
        let lines = scanner.places(in: bytes).map {
          Line(kind: kind.rawValue, what: "at byte \($0.offset): \($0.what)")
        }
        guard !lines.isEmpty else { return }
        found.places.append((id, lines))
        if kind == .blob { found.blobs.insert(id) }
      case .tooLarge: found.tooLarge += 1
      case .unreadable(let reason): found.unreadable.append("object \(id): \(reason)")
      }
    }
    (places, blobs, unreadable) = (found.places, found.blobs, found.unreadable)
    (count, tooLarge) = (found.count, found.tooLarge)
  }

  /// What was left out, in words.
  var skipped: String { tooLarge == 0 ? "" : ", \(tooLarge) over 16 MiB not looked into" }
}
