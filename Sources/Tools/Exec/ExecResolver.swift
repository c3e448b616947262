// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import DurableIO
import Sandbox

extension ApplianceError.Code {
  /// A call of `exec` that no profile allows.
  public static let execRefused = Self("exec.refused")
}

/// Makes a ``ResolvedExec`` of a call, or refuses it. Reads the program and files that arguments
/// name; runs nothing, and takes nothing from any environment or file of one.
public struct ExecResolver {
  /// Files that arguments may name.
  static let fileCount = 256
  /// One such file. Bytes.
  static let fileBytes = 16 << 20
  /// All of them. Bytes.
  static let totalBytes = 64 << 20

  private let profiles: [String: ExecProfile]
  private let folders: ToolFolders
  private let digest: ([UInt8]) -> Digest

  private init(
    profiles: [String: ExecProfile], folders: ToolFolders, digest: @escaping ([UInt8]) -> Digest
  ) {
    (self.profiles, self.folders, self.digest) = (profiles, folders, digest)
  }

  /// - Parameters:
  ///   - arguments: Of the call, as the model gave them.
  ///   - digest: SHA-256.
  /// - Throws: `tool.arguments`, `exec.refused`; for the model to read.
  public static func resolve(
    _ arguments: JSONValue, profiles: [String: ExecProfile], folders: ToolFolders,
    digest: @escaping ([UInt8]) -> Digest
  ) throws -> ResolvedExec {
    let resolver = ExecResolver(profiles: profiles, folders: folders, digest: digest)
    return try resolver.resolve(try ExecTool().inputs.read(arguments))
  }

  private func resolve(_ call: ToolArguments) throws -> ResolvedExec {
    let name = try call.required("profile")
    // By bytes: names that only look the same are other names.
    guard let profile = profiles.first(where: { $0.key.utf8.elementsEqual(name.utf8) })?.value
    else { throw Self.refusal("there is no profile \"\(VisibleText.escape(name))\"") }
    if let problem = profile.problem { throw Self.refusal("profile \(name): \(problem)") }
    let (arguments, input) = (call.texts("arguments"), call.text("input"))
    try requireReadable(arguments, input)
    try requireNamed(arguments)
    try require(arguments.first, in: profile)
    let binary = try ExecBinary(profile.binary, outside: [folders.workspace, folders.workRepo])
    return ResolvedExec(
      profile: name, binary: binary.path, binaryDigest: digest(binary.bytes),
      arguments: arguments, input: input, folder: folders.workRepo,
      environment: ExecEnvironment.fixed.merging(profile.environment) { _, declared in declared },
      files: try files(named: arguments), network: profile.network, timeout: profile.timeout,
      memory: profile.memory, processes: profile.processes, output: profile.output,
      isWorkspaceWritable: profile.isWorkspaceWritable)
  }

  private func requireReadable(_ arguments: [String], _ input: String?) throws {
    for (index, argument) in arguments.enumerated()
    where ExecText.hasDeceptiveCharacters(argument) {
      throw Self.refusal("argument \(index + 1) has characters that cannot be seen")
    }
    if let input, ExecText.hasDeceptiveCharacters(input, allowing: ["\n", "\t"]) {
      throw Self.refusal("the input has characters that cannot be seen")
    }
  }

  private func require(_ first: String?, in profile: ExecProfile) throws {
    guard let allowed = profile.subcommands else { return }
    guard let first, allowed.contains(where: { $0.utf8.elementsEqual(first.utf8) }) else {
      let list = allowed.joined(separator: ", ")
      throw Self.refusal("the first argument must be one of: \(list)")
    }
  }

