// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import DesiredState
import FoundationEssentials
import Testing

@testable import Doctor
@testable import Tomb

/// The tokens of the gateway: whether there are some, how strong and how old they are.
struct SecretsTokenTests {
  private static let all: [Check] = [.tokenPresent, .tokenStrength, .tokenAge, .tokenVariable]
  private static let strong = "0f3c9a1e7b5d2846f0c1e2d3a4b59687"
  private static let day: Double = 86_400

  /// A host whose desired state has this gateway.
  private func builder(_ gateway: String = "") throws -> HostBuilder {
    var builder = try HostBuilder()
    // As files keep it: whole seconds.
    builder.now = Date(timeIntervalSince1970: 1_800_000_000)
    try builder.desire(HostBuilder.desiredText + gateway)
    return builder
  }

  private static let declared = "gateway: {auth: {token: \"env:A_TOKEN\"}}\n"
  private static let open = "gateway: {host: 0.0.0.0, auth: {token: \"env:A_TOKEN\"}}\n"

  private func runs(
    _ builder: inout HostBuilder, _ source: ApplianceStatus.TokenStatus.Source?,
    isStale: Bool = false
  ) {
    var status = ApplianceStatus.healthy()
    status.tokens = source.map { .init(source: $0, isVariableStale: isStale, clients: []) }
    (builder.isRunning, builder.status) = (true, status)
  }

  /// Makes tokens in a real tomb, and takes over what is known of them.
  private func tokens(
    _ builder: inout HostBuilder, _ body: (TokenStore) throws -> Void
  ) throws {
    if try !builder.tomb.get().exists { try builder.createTomb() }
    let store = TokenStore(try builder.tomb.get())
    try body(store)
    builder.tokens = .success(try store.read())
  }

  private func generate(
    _ builder: inout HostBuilder, _ client: String = ClientToken.sharedName, ago days: Double = 0,
    expires: Date? = nil
  ) throws {
    let made = builder.now.addingTimeInterval(-days * Self.day)
    try tokens(&builder) {
      _ = try $0.generate(client, scopes: TokenScope.shared, expires: expires, at: made)
    }
  }

  private func notice(_ builder: inout HostBuilder, ago days: Double) throws {
    let seen = builder.now.addingTimeInterval(-days * Self.day)
    try tokens(&builder) {
      _ = try $0.notice(SecretValue(copying: Array(Self.strong.utf8)), at: seen)
    }
  }

  @Test func aFreshHostIsFine() async throws {
    let builder = try builder()
    let present = await builder.examine(.tokenPresent)
    #expect(present.isPass)
    #expect(present.evidence == "no API client can authenticate; kafclaw chat works")
    for check in [Check.tokenStrength, .tokenAge, .tokenVariable] {
      #expect(await builder.examine(check).isNotApplicable)
    }
  }

