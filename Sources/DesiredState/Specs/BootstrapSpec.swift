// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// `appliance.yaml`: what belongs to one host and never to the repository that it trusts.
public struct BootstrapSpec: Sendable, Equatable {
  public var version = FormatVersion(1)
  public var host: String?
  public var source = SourceSpec()

  public init() {}

  /// Reads `appliance.yaml`, strictly; all issues at once.
  public static func read(
    _ bytes: [UInt8], file: String
  ) -> (section: BootstrapSpec?, issues: [ValidationIssue]) {
    SpecFile.read(BootstrapSpec.self, bytes, file: file)
  }

  /// JSON Schema 2020-12 of `appliance.yaml`.
  public static var jsonSchema: JSONValue { .object(schema) }
}

extension BootstrapSpec: SpecSection, SpecNesting {
  package static var summary: String { "Host-local settings of a KafClaw appliance." }

  package static var fields: [SpecField<Self>] {
    [
      SpecField("version", \.version, required: true, "Version of this format; always 1."),
      SpecField("host", \.host, "Name of this host: selects `hosts/NAME.yaml` in the repository."),
      SpecField("source", \.source, required: true, SourceSpec.summary),
    ]
  }
}

/// The desired-state repository.
public struct SourceSpec: Sendable, Equatable {
  public var repository = ""
  public var branch = "main"
  public var path = ""
  public var verify: SourceVerification = .none

  public init() {}
}

extension SourceSpec: SpecSection, SpecNesting {
  package static var summary: String { "The desired-state repository." }

  package static var fields: [SpecField<Self>] {
    [
      SpecField(
        "repository", \.repository, required: true,
        "Absolute path or `file://` address of a git repository."),
      SpecField("branch", \.branch, "Branch to follow."),
      SpecField("path", \.path, "Folder inside the repository. Defaults to its root."),
      SpecField(
        "verify", \.verify, required: true,
        "How commits are verified. `none` says in so many words that they are not; `status` then "
          + "carries `SourceUnverified`."),
    ]
  }
}

/// How commits are verified.
public enum SourceVerification: String, SpecEnum {
  case none
}
