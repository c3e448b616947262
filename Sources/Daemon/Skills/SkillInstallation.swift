// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import AuditLog
import DesiredState
public import DurableIO
import FoundationEssentials
public import Skills
import Tools

/// Brings skills to a host, and takes them away. What they are exposed to is the desired state's.
public struct SkillInstallation: Sendable {
  /// A location with, or without, a pin.
  public struct Offer: Sendable {
    public let location: String
    public let pin: Digest?
    public let name: String

    /// - Throws: `skill.malformed`.
    public init(_ text: String, from folder: String) throws {
      if let source = SkillSource(text) {
        (location, pin, name) = (source.location, source.digest, source.name)
        return
      }
      guard !text.contains("#") else {
        throw ApplianceError(
          .skillMalformed, "\"\(VisibleText.escape(text))\" has a pin that is none",
          hint: "#sha256= and 64 hexadecimal digits")
      }
      let isAddress = text.contains("://")
      let place = isAddress || text.hasPrefix("/") ? text : folder + "/" + text
      let location = isAddress ? text : PrivateFolder.resolve(place) ?? place
      guard let name = SkillSource.name(of: location) else {
        throw ApplianceError(
          .skillMalformed, "\"\(VisibleText.escape(text))\" is no place of a skill",
          hint: "https://HOST/PATH/NAME.tar.gz, or a folder NAME; a NAME of a-z, 0-9 and hyphens")
      }
      (self.location, pin, self.name) = (location, nil, name)
    }
  }

  private let paths: AppliancePaths

  public init(_ paths: AppliancePaths) { self.paths = paths }

  /// Reads what is offered; nothing is written.
  ///
  /// - Throws: `skill.changed` when it is not what the pin says.
  public static func read(_ offer: Offer) async throws -> SkillPackage {
    let package: SkillPackage
    if offer.location.hasPrefix("/") {
      package = try SkillArchive.package(at: offer.location)
    } else {
      let bytes = try await SkillDownload.bytes(from: offer.location)
      package = try SkillArchive.package(in: bytes)
    }
    if let pin = offer.pin, pin != package.digest {
      throw ApplianceError(
        .skillChanged,
        "\(offer.location) holds \(package.digest.short), and the pin says \(pin.short)",
        hint: "find out who changed it before pinning it anew")
    }
    return package
  }

  /// Keeps a skill whose findings are acceptable. The decision is recorded, whatever it is.
  ///
  /// - Throws: `skill.refused`.
  public func install(
    _ package: SkillPackage, from offer: Offer, acceptingWarnings: Bool
  ) throws -> SkillReport {
    let report = SkillReport(package, expected: offer.name)
    var details = [
      "location": offer.location, "digest": package.digest.rawValue,
      "findings": String(report.findings.count),
      "codes": Set(report.findings.map(\.code)).sorted().joined(separator: " "),
    ]
    do { try report.requireAcceptable(acceptingWarnings: acceptingWarnings) } catch {
      try tell("install", offer.name, .denied, details)
      throw error
    }
    if !report.findings.isEmpty { details["accepted"] = "warnings" }
    try tell("install", offer.name, .intent, details)
    do { try SkillStore(paths).keep(package) } catch {
      details["why"] = ApplianceError.of(error).message
      try tell("install", offer.name, .failed, details)
      throw error
    }
    try tell("install", offer.name, .done, details)
    return report
  }

  /// Removes an installed skill that the desired state does not name.
  public func remove(_ state: SkillState) throws {
    guard let digest = state.digest, state.origin == nil else {
      throw ApplianceError(
        .skillRefused, "skill \(state.name) is named by the desired state",
        hint: "take it out of skills.sources, or skills/\(state.name) out of the repository")
    }
    let details = ["digest": digest.rawValue]
    try tell("remove", state.name, .intent, details)
    do { try SkillStore(paths).remove(digest) } catch {
      try tell("remove", state.name, .failed, details)
      throw error
    }
    try tell("remove", state.name, .done, details)
  }

  private func tell(
    _ deed: String, _ name: String, _ outcome: AuditEvent.Outcome, _ details: [String: String]
  ) throws {
    var details = details
    details["deed"] = deed
    try HostAudit.record(
      AuditEvent(
        .skillDecision, by: HostAudit.operatorName, on: "skill/\(name)", outcome, at: Date(),
        details: details), in: HostAudit.skills(paths))
  }
}

/// Gets an archive over the network, by https and from public addresses alone.
enum SkillDownload {
  static func bytes(from address: String) async throws -> [UInt8] {
    let host = address.dropFirst("https://".count).prefix { $0 != "/" && $0 != ":" }
    let egress = GuardedEgress(
      policy: EgressPolicy(hosts: [host.lowercased()], maxBytes: SkillArchive.limit, timeout: 45))
    return try await egress.download(address)
  }
}
