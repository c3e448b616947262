// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import CLibgit2

/// What libgit2 asks during one conversation: whether the server is the right one, who we are, and
/// whether to go on. Every answer that ends the conversation leaves its reason in ``failure``.
final class RemoteCalls {
  enum Phase {
    case advertisement, pack
  }

  let remote: RemoteAddress
  let limits: FetchLimits
  let meter: UnsafeMutablePointer<kafclaw_git_meter>
  private let access: RemoteAccess
  private(set) var phase = Phase.advertisement
  private(set) var failure: ApplianceError?
  private var wasAsked = false
  private var messageBytes = 0

  init(_ remote: RemoteAddress, access: RemoteAccess, limits: FetchLimits) {
    (self.remote, self.access, self.limits) = (remote, access, limits)
    meter = .allocate(capacity: 1)
    meter.initialize(to: kafclaw_git_meter())
    meter.pointee.is_ssh = remote.transport == .ssh ? 1 : 0
    meter.pointee.deadline =
      kafclaw_git_now().addingReportingOverflow(Int64(limits.seconds))
      .partialValue
  }

  deinit { meter.deallocate() }

  /// Sets what may be received from now on.
  func begin(_ phase: Phase) {
    self.phase = phase
    let bytes = phase == .pack ? limits.receivedBytes : limits.advertisedBytes
    let (sum, isOver) = meter.pointee.received.addingReportingOverflow(UInt64(max(0, bytes)))
    meter.pointee.limit = isOver ? .max : sum
  }

  /// For libgit2, which must not outlive this object.
  var callbacks: git_remote_callbacks {
    var callbacks = git_remote_callbacks()
    git_remote_init_callbacks(&callbacks, UInt32(GIT_REMOTE_CALLBACKS_VERSION))
    callbacks.payload = Unmanaged.passUnretained(self).toOpaque()
    callbacks.certificate_check = { certificate, isValid, host, payload in
      guard let calls = RemoteCalls.from(payload), let certificate, let host else { return -1 }
      return calls.check(certificate, isValid: isValid != 0, host: String(cString: host))
    }
    callbacks.credentials = { out, _, _, types, payload in
      guard let calls = RemoteCalls.from(payload), let out else { return -1 }
      return calls.signIn(out, types)
    }
    callbacks.transfer_progress = { progress, payload in
      guard let calls = RemoteCalls.from(payload), let progress else { return -1 }
      return calls.proceed(progress.pointee)
    }
    callbacks.sideband_progress = { _, count, payload in
      guard let calls = RemoteCalls.from(payload) else { return -1 }
      return calls.listen(Int(count))
    }
    guard remote.transport != .file else { return callbacks }
    callbacks.transport = { out, owner, payload in
      guard let calls = RemoteCalls.from(payload) else { return -1 }
      return kafclaw_git_metered_transport(out, owner, calls.meter)
    }
    return callbacks
  }

  private static func from(_ payload: UnsafeMutableRawPointer?) -> RemoteCalls? {
    payload.map { Unmanaged<RemoteCalls>.fromOpaque($0).takeUnretainedValue() }
  }

  /// ssh: a pin decides, whatever libgit2 knows of the host. https: libgit2's verdict stands.
  private func check(
    _ certificate: UnsafeMutablePointer<git_cert>, isValid: Bool, host: String
  ) -> Int32 {
    guard host.lowercased() == remote.host else {
      return refuse(.gitRedirect, "\"\(remote)\" leads to another host")
    }
    switch (remote.transport, certificate.pointee.cert_type) {
    case (.https, GIT_CERT_X509):
      return isValid ? 0 : GIT_PASSTHROUGH.rawValue
    case (.ssh, GIT_CERT_HOSTKEY_LIBSSH2):
      let key = certificate.withMemoryRebound(to: git_cert_hostkey.self, capacity: 1) {
        PresentedHostKey($0.pointee)
      }
      // `try?`: the pins were read before; one that cannot be read admits nobody.
      let pins = access.hostKeys.compactMap { try? HostKeyPin($0) }
      if pins.contains(where: { $0.matches(key) }) { return 0 }
      return refuse(
        .gitHostKey, "\"\(host)\" presents a host key that is not pinned: \(key.description)",
        hint: "if its operator publishes this key, add it to source.hostKeys; if not, somebody "
          + "stands between")
    default:
      return refuse(.gitCertificate, "\"\(host)\" presents no certificate of a known kind")
    }
  }

  /// Gives the credential once: a server that asks again did not take it.
  private func signIn(
    _ out: UnsafeMutablePointer<UnsafeMutablePointer<git_credential>?>, _ types: UInt32
  ) -> Int32 {
    let isRepeated = wasAsked
    wasAsked = true
    guard !isRepeated else {
      return refuse(
        .gitAuthentication, "\"\(remote)\" does not take the credential it was given",
        hint: "check source.credential and what it may read")
    }
    let user = access.user(of: remote) ?? ""
    var result: Int32?
    switch access.credential {
    case .sshKey(let key) where types & GIT_CREDENTIAL_SSH_MEMORY.rawValue != 0:
      result = key.withCString { git_credential_ssh_key_memory_new(out, user, nil, $0, nil) }
    case .token(let token) where types & GIT_CREDENTIAL_USERPASS_PLAINTEXT.rawValue != 0:
      result = token.withCString { git_credential_userpass_plaintext_new(out, user, $0) }
    case .none:
      return refuse(
        .gitAuthentication, "\"\(remote)\" wants a credential", hint: "set source.credential")
    case .sshKey, .token:
      return refuse(
        .gitAuthentication, "\"\(remote)\" does not take a credential of this kind")
    }
    guard result == 0 else {
      return refuse(.gitAuthentication, "the credential for \"\(remote)\" cannot be used")
    }
    return 0
  }

  private func proceed(_ progress: git_indexer_progress) -> Int32 {
    guard progress.total_objects <= max(0, limits.objects) else {
      return refuse(
        .sourceRefused,
        "\"\(remote)\" sends \(progress.total_objects) objects; \(limits.objects) are allowed")
    }
    guard progress.received_bytes <= max(0, limits.receivedBytes) else {
      return refuse(
        .sourceRefused, "\"\(remote)\" sends over \(limits.receivedBytes) bytes")
    }
    return 0
  }

  /// A server's words for people have no reader here.
  private func listen(_ count: Int) -> Int32 {
    messageBytes += max(0, count)
    guard messageBytes <= limits.messageBytes else {
      return refuse(
        .sourceRefused, "\"\(remote)\" sends over \(limits.messageBytes) bytes beside its pack")
    }
    return 0
  }

  private func refuse(
    _ code: ApplianceError.Code, _ message: String, hint: String? = nil
  ) -> Int32 {
    failure = ApplianceError(code, message, hint: hint)
    return GIT_EUSER.rawValue
  }
}
