// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import CLibgit2

extension ApplianceError.Code {
  /// A server cannot be reached, or stopped answering; it may be there again later.
  public static let gitUnreachable = Self("git.unreachable")
  /// A server sends us elsewhere, where no credential goes.
  public static let gitRedirect = Self("git.redirect")
  /// A server's certificate does not prove who it is.
  public static let gitCertificate = Self("git.certificate")
}

/// What ended a conversation with a server, from what libgit2 says of it.
struct RemoteFailure {
  private let code: git_error_code
  private let area: git_error_t
  private let words: String
  private let remote: RemoteAddress
  private let phase: RemoteCalls.Phase
  private let meter: kafclaw_git_meter
  private let limits: FetchLimits

  /// - Parameter calls: Of the conversation; it has no failure of its own.
  init(_ result: Int32, _ calls: RemoteCalls) {
    code = git_error_code(rawValue: result)
    area = git_error_t(rawValue: UInt32(max(0, git_error_last()?.pointee.klass ?? 0)))
    words = Libgit2.words(result)
    (remote, phase, limits) = (calls.remote, calls.phase, calls.limits)
    meter = calls.meter.pointee
  }

  var error: ApplianceError {
    if meter.is_over_deadline != 0 {
      return failure(.gitUnreachable, "takes over \(limits.seconds) s")
    }
    if meter.is_over_limit != 0 {
      let bytes = phase == .pack ? limits.receivedBytes : limits.advertisedBytes
      return failure(.sourceRefused, "sends over \(bytes) bytes")
    }
    if code == GIT_ECERTIFICATE {
      return failure(
        .gitCertificate, "presents a certificate that proves nothing: \(words)",
        hint: "name its authority in source.certificateAuthority, or correct its certificate")
    }
    if code == GIT_EAUTH || words.hasPrefix("Failed to authenticate SSH session") {
      return failure(
        .gitAuthentication, "refuses to sign us in: \(words)",
        hint: "check source.credential and what it may read")
    }
    if let status { return answered(status) }
    if let redirect { return redirect }
    if area == GIT_ERROR_SSH && code == GIT_EEOF {
      return failure(
        .gitMissing, "gives no repository: \(words)",
        hint: "check source.repository and what the key may read")
    }
    if isBroken { return failure(.sourceRefused, "sends what is no pack: \(words)") }
    return failure(isNetwork ? .gitUnreachable : .gitFailed, "cannot be read: \(words)")
  }

  /// The HTTP status that was no success.
  private var status: Int? {
    let mark = "unexpected http status code: "
    return words.hasPrefix(mark) ? Int(words.dropFirst(mark.count)) : nil
  }

  private func answered(_ status: Int) -> ApplianceError {
    switch status {
    case 404, 410:
      failure(
        .gitMissing, "is not there (HTTP \(status))",
        hint: "check source.repository; servers also say so to those who may not read it")
    case 401, 403:
      failure(
        .gitAuthentication, "refuses access (HTTP \(status))",
        hint: "check source.credential and what it may read")
    case 408, 429, 500...599: failure(.gitUnreachable, "does not answer now (HTTP \(status))")
    default: failure(.gitFailed, "answers with HTTP \(status)")
    }
  }

  /// libgit2 names hosts or schemes: `cannot redirect from 'a' to 'b'`.
  private var redirect: ApplianceError? {
    let marks = ["cannot redirect from", "unexpected redirect", "too many redirects", "redirect w"]
    guard marks.contains(where: { words.hasPrefix($0) }) else { return nil }
    let parts = words.split(separator: "'", omittingEmptySubsequences: false)
    let place = parts.count >= 4 && AddressText.isHost(parts[3]) ? " to \(parts[3])" : ""
    return failure(
      .gitRedirect, "redirects\(place), which is not followed",
      hint: "set source.repository to where it is now")
  }

  /// Whether what arrived cannot be a pack.
  private var isBroken: Bool {
    let areas = [
      GIT_ERROR_INDEXER, GIT_ERROR_ZLIB, GIT_ERROR_OBJECT, GIT_ERROR_ODB, GIT_ERROR_SHA,
      GIT_ERROR_INVALID,
    ]
    return phase == .pack && areas.contains(area)
  }

  /// Whether the connection failed rather than what came over it; libgit2 tells by its words only.
  private var isNetwork: Bool {
    let words = self.words
    return area == GIT_ERROR_SSL
      || [
        "failed to connect", "failed to resolve", "early EOF", "unexpected EOF",
        "error sending data", "error receiving", "failed to start SSH session", "SSH could not",
        "Failed to open SSH channel",
      ].contains { words.hasPrefix($0) }
  }

  private func failure(
    _ code: ApplianceError.Code, _ what: String, hint: String? = nil
  ) -> ApplianceError {
    ApplianceError(code, "\"\(remote)\" \(what)", hint: hint)
  }
}
