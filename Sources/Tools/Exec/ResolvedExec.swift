// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// One call of `exec` with everything that decides what happens: what is approved is what is run.
public struct ResolvedExec: Sendable, Codable, Equatable {
  /// The profile's name.
  public let profile: String
  /// Without links.
  public let binary: String
  public let binaryDigest: Digest
  /// Without the program's name.
  public let arguments: [String]
  /// Standard input; `nil` for none.
  public let input: String?
  /// Where the program begins.
  public let folder: String
  /// The whole environment.
  public let environment: [String: String]
  /// Files that arguments name, by the path a file tool would use.
  public let files: [String: Digest]
  public let network: Bool
  /// Seconds.
  public let timeout: Int
  /// Bytes.
  public let memory: Int
  public let processes: Int
  /// Bytes.
  public let output: Int
  public let isWorkspaceWritable: Bool

  public var environmentNames: [String] { environment.keys.sorted() }

  /// The digest of the call: any other call, and the same call on other files, has another one.
  ///
  /// - Parameter digest: SHA-256.
  public func callDigest(_ digest: ([UInt8]) -> Digest) -> Digest {
    digest(CanonicalJSON.bytes(value))
  }

  private var value: JSONValue {
    [
      "tool": .string(ToolName.exec), "profile": .string(profile), "binary": .string(binary),
      "binaryDigest": .string(binaryDigest.rawValue),
      "arguments": .array(arguments.map(JSONValue.string)),
      "input": input.map(JSONValue.string) ?? .null, "folder": .string(folder),
      "environment": .object(environment.mapValues(JSONValue.string)),
      "files": .object(files.mapValues { .string($0.rawValue) }), "network": .bool(network),
      "timeout": .integer(Int64(timeout)), "memory": .integer(Int64(memory)),
      "processes": .integer(Int64(processes)), "output": .integer(Int64(output)),
      "isWorkspaceWritable": .bool(isWorkspaceWritable),
    ]
  }
}
