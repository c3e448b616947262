// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Planning
import Testing

@testable import Reconciliation

/// Deletions come last, after everything new has proved healthy.
struct DeletionOrderTests {
  private let appliance: Appliance

  /// A host with a channel, two workspace files and a component that the next commit has no more.
  init() async throws {
    appliance = try Appliance(
      Desired.commit(
        1, "channels: {web: {type: web, allow: [alice]}}\n",
        workspace: ["AGENTS.md": "Be brief.\n", "OLD.md": "Old.\n"]))
    #expect(await appliance.pass().kind == .applied)
    var record = try appliance.files.appliedState()
    record.resources["component/old"] = ["state": "running"]
    try appliance.files.write(record)
    await appliance.host.set("component/old", ["state": "running"])
    await appliance.host.clearLog()
    await appliance.source.give(
      Desired.commit(
        2, "gateway: {port: 9000}\n", workspace: ["AGENTS.md": "Be kind.\n", "NEW.md": "New.\n"]))
  }

  /// Health is looked at before anything is changed, then until it is good for long enough.
  private static let order = [
    "health", "write workspace/AGENTS.md", "write workspace/NEW.md",
    "write configuration/config.json",
    "write component/gateway", "health", "health", "health", "delete component/old",
    "delete workspace/OLD.md",
    "delete senders/web",
  ]

  @Test func deletionsFollowHealthInReverseOrder() async throws {
    #expect(await appliance.pass().kind == .applied)
    #expect(await appliance.host.log == Self.order)
    #expect(try await appliance.recordMatchesHost())
    #expect(await appliance.pass().kind == .noChange)
  }

  @Test func nothingIsDeletedWhileTheNewIsNotHealthy() async throws {
    await appliance.host.sickenWhen { $0["component/gateway"]?["port"] == 9_000 }
    #expect(await appliance.pass().kind == .rolledBack)
    for _ in 1...3 { #expect(await appliance.pass().kind == .held) }
    let deleted = await appliance.host.log.filter { $0.hasPrefix("delete") }
    #expect(
      deleted == ["delete component/old", "delete workspace/NEW.md"],
      "what the last good state does not have")
    for address in ["workspace/OLD.md", "senders/web"] {
      #expect(await appliance.host.fields(of: address) != nil)
    }
    await appliance.host.sickenWhen { _ in false }
    _ = try await appliance.reconciler.resume(release: Desired.hexadecimal(2))
    #expect(await appliance.pass().kind == .applied)
    #expect(await appliance.host.log.suffix(2) == Self.order.suffix(2))
    #expect(try await appliance.recordMatchesHost())
  }

  @Test(arguments: 1...4)
  func nothingIsDeletedWhenACreationFails(number: Int) async throws {
    await appliance.host.fail([number])
    #expect(await appliance.pass().kind == .rolledBack)
    let deleted = await appliance.host.log.filter { $0.hasPrefix("delete") }
    #expect(Set(deleted).isSubset(of: ["delete component/old", "delete workspace/NEW.md"]))
  }

  @Test(arguments: 5...7)
  func deletionThatFailsIsRepeated(number: Int) async throws {
    await appliance.host.fail([number])
    #expect(await appliance.pass().kind == .failed)
    #expect(await appliance.pass().kind == .applied)
    #expect(try await appliance.recordMatchesHost())
    #expect(await appliance.pass().kind == .noChange)
  }

  @Test func deletionOfWhatIsGoneIsOnlyRecorded() async throws {
    await appliance.host.set("workspace/OLD.md", nil)
    await appliance.pass()
    #expect(await appliance.host.log == Self.order.filter { $0 != "delete workspace/OLD.md" })
    #expect(try await appliance.recordMatchesHost())
  }

  @Test func fileOfSomebodyElseIsNeitherReplacedNorDeleted() async throws {
    await appliance.host.set("workspace/NEW.md", ["digest": "theirs", "mode": "0644"])
    let outcome = await appliance.pass()
    #expect(outcome.kind == .applied)
    #expect(outcome.plan?.refusals.map(\.address.text) == ["workspace/NEW.md"])
    #expect(await appliance.host.fields(of: "workspace/NEW.md")?["digest"] == "theirs")
    await appliance.source.give(Desired.commit(3))
    await appliance.pass()
    #expect(await appliance.host.fields(of: "workspace/NEW.md")?["digest"] == "theirs")
  }
}
