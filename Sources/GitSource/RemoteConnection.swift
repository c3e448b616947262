// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import CLibgit2
import Glibc

/// One conversation with the repository at an address: its branch, then what we lack of it.
struct RemoteConnection: ~Copyable {
  private let raw: OpaquePointer
  private let calls: RemoteCalls

  init(
    _ remote: RemoteAddress, access: RemoteAccess, limits: FetchLimits,
    into repository: borrowing Repository
  ) throws {
    try Libgit2.limit(limits)
    if remote.transport == .https { try Libgit2.trust(access.certificateAuthority) }
    // libgit2 looks for known hosts there, whoever decides in the end.
    if remote.transport == .ssh, getenv("HOME") == nil {
      throw ApplianceError(.gitFailed, "libgit2 has no ssh without the variable HOME")
    }
    var options = git_remote_create_options()
    git_remote_create_options_init(&options, UInt32(GIT_REMOTE_CREATE_OPTIONS_VERSION))
    options.repository = repository.raw
    options.flags =
      GIT_REMOTE_CREATE_SKIP_INSTEADOF.rawValue
      | GIT_REMOTE_CREATE_SKIP_DEFAULT_FETCHSPEC.rawValue
    let user = remote.transport == .ssh ? access.user(of: remote) : nil
    var made: OpaquePointer?
    try Libgit2.check(
      git_remote_create_with_opts(&made, remote.location(user: user), &options),
      "name remote \"\(remote)\"")
    guard let made else { throw ApplianceError(.gitFailed, "no remote for \"\(remote)\"") }
    raw = made
    calls = RemoteCalls(remote, access: access, limits: limits)
  }

  deinit {
    // The transport uses `calls` until it is freed.
    withExtendedLifetime(calls) { git_remote_free(raw) }
  }

  /// Connects, signs in and asks where a branch points.
  ///
  /// - Parameter branch: What messages call the reference.
  func tip(of reference: String, branch: String) throws -> ObjectID {
    var options = git_remote_connect_options()
    git_remote_connect_options_init(&options, UInt32(GIT_REMOTE_CONNECT_OPTIONS_VERSION))
    options.callbacks = calls.callbacks
    options.follow_redirects = GIT_REMOTE_REDIRECT_NONE
    calls.begin(.advertisement)
    try check(git_remote_connect_ext(raw, GIT_DIRECTION_FETCH, &options))
    var heads: UnsafeMutablePointer<UnsafePointer<git_remote_head>?>?
    var count = 0
    try check(git_remote_ls(&heads, &count, raw))
    let wanted = Array(reference.utf8CString)
    let tip = UnsafeBufferPointer(start: heads, count: count).lazy
      .compactMap { $0?.pointee }.first { strcmp($0.name, wanted) == 0 }
    guard let tip else {
      throw ApplianceError(
        .gitMissing, "\"\(calls.remote)\" has no branch \"\(branch)\"",
        hint: "commit to it, or set source.branch in appliance.yaml")
    }
    return ObjectID(tip.oid)
  }

  /// Downloads what the reference needs and we lack. Moves no reference of ours.
  func download(_ reference: String) throws {
    var options = git_fetch_options()
    git_fetch_options_init(&options, UInt32(GIT_FETCH_OPTIONS_VERSION))
    options.callbacks = calls.callbacks
    options.follow_redirects = GIT_REMOTE_REDIRECT_NONE
    options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE
    options.prune = GIT_FETCH_NO_PRUNE
    options.update_fetchhead = 0
    calls.begin(.pack)
    try "\(reference):\(GitClone.candidate)".withCString { text in
      var entry: UnsafeMutablePointer<CChar>? = UnsafeMutablePointer(mutating: text)
      try withUnsafeMutablePointer(to: &entry) { entries in
        var list = git_strarray(strings: entries, count: 1)
        try check(git_remote_download(raw, &list, &options))
      }
    }
  }

  private func check(_ result: Int32) throws {
    guard result != 0 else { return }
    throw calls.failure ?? RemoteFailure(result, calls).error
  }
}
