// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Foundation
import Glibc
import Testing

/// Where the appliance keeps its files.
struct AppliancePathsTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let explicit: String?
    let environment: [String: String]
    let home: String

    init(_ explicit: String?, _ environment: [String: String] = [:], home: String) {
      (self.explicit, self.environment, self.home) = (explicit, environment, home)
    }

    var testDescription: String { "\(explicit ?? "-") \(environment) → \(home)" }
  }

  private static let current = FileManager.default.currentDirectoryPath

  static let homes: [Case] = [
    Case("/srv/claw", home: "/srv/claw"),
    Case("/srv/claw/", home: "/srv/claw"),
    Case("//srv///claw//", home: "/srv/claw"),
    Case("/./srv/./claw/.", home: "/srv/claw"),
    Case("/srv/..claw", home: "/srv/..claw"),
    Case("/srv/my claw", home: "/srv/my claw"),
    Case("/var/lib/kafclaw", home: "/var/lib/kafclaw"),
    Case("claw", home: current + "/claw"),
    Case("./claw", home: current + "/claw"),
    Case("~", home: current + "/~"),
    Case(nil, ["KAFCLAW_HOME": "/srv/other"], home: "/srv/other"),
    Case(nil, ["KAFCLAW_HOME": "/srv/other/", "HOME": "/home/me"], home: "/srv/other"),
    Case("/srv/claw", ["KAFCLAW_HOME": "/srv/other"], home: "/srv/claw"),
  ]

  @Test(arguments: AppliancePathsTests.homes)
  func choosesTheLayoutOfAUser(example: Case) throws {
    let paths = try AppliancePaths.resolve(
      explicit: example.explicit, environment: example.environment)
    #expect(paths == .user(home: example.home))
  }

  @Test(arguments: ["..", "/srv/..", "/srv/../claw", "../claw", "/..", "/srv/claw\0", "a\0b"])
  func refusesAHomeThatIsNoPlainPath(home: String) {
    for (explicit, environment) in [(home, [:]), (nil, ["KAFCLAW_HOME": home])] {
      let error = #expect(throws: ApplianceError.self) {
        try AppliancePaths.resolve(explicit: explicit, environment: environment)
      }
      #expect(error?.code == .fileUnsafe)
    }
  }

  @Test(
    .enabled(if: getpwuid(geteuid()) != nil, "this user has no entry in the user database"),
    arguments: [[:], ["HOME": "/elsewhere"], ["KAFCLAW_HOME": ""]])
  func fallsBackToTheHomeOfTheUserDatabase(environment: [String: String]) throws {
    let entry = try #require(getpwuid(geteuid()))
    let home = String(cString: try #require(entry.pointee.pw_dir))
    let wanted = home == AppliancePaths.systemHome ? .system : AppliancePaths.user(home: home)
    let found = try AppliancePaths.resolve(explicit: nil, environment: environment)
    #expect(found == wanted)
  }

  @Test func aUserHasEverythingBelowTheHome() {
    let paths = AppliancePaths.user(home: "/home/me")
    #expect(
      paths.folders == [
        "/home/me/.kafclaw", "/home/me/.kafclaw/run", "/home/me/.kafclaw/reconciler",
        "/home/me/.kafclaw/reconciler/bundles",
      ])
    #expect(paths.bootstrapFile == "/home/me/.config/kafclaw/appliance.yaml")
    #expect(paths.timelineFile == "/home/me/.kafclaw/timeline.db")
    #expect(paths.controlSocket == "/home/me/.kafclaw/run/control.sock")
  }

  @Test func thePackageKeepsToTheFoldersOfASystem() {
    let paths = AppliancePaths.system
    #expect(
      paths.folders == [
        "/var/lib/kafclaw", "/run/kafclaw", "/var/lib/kafclaw/reconciler",
        "/var/lib/kafclaw/reconciler/bundles",
      ])
    #expect(paths.bootstrapFile == "/etc/kafclaw/appliance.yaml")
    #expect(paths.clone == "/var/lib/kafclaw/source.git")
    #expect(paths.lock == "/run/kafclaw/appliance.lock")
  }

  @Test(arguments: [
    ("workspace", "/home/me/.kafclaw/workspace"), ("a/b", "/home/me/.kafclaw/a/b"),
    ("/srv/agent", "/srv/agent"), ("~", "/home/me"), ("~/agent", "/home/me/agent"),
    ("~other", "/home/me/.kafclaw/~other"),
  ])
  func placesFoldersOfTheAgent(text: String, path: String) {
    #expect(AppliancePaths.user(home: "/home/me").agentFolder(text) == path)
  }
}
