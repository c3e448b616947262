// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

@testable import ModelProviders

/// A client for as long as `body` runs; it is shut down however that ends.
func withModelClient<Value>(
  _ body: (ModelClient) async throws -> Value
) async throws -> Value {
  let client = ModelClient()
  let result: Result<Value, any Error>
  do {
    result = .success(try await body(client))
  } catch {
    result = .failure(error)
  }
  try await client.shutdown()
  return try result.get()
}
