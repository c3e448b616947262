// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import Glibc
import TestSupport

/// Secrets of one test, and everything in which one of them could lie.
struct CanaryHunt {
  private var canaries: [String: String] = [:]
  private var places: [String: Data] = [:]

  /// Takes a secret in that is to be looked for.
  mutating func add(_ name: String, _ value: String) { canaries[name] = value }

  /// A new secret that is to be looked for.
  mutating func make(_ name: String) -> String {
    let value = "canary-\(UUID().uuidString)-\(UUID().uuidString)"
    canaries[name] = value
    return value
  }

  mutating func look(at data: Data, called place: String) { places[place] = data }

  mutating func look(at text: String, called place: String) {
    places["\(places.count) \(place)"] = Data(text.utf8)
  }

  /// Every file below a folder. Sockets and folders have no content.
  mutating func look(below folder: String) throws {
    for name in try FolderFingerprint(folder).entries.keys {
      places["\(folder)/\(name)"] = FileManager.default.contents(atPath: "\(folder)/\(name)")
    }
  }

  /// Arguments and environment of every process that can be seen.
  mutating func lookAtProcesses() throws {
    let processes = try FileManager.default.contentsOfDirectory(atPath: "/proc")
    for pid in processes where Int(pid) != nil {
      for name in ["cmdline", "environ"] {
        // A process may be gone by now, or another user's.
        let path = "/proc/\(pid)/\(name)"
        places[path] = FileManager.default.contents(atPath: path)
      }
    }
  }

  var placeCount: Int { places.count }

  func content(of place: String) -> Data? { places[place] }

  /// The secrets that were found, and where.
  var found: [String] {
    canaries.flatMap { name, value in
      let forms = Self.forms(of: Data(value.utf8))
      return places.flatMap { place, data in
        forms.filter { Self.isIn($0.text, data) }.map { "\(name) in \(place), \($0.name)" }
      }
    }.sorted()
  }

  private typealias Form = (name: String, text: Data)

  /// Base64 depends on what stands before: of each of its three forms the part that does not.
  private static func forms(of value: Data) -> [Form] {
    let digits = value.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    let base64: [Form] = (0..<3).map { count in
      let text = (Data(count: count) + value).base64EncodedString()
      return ("base64", Data(text.dropFirst(count == 0 ? 0 : 4).dropLast(4).utf8))
    }
    return [
      ("plain", value), ("hexadecimal", Data(digits.utf8)),
      ("hexadecimal", Data(digits.uppercased().utf8)),
    ] + base64
  }

  private static func isIn(_ text: Data, _ data: Data) -> Bool {
    data.withUnsafeBytes { data in
      text.withUnsafeBytes { text in
        guard var place = data.baseAddress, let wanted = text.baseAddress, let first = text.first
        else { return false }
        let end = place + data.count
        while let next = memchr(place, Int32(first), end - place), next + text.count <= end {
          if memcmp(next, wanted, text.count) == 0 { return true }
          place = UnsafeRawPointer(next + 1)
        }
        return false
      }
    }
  }
}