  @Test func withoutADesiredStateThereIsNothingToLookAt() async throws {
    var builder = try builder()
    builder.desired = .success(nil)
    for check in Self.all { #expect(await builder.examine(check).isNotApplicable) }
  }

  @Test func aDesiredStateThatIsNotValidIsUnknown() async throws {
    var builder = try builder()
    try builder.desire("version: 1\n")
    for check in [Check.tokenPresent, .tokenStrength, .tokenAge] {
      #expect(await builder.examine(check).status == .unknown)
    }
  }

  // MARK: token.present

  @Test func aDeclaredTokenMustResolve() async throws {
    var builder = try builder(Self.declared)
    let found = await builder.examine(.tokenPresent)
    #expect(found.status == .fail && found.severity == .high && found.fixable)
    #expect(found.evidence.contains("env:A_TOKEN"))
    builder.secrets["env:A_TOKEN"] = Self.strong
    let present = await builder.examine(.tokenPresent)
    #expect(present.isPass && present.evidence == "accepted: env:A_TOKEN")
  }

  @Test func aMadeTokenTakesItsPlace() async throws {
    var builder = try builder(Self.declared)
    try generate(&builder)
    #expect(await builder.examine(.tokenPresent).evidence == "accepted: the client gateway")
    // The gateway does not start without the shared one, whatever other clients there are.
    var other = try self.builder(Self.declared)
    try generate(&other, "monitor")
    #expect(await other.examine(.tokenPresent).status == .fail)
  }

  @Test func aRevokedTokenIsNone() async throws {
    var builder = try builder(Self.declared)
    builder.secrets["env:A_TOKEN"] = Self.strong
    try notice(&builder, ago: 3)
    #expect(await builder.examine(.tokenPresent).isPass)
    let now = builder.now
    try tokens(&builder) { try $0.revoke(ClientToken.sharedName, at: now) }
    let found = await builder.examine(.tokenPresent)
    #expect(found.status == .fail && found.evidence.contains("was revoked"))
    try generate(&builder)
    #expect(await builder.examine(.tokenPresent).isPass)
  }

  @Test(arguments: ["0.0.0.0", "\"::\"", "192.0.2.1"])
  func whatOthersReachNeedsOne(host: String) async throws {
    var builder = try builder("gateway: {host: \(host)}\n")
    // Such a desired state is refused; an override of the environment gives one like it.
    if try builder.desired.get() == nil {
      try builder.desire(
        HostBuilder.desiredText + "gateway: {host: \(host), auth: {token: \"env:A_TOKEN\"}}\n")
      #expect(await builder.examine(.tokenPresent).status == .fail)
      builder.secrets["env:A_TOKEN"] = Self.strong
    } else {
      #expect(await builder.examine(.tokenPresent).status == .fail)
      try generate(&builder)
    }
    #expect(await builder.examine(.tokenPresent).isPass)
  }

  @Test func aVariableOfTheRunningApplianceIsNotMissing() async throws {
    var builder = try builder(Self.declared)
    runs(&builder, .declared)
    #expect(await builder.examine(.tokenPresent).isPass)
    runs(&builder, ApplianceStatus.TokenStatus.Source.none)
    #expect(await builder.examine(.tokenPresent).status == .fail)
    runs(&builder, nil)
    #expect(await builder.examine(.tokenPresent).status == .unknown)
    builder.status = nil
    #expect(await builder.examine(.tokenPresent).status == .unknown)
    #expect(await builder.repair(.tokenPresent).steps.isEmpty)
  }

  @Test func whatCannotBeLookedAtIsUnknown() async throws {
    var builder = try builder(Self.declared)
    builder.secretFailure = ApplianceError(.tombLocked, "locked")
    for check in [Check.tokenPresent, .tokenStrength] {
      #expect(await builder.examine(check).status == .unknown)
    }
    #expect(await builder.repair(.tokenPresent).steps.allSatisfy { $0.outcome == .failed })
    builder.secretFailure = nil
    builder.tokens = .failure(ApplianceError(.tombLocked, "locked"))
    for check in [Check.tokenPresent, .tokenAge] {
      #expect(await builder.examine(check).status == .unknown)
    }
  }

  @Test func anEntryForTheGatewayAloneIsNotMissing() async throws {
    var builder = try builder(Self.declared)
    builder.secretFailure = ApplianceError(.tombNotForYou, "for the gateway")
    #expect(await builder.examine(.tokenPresent).isPass)
    #expect(await builder.examine(.tokenStrength).status == .unknown)
  }

  @Test func theRepairMakesOneAndShowsItOnce() async throws {
    var builder = try builder(Self.declared)
    let report = await builder.repair(.tokenPresent)
    #expect(report.steps.map(\.outcome) == [.done])
    #expect(builder.recorded.all == ["intent token/gateway", "done token/gateway"])
    builder.generateToken = {
      throw ApplianceError(.tombMissing, "no tomb", hint: "kafclaw tomb init")
    }
    let failed = await builder.repair(.tokenPresent)
    #expect(failed.failed.map(\.error?.hint) == ["kafclaw tomb init"])
    builder.secrets["env:A_TOKEN"] = Self.strong
    #expect(await builder.repair(.tokenPresent).steps.isEmpty)
  }

  // MARK: token.strength

  @Test(arguments: [
    ("short", Verdict.Status.fail), (String(repeating: "ab", count: 32), .fail),
    ("<long-random-token>-<long-random-token>", .fail), (strong, .pass),
  ])
  func weakTokensAreTold(token: String, status: Verdict.Status) async throws {
    var builder = try builder(Self.declared)
    builder.secrets["env:A_TOKEN"] = token
    let found = await builder.examine(.tokenStrength)
    #expect(found.status == status)
    #expect(!found.evidence.contains(token))
  }

  @Test func aTokenThatIsNotHereIsNotJudged() async throws {
    var builder = try builder(Self.declared)
    #expect(await builder.examine(.tokenStrength).isNotApplicable)
    runs(&builder, nil)
    #expect(await builder.examine(.tokenStrength).status == .unknown)
    // A gateway takes no weak one.
    runs(&builder, .declared)
    #expect(await builder.examine(.tokenStrength).isPass)
    runs(&builder, .tomb)
    try generate(&builder)
    #expect(await builder.examine(.tokenStrength).isNotApplicable)
  }

  // MARK: token.age

  @Test(arguments: [
    (0.0, Verdict.Status.pass), (89.9, .pass), (90, .warn), (112.4, .warn), (112.5, .fail),
    (900, .fail),
  ])
  func tokensAreRotatedAfter90Days(days: Double, status: Verdict.Status) async throws {
    var made = try builder()
    try generate(&made, ago: days)
    let found = await made.examine(.tokenAge)
    #expect(found.status == status && found.severity == .medium, "\(found)")
    #expect(
      found.evidence.contains(
        "the client gateway is \(days < 1 ? "less than" : "\(Int(days)) days")"))
    var declared = try builder(Self.declared)
    try notice(&declared, ago: days)
    #expect(await declared.examine(.tokenAge).status == status)
    #expect(await declared.examine(.tokenAge).evidence.contains("env:A_TOKEN"))
  }

