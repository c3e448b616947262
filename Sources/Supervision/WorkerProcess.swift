// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI

/// Runs one request in a short-lived process of its own: `source` parses what nobody has vouched for,
/// `tool` runs a command in the sandbox, `drill` tries a backup.
///
/// Whatever happens to that process — it dies, stalls, answers nonsense — is an error of this one
/// request.
public struct WorkerProcess: Sendable {
  public enum Role: String, Sendable {
    case source
    case tool
    case drill
  }

  private let role: Role
  private let environment: [String: String]
  private let limit: Duration

  /// - Parameter limit: After this the process is killed. Defaults to 60 s.
  public init(
    _ role: Role, environment: [String: String], limit: Duration = .seconds(60)
  ) {
    self.role = role
    self.environment = environment
    self.limit = limit
  }

  /// - Throws: The process's own ``ApplianceError``; `process.failed` for everything else.
  public func call<Request: Codable & Sendable, Reply: Codable & Sendable>(
    _ request: Request, reply: Reply.Type
  ) async throws -> Reply {
    let child = try await ChildProcess.start(role: role.rawValue, environment: environment)
    let link = Link<Request, Reply, Request, Reply>(owning: child.socket, name: role.rawValue)
    let result: Result<Reply, any Error> = await withTaskGroup(of: Void.self) { group in
      group.addTask {
        await link.run { _ in
          throw ApplianceError(
            .malformed, "the \(self.role.rawValue) process asked for something")
        }
      }
      group.addTask { [limit] in
        // `try?`: a cancelled sleep means that the answer is there.
        try? await Task.sleep(for: limit)
        child.kill()
      }
      let result: Result<Reply, any Error>
      do { result = .success(try await link.call(request)) } catch { result = .failure(error) }
      link.close()
      group.cancelAll()
      return result
    }
    let exit = await child.waitForExit()
    do {
      return try result.get()
    } catch let error as ApplianceError where error.code == .linkClosed {
      throw ApplianceError(
        .processFailed, "the \(role.rawValue) process \(exit) before it answered",
        hint: role == .source
          ? "the desired-state repository may be damaged or hostile; see git fsck" : nil)
    }
  }
}
