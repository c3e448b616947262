// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import DesiredState
import Glibc

/// The variables the program looks at, one by one; the environment is never copied whole, since it
/// may hold secrets.
public enum ProcessEnvironment {
  private static let plain = [
    "KAFCLAW_HOME", "KAFCLAW_LOG_LEVEL", "KAFCLAW_LOG_FORMAT", "KAFCLAW_ALLOW_ROOT", "NO_COLOR",
    "TERM",
  ]

  /// The value of a variable that is no secret; `nil` when unset.
  public static func value(of name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }

  /// The product's own variables that are no secret.
  public static var settings: [String: String] {
    var settings: [String: String] = [:]
    for name in plain { settings[name] = value(of: name) }
    return settings
  }

  /// The overrides of single fields.
  public static var overrides: EnvironmentOverrides {
    var values: [String: String] = [:]
    for name in EnvironmentOverrides.variables { values[name] = override(name) }
    return EnvironmentOverrides(environment: values)
  }

  /// The value of an override. Of a secret one that was taken out of the environment it is `set`.
  static func override(_ name: String) -> String? {
    value(of: name) ?? (SecretResolver.hasTaken(name) ? "set" : nil)
  }

  /// The whole environment of a child process: no secret, nothing of the operator's shell.
  static var ofChildren: [String: String] {
    var environment = [
      "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "SWIFT_BACKTRACE": "enable=no",
      // libgit2's ssh transport fails without one.
      "HOME": "/nonexistent",
    ]
    for name in [
      "KAFCLAW_LOG_LEVEL", "KAFCLAW_LOG_FORMAT", "KAFCLAW_ALLOW_ROOT", "LLVM_PROFILE_FILE",
    ] {
      environment[name] = value(of: name)
    }
    return environment
  }
}
