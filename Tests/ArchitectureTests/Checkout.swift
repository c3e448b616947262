// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation

/// The checkout these tests were compiled from.
enum Checkout {
  struct Source {
    /// The path from the root of the checkout.
    let file: String
    /// The folder under `Sources` or `Tests`.
    let target: String
    let source: String

    var lineCount: Int {
      source.utf8.count { $0 == UInt8(ascii: "\n") }
    }
  }

  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static func text(_ file: String) throws -> String {
    try String(contentsOf: root.appending(path: file), encoding: .utf8)
  }

  /// The paths of all files below a folder of the checkout, each from the root.
  static func files(under folder: String) throws -> [String] {
    let path = root.appending(path: folder).path
    return try FileManager.default.subpathsOfDirectory(atPath: path).sorted()
      .map { "\(folder)/\($0)" }
      .filter { file in
        var isFolder: ObjCBool = false
        let path = root.appending(path: file).path
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
          && !isFolder.boolValue
      }
  }

  static func swiftSources(under folder: String) throws -> [Source] {
    try files(under: folder).filter { $0.hasSuffix(".swift") }.map { file in
      Source(file: file, target: target(of: file), source: try text(file))
    }
  }

  /// The folders directly below a folder of the checkout that hold at least one file.
  static func targetFolders(under folder: String) throws -> Set<String> {
    Set(try files(under: folder).filter { $0.split(separator: "/").count > 2 }.map(target(of:)))
  }

  private static func target(of file: String) -> String {
    String(file.split(separator: "/").dropFirst().first ?? "")
  }
}

/// The target names `Package.swift` declares.
enum Manifest {
  static func targets(in manifest: String) throws -> Set<String> {
    let kinds = "target|executableTarget|systemLibrary|testTarget"
    let declaration = #"(?:\b(?:layer|tests)\(|\.(?:\#(kinds))\(\s*name:)\s*"(\w+)""#
    let pattern = try Regex(declaration, as: (Substring, Substring).self)
    let code = manifest.split(separator: "\n")
      .filter { !$0.drop { $0 == " " }.hasPrefix("//") }
      .joined(separator: "\n")
    return Set(code.matches(of: pattern).map { String($0.1) })
  }
}