  @Test(arguments: [
    ("30d", 29.9, Verdict.Status.pass), ("30d", 30, .warn), ("30d", 37.4, .warn),
    ("30d", 37.5, .fail),
    ("12h", 0.4, .pass), ("12h", 0.5, .warn), ("12h", 0.7, .fail), ("365d", 364, .pass),
  ])
  func theDeclaredPolicyCounts(after: String, days: Double, status: Verdict.Status) async throws {
    var builder = try builder("gateway: {auth: {rotateAfter: \(after)}}\n")
    try generate(&builder, ago: days)
    let found = await builder.examine(.tokenAge)
    #expect(found.status == status, "\(found)")
    #expect(found.evidence.contains("gateway.auth.rotateAfter"))
  }

  @Test func anotherVersionIsYoungAgain() async throws {
    var builder = try builder()
    try generate(&builder, ago: 200)
    #expect(await builder.examine(.tokenAge).status == .fail)
    let now = builder.now
    try tokens(&builder) {
      _ = try $0.rotate(ClientToken.sharedName, overlap: .seconds(3_600), at: now)
    }
    #expect(await builder.examine(.tokenAge).isPass)
  }

  @Test func everyClientCounts() async throws {
    var builder = try builder()
    try generate(&builder, ago: 1)
    try generate(&builder, "monitor", ago: 100)
    let found = await builder.examine(.tokenAge)
    #expect(found.status == .warn)
    #expect(found.evidence.contains("monitor") && !found.evidence.contains("client gateway"))
  }

  @Test(arguments: [(-1.0, "ended"), (0, "ended"), (13, "ends"), (14, "ends"), (14.1, nil)])
  func clientsThatEndAreNamed(days: Double, word: String?) async throws {
    var builder = try builder()
    try generate(
      &builder, "monitor", ago: 5, expires: builder.now.addingTimeInterval(days * Self.day))
    let found = await builder.examine(.tokenAge)
    #expect(found.status == (word == nil ? .pass : .warn), "\(found)")
    if let word { #expect(found.evidence.contains("the client monitor \(word) ")) }
  }

  @Test func aRevokedTokenHasNoAge() async throws {
    var builder = try builder(Self.declared)
    try notice(&builder, ago: 300)
    try generate(&builder, ago: 1)
    #expect(await builder.examine(.tokenAge).isPass)
  }

  @Test func withoutATombAgesAreNotKnown() async throws {
    let builder = try builder(Self.declared)
    let found = await builder.examine(.tokenAge)
    #expect(found.status == .warn)
    #expect(found.evidence == "the age of the token of env:A_TOKEN is not known without a tomb")
    try builder.createTomb()
    #expect(await builder.examine(.tokenAge).isNotApplicable)
  }

  // MARK: token.variable

  @Test func aVariableThatIsLeftBehindIsTold() async throws {
    var builder = try builder(Self.declared)
    #expect(await builder.examine(.tokenVariable).isNotApplicable)
    runs(&builder, .tomb)
    #expect(await builder.examine(.tokenVariable).isPass)
    runs(&builder, .tomb, isStale: true)
    let found = await builder.examine(.tokenVariable)
    #expect(found.status == .warn && found.severity == .medium)
    #expect(found.evidence.contains("env:A_TOKEN") && found.remedy.contains("env:A_TOKEN"))
    runs(&builder, nil)
    #expect(await builder.examine(.tokenVariable).isNotApplicable)
    builder.status = nil
    #expect(await builder.examine(.tokenVariable).status == .unknown)
  }
}
