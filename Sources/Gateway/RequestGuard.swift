// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import DesiredState
import GatewayAPI
import HTTPTypes
import Hummingbird
import Logging
import Planning

/// Checks that come before any route: declared paths and methods only, the Host a client may use,
/// no other web origin, and problems instead of bare errors.
struct RequestGuard<Context: RequestContext>: RouterMiddleware {
  /// Methods by path; a path that ends in `/` stands for one more component.
  let methods: [String: Set<HTTPRequest.Method>]
  let state: GatewayState

  func handle(
    _ request: Request, context: Context,
    next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    do {
      try requireOneHost(request)
      try requireKnownHost(request)
      try requireSameOrigin(request)
      try requireDeclaredMethod(request)
      return try await next(request, context)
    } catch let problem as ProblemResponse {
      return try problem.response(from: request, context: context)
    } catch let error as ApplianceError where Self.passing.contains(error.code) {
      return try ProblemResponse.unavailable.response(from: request, context: context)
    } catch let error as ApplianceError where error.code == Self.contained {
      return try ProblemResponse.denied(.contained).response(from: request, context: context)
    } catch let error as HTTPError {
      return try ProblemResponse(
        "http-\(error.status.code)", error.status, error.status.reasonPhrase
      )
      .response(from: request, context: context)
    } catch {
      let words = (error as? ApplianceError)?.message ?? "\(type(of: error))"
      context.logger.error("request failed", metadata: ["error": "\(words)"])
      return try ProblemResponse(
        "internal", .internalServerError, "The request could not be completed"
      ).response(from: request, context: context)
    }
  }

  private static var contained: ApplianceError.Code { ApplianceError.Code("incident.contained") }

  /// What passes by itself or with the operator's help: 503.
  private static var passing: Set<ApplianceError.Code> {
    [
      .linkClosed, .unready, ApplianceError.Code("timeline.failed"),
      ApplianceError.Code("audit.unwritten"), ApplianceError.Code("audit.broken"),
    ]
  }

  /// RFC 9112 §3.2: the first `Host` became the authority; a second one would be somebody else's.
  private func requireOneHost(_ request: Request) throws {
    guard let host = HTTPField.Name("Host"), request.headers[host] == nil else {
      throw ProblemResponse.badRequest("Host is given more than once")
    }
  }

  /// A page of another site can point its own name at 127.0.0.1 (DNS rebinding); its requests
  /// carry that name.
  private func requireKnownHost(_ request: Request) throws {
    guard let current = state.current else { throw ProblemResponse.unavailable }
    // What platforms send is signed, and comes by the name of whatever proxy stands in front.
    guard !request.uri.path.hasPrefix(Routes.channels + "/") else { return }
    guard ListenAddress(current.settings.host).isLoopback else { return }
    let host = Self.hostName(request.head.authority ?? "")
    guard ListenAddress(host).isLoopback else {
      throw ProblemResponse("unknown-host", .misdirectedRequest, "This host name is not served")
    }
  }

  private func requireSameOrigin(_ request: Request) throws {
    guard let origin = request.headers[.origin] else { return }
    let authority = request.head.authority ?? ""
    guard origin == "http://\(authority)" || origin == "https://\(authority)" else {
      throw ProblemResponse("cross-origin", .forbidden, "Requests of other origins are refused")
    }
  }

  private func requireDeclaredMethod(_ request: Request) throws {
    let path = request.uri.path
    let parent = path.lastIndex(of: "/").map { String(path[...$0]) } ?? path
    // The root itself has no component more.
    guard let allowed = methods[path] ?? (parent == "/" ? nil : methods[parent]) else {
      throw ProblemResponse("not-found", .notFound, "There is nothing at this path")
    }
    guard allowed.contains(request.method) else {
      let names = allowed.map(\.rawValue).sorted().joined(separator: ", ")
      throw ProblemResponse(
        "method-not-allowed", .methodNotAllowed, "This method is not supported here"
      ).with(.allow, names)
    }
  }

  /// The host of `host:port` or `[v6]:port`.
  static func hostName(_ authority: String) -> String {
    if authority.hasPrefix("[") {
      return String(authority.dropFirst().prefix { $0 != "]" })
    }
    return String(authority.prefix { $0 != ":" }).lowercased()
  }
}

extension ApplianceError.Code {
  /// The component has no configuration yet.
  static let unready = Self("gateway.unready")
}
