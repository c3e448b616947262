// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// What a channel's account needs on its platform, and where it may connect to.
enum ChannelRules {
  /// Fields by the names they have in the desired state.
  private enum Field: String, CaseIterable {
    case account, tenant, baseURL, replyURL, signingSecret, verifyToken, botToken
  }

  private struct Needs {
    var required: [Field] = []
    var optional: [Field] = []
  }

  static func issues(_ spec: ApplianceSpec, _ check: RuleContext) -> [ValidationIssue] {
    spec.channels.flatMap { name, channel in
      let path = "channels.\(name)"
      guard let needs = needs(of: channel.type) else { return [ValidationIssue]() }
      return missing(channel, needs, path, check) + unused(channel, needs, path, check)
        + addresses(channel, path, check) + identifiers(channel, path, check)
        + pairing(channel, path, check) + approvals(channel, path, check)
    } + doubles(spec, check)
  }

  /// `nil` for a type that is not served.
  private static func needs(of type: ChannelType) -> Needs? {
    switch type {
    case .web: Needs()
    case .webhook: Needs(required: [.signingSecret], optional: [.replyURL])
    case .slack:
      Needs(required: [.account, .tenant, .signingSecret, .botToken], optional: [.baseURL])
    case .telegram: Needs(required: [.botToken], optional: [.baseURL])
    case .whatsapp:
      Needs(
        required: [.account, .tenant, .signingSecret, .verifyToken, .botToken],
        optional: [.baseURL])
    case .matrix: Needs(required: [.baseURL, .account, .botToken])
    case .teams: nil
    }
  }

  private static func isSet(_ field: Field, _ channel: ChannelSpec) -> Bool {
    switch field {
    case .account: channel.account != nil
    case .tenant: channel.tenant != nil
    case .baseURL: channel.baseURL != nil
    case .replyURL: channel.replyURL != nil
    case .signingSecret: channel.signingSecret != nil
    case .verifyToken: channel.verifyToken != nil
    case .botToken: channel.botToken != nil
    }
  }

  /// A channel that cannot tell its platform from others is not begun.
  private static func missing(
    _ channel: ChannelSpec, _ needs: Needs, _ path: String, _ check: RuleContext
  ) -> [ValidationIssue] {
    needs.required.filter { !isSet($0, channel) }.map { field in
      check.error(
        path, "channel-incomplete",
        "a channel of type \"\(channel.type.rawValue)\" needs \(field.rawValue)",
        hint: "set \(path).\(field.rawValue)")
    }
  }

  /// A code goes back the way the message came, and is for those whom a list keeps out.
  private static func pairing(
    _ channel: ChannelSpec, _ path: String, _ check: RuleContext
  ) -> [ValidationIssue] {
    let isPossible =
      channel.type.hasAccount && channel.dmPolicy == .allowlist
      && (channel.type != .webhook || channel.replyURL != nil)
    guard channel.pairing, !isPossible else { return [] }
    return [
      check.error(
        "\(path).pairing", "channel-pairing",
        "pairing is for a channel that can answer, with dmPolicy: allowlist", hint: "remove it")
    ]
  }

  /// Buttons are Slack's, and somebody has to be able to press them.
  private static func approvals(
    _ channel: ChannelSpec, _ path: String, _ check: RuleContext
  ) -> [ValidationIssue] {
    guard let approvals = channel.approvals else { return [] }
    guard channel.type == .slack else {
      return [
        check.error(
          "\(path).approvals", "channel-approvals", "only channels of type slack have buttons",
          hint: "remove it")
      ]
    }
    let isNamed = isUpper(approvals.conversation, after: "CGD") && !approvals.approvers.isEmpty
    return isNamed
      ? []
      : [
        check.error(
          "\(path).approvals", "channel-approvals",
          "it needs a conversation of Slack, and somebody who may decide",
          hint: "as in {conversation: C012AB3CD, approvers: [U024BE7LH]}")
      ]
  }

  private static func unused(
    _ channel: ChannelSpec, _ needs: Needs, _ path: String, _ check: RuleContext
  ) -> [ValidationIssue] {
    let read = Set(needs.required + needs.optional)
    return Field.allCases.filter { !read.contains($0) && isSet($0, channel) }.map { field in
      check.error(
        "\(path).\(field.rawValue)", "channel-field",
        "a channel of type \"\(channel.type.rawValue)\" has no \(field.rawValue)",
        hint: "remove it")
    }
  }

