// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// A failure that people and programs can act on: a stable code, a message that names the value,
/// and the next command.
///
/// Callers branch on ``code``; people read ``message`` (lower case, no period) and ``hint``.
/// The type is `Codable` because failures cross process borders (component link, control socket).
public struct ApplianceError: Error, Sendable, Codable, Equatable {
  /// A stable identifier, `area.problem`; each target declares its own as static members.
  public struct Code: RawRepresentable, Sendable, Codable, Hashable {
    public let rawValue: String

    public init(rawValue: String) {
      self.rawValue = rawValue
    }

    public init(_ rawValue: String) {
      self.rawValue = rawValue
    }
  }

  public let code: Code
  public let message: String
  /// What to do next, ideally a command. `nil` where the message already says it.
  public let hint: String?

  public init(_ code: Code, _ message: String, hint: String? = nil) {
    self.code = code
    self.message = message
    self.hint = hint
  }
}

extension ApplianceError {
  /// An error of this type as it is; any other is a fault of the program, told by its type alone,
  /// since its text may quote a secret.
  public static func of(_ error: any Error) -> ApplianceError {
    error as? ApplianceError ?? ApplianceError(.inconsistent, "\(type(of: error))")
  }
}

extension ApplianceError: CustomStringConvertible {
  public var description: String {
    hint.map { "\(message) [\(code.rawValue)]\nhint: \($0)" } ?? "\(message) [\(code.rawValue)]"
  }
}

extension ApplianceError.Code {
  /// A message did not have the form its reader requires.
  public static let malformed = Self("model.malformed")
  /// A fault in the program itself; never caused by input.
  public static let inconsistent = Self("model.inconsistent")
}
