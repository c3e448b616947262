// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// Where a specification refers to secrets.
public enum SecretReferences {
  /// One field that holds a reference.
  public struct Use: Sendable, Hashable {
    /// The field, as in `channels.web.botToken`.
    public let path: String
    public let reference: SecretReference

    init(_ path: String, _ reference: SecretReference) {
      (self.path, self.reference) = (path, reference)
    }
  }

  /// All of the desired state, by path.
  public static func all(in spec: ApplianceSpec) -> [Use] { uses(in: spec) }

  /// All of `appliance.yaml`, by path.
  public static func all(in spec: BootstrapSpec) -> [Use] { uses(in: spec) }

  private static func uses<Spec: SpecSection & SpecNesting>(in spec: Spec) -> [Use] {
    let fields = Spec.nestedFields.filter { $0.form == SecretReference.form }
    let value = spec.json
    return fields.flatMap { field in
      uses(in: value, at: .root, below: field.pattern.split(separator: "."))
    }.sorted { $0.path < $1.path }
  }

  /// Lists are no part of a field's pattern, names that the operator chose are `*` in it.
  private static func uses(
    in value: JSONValue, at path: SpecPath, below pattern: some Collection<Substring>
  ) -> [Use] {
    if let items = value.arrayValue {
      return items.enumerated().flatMap { uses(in: $1, at: path.item($0), below: pattern) }
    }
    guard let name = pattern.first else {
      return value.stringValue.flatMap(SecretReference.init).map { [Use(path.text, $0)] } ?? []
    }
    let members = value.objectValue ?? [:]
    let chosen = name == "*" ? Array(members.keys) : [String(name)]
    return chosen.flatMap { key in
      members[key].map { uses(in: $0, at: path.field(key), below: pattern.dropFirst()) } ?? []
    }
  }
}
