// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

extension ApplianceError.Code {
  /// No provider speaks this protocol, or none has this name.
  public static let providerUnknown = Self("provider.unknown")
  /// The provider has no such model.
  public static let modelUnknown = Self("provider.model-unknown")
  /// The address of a provider has no form that is accepted.
  public static let providerAddress = Self("provider.address-invalid")
  /// The key would travel in clear text.
  public static let providerInsecure = Self("provider.insecure-address")
  /// The provider wants a key and none was given, or it cannot be one.
  public static let providerKey = Self("provider.key-invalid")
}

/// Something that continues a conversation.
public protocol ModelProvider: Sendable {
  /// The provider's name in the desired state.
  var name: String { get }

  /// - Throws: ``ModelFailure``; `CancellationError` when the task was cancelled.
  func complete(_ request: CompletionRequest) async throws -> Completion
}
