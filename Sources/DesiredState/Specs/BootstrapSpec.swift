// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// `appliance.yaml`: what belongs to one host and never to the repository that it trusts.
public struct BootstrapSpec: Sendable, Equatable {
  public var version = FormatVersion(1)
  public var host: String?
  public var source = SourceSpec()
  public var signers: [String: SignerSpec] = [:]
  public var tomb = TombSpec()
  public var components = ComponentsSpec()

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

  package static let fields: [SpecField<Self>] = [
    SpecField("version", \.version, required: true, "Version of this format; always 1."),
    SpecField("host", \.host, "Name of this host: selects `hosts/NAME.yaml` in the repository."),
    SpecField("source", \.source, required: true, SourceSpec.summary),
    SpecField(
      "signers", \.signers,
      "Who may sign commits, by name. Read again before every pass: a key that is removed or "
        + "revoked here stops counting without a restart."),
    SpecField("tomb", \.tomb, TombSpec.summary),
    SpecField("components", \.components, ComponentsSpec.summary),
  ]
}