  private static func addresses(
    _ channel: ChannelSpec, _ path: String, _ check: RuleContext
  ) -> [ValidationIssue] {
    [("baseURL", channel.baseURL), ("replyURL", channel.replyURL)].compactMap { name, address in
      guard let address, !PlainAddress.isSafe(address) else { return nil }
      return check.error(
        "\(path).\(name)", "channel-address",
        "tokens and messages go there only by https, or by http within this machine",
        hint: "as in https://matrix.example.org")
    }
  }

  /// Ids of platforms are plain: a wrong one would match nothing, silently.
  private static func identifiers(
    _ channel: ChannelSpec, _ path: String, _ check: RuleContext
  ) -> [ValidationIssue] {
    let forms: [(String, String?, (String) -> Bool, String)] =
      switch channel.type {
      case .slack:
        [
          ("account", channel.account, { isUpper($0, after: "A") }, "A024BE7LH"),
          ("tenant", channel.tenant, { isUpper($0, after: "TE") }, "T024BE7LH"),
        ]
      case .whatsapp:
        [
          ("account", channel.account, isNumber, "106540352242922"),
          ("tenant", channel.tenant, isNumber, "102290129340398"),
        ]
      case .matrix: [("account", channel.account, isMatrixUser, "@bot:example.org")]
      default: []
      }
    return forms.compactMap { name, value, isValid, example in
      guard let value, !isValid(value) else { return nil }
      return check.error(
        "\(path).\(name)", "channel-id", "\(Quoted(value)) is not an id of this platform",
        hint: "as in \(example)")
    }
  }

  private static func isUpper(_ text: String, after starts: String) -> Bool {
    guard let first = text.first, starts.contains(first), (2...32).contains(text.utf8.count)
    else { return false }
    return text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) }
  }

  private static func isNumber(_ text: String) -> Bool {
    (1...32).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }

  /// Matrix specification, appendices, "User identifiers": visible signs, a server after the colon.
  private static func isMatrixUser(_ text: String) -> Bool {
    let parts = text.split(separator: ":", maxSplits: 1)
    return text.hasPrefix("@") && parts.count == 2 && parts[0].utf8.count > 1
      && text.utf8.count <= 255 && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
  }

  /// Two channels that are one account would answer each message twice.
  private static func doubles(_ spec: ApplianceSpec, _ check: RuleContext) -> [ValidationIssue] {
    var first: [String: String] = [:]
    return spec.channels.sorted { $0.key < $1.key }.compactMap { name, channel in
      let key: String? =
        switch channel.type {
        case .telegram: channel.botToken.map { "telegram \($0)" }
        case .slack, .whatsapp, .matrix:
          channel.account.map {
            "\(channel.type.rawValue) \(Self.root(channel)) \(channel.tenant ?? "") \($0)"
          }
        default: nil
        }
      guard let key else { return nil }
      guard let other = first[key] else {
        first[key] = name
        return nil
      }
      return check.error(
        "channels.\(name)", "channel-twice", "this account is channel \(Quoted(other)) already",
        hint: "remove one of them")
    }
  }

  /// With or without a slash at its end it is the same server.
  private static func root(_ channel: ChannelSpec) -> String {
    let address = (channel.baseURL ?? "").lowercased()
    return address.hasSuffix("/") ? String(address.dropLast()) : address
  }
}

/// Addresses that secrets may be sent to.
enum PlainAddress {
  /// By https, or by http within this machine; without user information, query and fragment.
  static func isSafe(_ address: String) -> Bool {
    guard !address.utf8.contains(where: { [UInt8(ascii: "@"), 0x3F, 0x23, 0x20].contains($0) })
    else { return false }
    if address.hasPrefix("https://") { return address.utf8.count > 8 }
    return ["127.0.0.1", "localhost", "[::1]"].contains { host in
      guard address.hasPrefix("http://" + host) else { return false }
      let next = address.utf8.dropFirst(7 + host.utf8.count).first
      return next == nil || next == UInt8(ascii: ":") || next == UInt8(ascii: "/")
    }
  }
}
