// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Channels
import ControlAPI
import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore

/// The dashboard for browsers: pages and forms, with a session that the supervisor keeps.
struct DashboardController: Sendable {
  private static let cookie = "kafclaw_session"

  let link: ComponentLink
  let networks: LockedNetworks

  /// The stylesheet.
  func style() -> Response {
    var response = Self.response(Data(DashboardStyle.text.utf8), "text/css; charset=utf-8")
    response.headers[.cacheControl] = "no-cache"
    return response
  }

  func page(_ request: Request, _ name: DashboardPageName) async throws -> Response {
    let subject = request.uri.query.map { FormFields($0) }?["message"]
    let address = DashboardAddress(name, subject: subject.map { String($0.prefix(64)) })
    for session in Self.sessions(of: request) {
      switch try await ask(.page(session: session, address)) {
      case .page(let page): return Self.html(DashboardHTML.page(page, at: name))
      case .forbidden(let words): return Self.result("Not allowed", words, nil, name, .forbidden)
      case .failed(let words, let hint):
        return Self.result("It cannot be shown", words, hint, name, .internalServerError)
      case .loginNeeded: continue
      case .session, .done, .locked: throw ProblemResponse.unavailable
      }
    }
    return Self.loginNeeded
  }

  func loginForm(_ request: Request) -> Response {
    let code = request.uri.query.map { FormFields($0) }?["code"]
    return Self.html(DashboardHTML.login(code: code.map { String($0.prefix(128)) }, problem: nil))
  }

  func login(_ request: Request, from network: SourceNetwork) async throws -> Response {
    try Self.requireOwnPage(request)
    let form = try await FormFields.read(of: request)
    let now = Date()
    // A code of this host gets in whoever else tries tokens from the same network.
    if form["code"] == nil, let until = networks.lockedUntil(network, at: now) {
      let seconds = Int(max(1, min(until.timeIntervalSince(now).rounded(.up), 86_400)))
      return Self.refused(
        "Too many failed logins from this network. Try again in \(seconds) s.", .tooManyRequests)
    }
    func sealed(_ text: String?) -> SealedSettings {
      SealedSettings(Array((text ?? "").utf8.prefix(4_096)))
    }
    let credential: DashboardCredential =
      form["code"] == nil ? .token(sealed(form["token"])) : .code(sealed(form["code"]))
    switch try await ask(.login(credential, network: network.text)) {
    case .session(let session, let seconds):
      var response = Self.redirect(to: "/overview")
      let value = String(decoding: session.bytes, as: UTF8.self)
      response.headers[.setCookie] =
        "\(Self.cookie)=\(value); Path=/; Max-Age=\(seconds); HttpOnly; SameSite=Strict"
      return response
    case .locked(let lock):
      networks.take([network.text: lock])
      return Self.refused("That code or token is not accepted.", .tooManyRequests)
    case .forbidden(let words): return Self.refused(words, .forbidden)
    case .loginNeeded, .failed, .page, .done:
      return Self.refused("That code or token is not accepted.", .forbidden)
    }
  }

  func logout(_ request: Request) async throws -> Response {
    try Self.requireOwnPage(request)
    let proof = Self.proof(try await FormFields.read(of: request))
    for session in Self.sessions(of: request) {
      if case .forbidden(let words) = try await ask(.logout(session: session, proof: proof)) {
        return Self.result("Not done", words, nil, .overview, .forbidden)
      }
    }
    var response = Self.loginNeeded
    response.headers[.setCookie] =
      "\(Self.cookie)=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"
    return response
  }

  func act(_ request: Request) async throws -> Response {
    try Self.requireOwnPage(request)
    let form = try await FormFields.read(of: request)
    let back = form["page"].flatMap(DashboardPageName.init(rawValue:)) ?? .overview
    guard let deed = form["deed"].flatMap(DashboardAct.Deed.init(rawValue:)) else {
      return Self.result("Not done", "there is no such form", nil, back, .badRequest)
    }
    let act = DashboardAct(deed, subject: form["subject"], values: form.all(after: "in-"))
    for session in Self.sessions(of: request) {
      switch try await ask(.act(session: session, proof: Self.proof(form), act)) {
      case .done(let words): return Self.result("Done", words, nil, back, .ok)
      case .failed(let words, let hint):
        return Self.result("Not done", words, hint, back, .conflict)
      case .forbidden(let words): return Self.result("Not allowed", words, nil, back, .forbidden)
      case .loginNeeded: continue
      case .session, .page, .locked: throw ProblemResponse.unavailable
      }
    }
    return Self.loginNeeded
  }

  private static func proof(_ form: FormFields) -> SealedSettings {
    SealedSettings(Array((form["proof"] ?? "").utf8.prefix(256)))
  }

  /// Browsers say where a form comes from (Fetch Metadata); whoever says nothing has the proof to show.
  private static func requireOwnPage(_ request: Request) throws {
    guard let name = HTTPField.Name("Sec-Fetch-Site"), let site = request.headers[name] else {
      return
    }
    guard ["same-origin", "none"].contains(site) else {
      throw ProblemResponse("cross-origin", .forbidden, "Forms of other pages are refused")
    }
  }

  private func ask(_ request: DashboardRequest) async throws -> DashboardReply {
    guard case .dashboard(let reply) = try await link.call(.dashboard(request)) else {
      throw ProblemResponse.unavailable
    }
    return reply
  }

  /// The cookies of our name (RFC 6265, section 5.4): a service on another port of this host can set one too.
  private static func sessions(of request: Request) -> [SealedSettings] {
    var found: [SealedSettings] = []
    for header in request.headers[values: .cookie] {
      for pair in header.split(separator: ";") {
        let parts = pair.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, parts[0] == cookie, parts[1].utf8.count == 64, found.count < 4
        else { continue }
        found.append(SealedSettings(Array(parts[1].utf8)))
      }
    }
    return found
  }

  static func redirect(to path: String) -> Response {
    var response = response(Data(), "text/plain")
    response.status = .seeOther
    response.headers[.location] = path
    return response
  }

  private static var loginNeeded: Response { redirect(to: "/login") }

  private static func refused(_ words: String, _ status: HTTPResponse.Status) -> Response {
    html(DashboardHTML.login(code: nil, problem: words), status)
  }

  private static func result(
    _ title: String, _ words: String, _ hint: String?, _ back: DashboardPageName,
    _ status: HTTPResponse.Status
  ) -> Response {
    html(DashboardHTML.result(title, words, hint: hint, back: back), status)
  }

  private static func html(_ page: Markup, _ status: HTTPResponse.Status = .ok) -> Response {
    var response = response(Data(page.text.utf8), "text/html; charset=utf-8")
    response.status = status
    return response
  }

  /// Nothing of a page runs, loads or is shown elsewhere.
  private static let policy =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

  private static func response(_ body: Data, _ type: String) -> Response {
    var headers = HTTPFields()
    headers[.contentType] = type
    headers[.cacheControl] = "no-store"
    headers[.xContentTypeOptions] = "nosniff"
    headers[.contentSecurityPolicy] = policy
    // Without a referrer of its own a browser would not say where a form comes from ("Origin: null").
    for (name, value) in [
      ("Referrer-Policy", "same-origin"), ("Cross-Origin-Opener-Policy", "same-origin"),
      ("Cross-Origin-Resource-Policy", "same-origin"), ("X-Frame-Options", "DENY"),
      ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    ] {
      if let field = HTTPField.Name(name) { headers[field] = value }
    }
    return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: body)))
  }
}