  /// Digests of the files that arguments name, as a path of either folder, after `=` too.
  private func files(named arguments: [String]) throws -> [String: Digest] {
    var files: [String: Digest] = [:]
    var total = 0
    for (shown, folder, path) in arguments.flatMap(places) where files[shown] == nil {
      switch try probe(path, in: folder) {
      case .absent, .outside, .other: continue
      case .link:
        throw Self.refusal("\"\(shown)\" is or leads through a link; name the file itself")
      case .file(let bytes):
        total += bytes.count
        guard files.count < Self.fileCount, total <= Self.totalBytes else {
          throw Self.refusal(
            "the arguments name over \(Self.fileCount) files or \(Self.totalBytes) bytes")
        }
        files[shown] = digest(bytes)
      }
    }
    return files
  }

  private func probe(_ path: String, in folder: String) throws -> ConfinedProbe {
    do {
      return try ConfinedProbe(path, in: folder, limit: Self.fileBytes)
    } catch let error as ApplianceError where error.code == .fileTooLarge {
      throw Self.refusal(error.message)
    }
  }

  private typealias Place = (shown: String, folder: String, path: String)

  /// Every file of the two folders that an argument can mean: as a whole, after a sign that options
  /// put before a path, and in whatever spelling.
  private func places(of argument: String) -> [Place] {
    readings(of: argument).flatMap { text -> [Place] in
      let bytes = Array(text.utf8)
      let begin = bytes.first == UInt8(ascii: "/") ? text : folders.workRepo + "/" + text
      let inside = folders.resolve(text)
      return [("", folders.workspace), (ToolFolders.workRepoPrefix + "/", folders.workRepo)]
        .compactMap { prefix, folder in
          Self.path(Self.plain(begin), below: Self.plain(folder)).map {
            (prefix + $0, folder, $0)
          }
        } + (bytes.first == UInt8(ascii: "/") ? [] : [(text, inside.folder, inside.path)])
    }
  }

  /// Signs after which an option can name a file, as in `-fFILE`, `@FILE`, `--file=FILE`, `a:FILE`.
  private static let signs = Set("=:,@".utf8)
  /// Letters of an option that a path can follow at once.
  private static let optionLetters = 32

  private func readings(of argument: String) -> [String] {
    let bytes = Array(argument.utf8)
    guard bytes.count <= 4_096 else { return [argument] }
    var starts: Set<Int> = [0]
    for (index, byte) in bytes.enumerated() where Self.signs.contains(byte) {
      starts.insert(index + 1)
    }
    if bytes.first == UInt8(ascii: "-") {
      starts.formUnion(1..<max(1, min(bytes.count, Self.optionLetters)) + 1)
    }
    return starts.sorted().prefix(64).filter { $0 < bytes.count }.map {
      String(decoding: bytes[$0...], as: UTF8.self)
    }
  }

  /// A path without empty parts, `.` and `..`, by its words alone.
  private static func plain(_ path: String) -> String {
    var parts: [Substring.UTF8View] = []
    for part in path[...].utf8.split(separator: UInt8(ascii: "/")) {
      if part.elementsEqual(".".utf8) { continue }
      if part.elementsEqual("..".utf8) { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/")
  }

  private static func path(_ text: String, below folder: String) -> String? {
    let prefix = Array(folder.utf8) + [UInt8(ascii: "/")]
    guard text.utf8.starts(with: prefix) else { return nil }
    return String(decoding: text.utf8.dropFirst(prefix.count), as: UTF8.self)
  }

  /// Paths that lead to files by another way than their names.
  private func requireNamed(_ arguments: [String]) throws {
    for (index, argument) in arguments.enumerated() {
      for text in readings(of: argument) where text.utf8.first == UInt8(ascii: "/") {
        let path = Self.plain(text)
        let isDetour = ["/proc", "/dev/fd", "/sys"].contains { folder in
          path.utf8.elementsEqual(folder.utf8) || path.utf8.starts(with: (folder + "/").utf8)
        }
        if isDetour { throw Self.refusal("argument \(index + 1) names a file by a detour") }
      }
    }
  }

  static func refusal(_ words: String) -> ApplianceError { ApplianceError(.execRefused, words) }
}
