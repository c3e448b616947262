// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import DesiredState
public import DurableIO

extension ApplianceError.Code {
  /// `appliance.yaml` cannot be understood.
  public static let bootstrapInvalid = Self("trust.bootstrap-invalid")
}

/// `appliance.yaml`, read again whenever somebody asks: keys that are revoked in it stop counting
/// while the appliance runs.
public struct BootstrapFile: Sendable {
  private let read: @Sendable () throws -> BootstrapSpec

  /// The file of a host.
  ///
  /// - Parameter first: What was read at start. A file that is removed later is an error, not
  ///   this.
  public init(_ paths: AppliancePaths, host: String? = nil) {
    let file = paths.bootstrapFile
    read = {
      try PrivateFolder.requireTrustedFile(file)
      var spec = try Self.parse(try DurableFile.read(file, limit: 1 << 20), file)
      spec.host = host ?? spec.host
      return spec
    }
  }

  /// Settings that stand nowhere: for commands that are given a path.
  public init(fixed spec: BootstrapSpec) {
    read = { spec }
  }

  public func current() throws -> BootstrapSpec { try read() }

  private static func parse(_ bytes: [UInt8], _ file: String) throws -> BootstrapSpec {
    let (spec, issues) = BootstrapSpec.read(bytes, file: file)
    if let spec { return spec }
    throw ApplianceError(
      .bootstrapInvalid, issues.map(\.description).joined(separator: "\n"),
      hint: "the signers are unknown until it is repaired; nothing new is applied")
  }
}
