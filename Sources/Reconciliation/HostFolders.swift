// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import DesiredState
public import DurableIO
import Glibc
public import Planning

/// Runbook 1.4 on the real host: the agent's folders, links resolved, are apart from sensitive
/// paths.
public enum HostFolders {
  /// One refusal for each folder that is not; none when both are fine.
  public static func refusals(_ spec: ApplianceSpec, paths: AppliancePaths) -> [PlanRefusal] {
    let fields = [
      ("agent.workspace", spec.agent.workspace, "workspace"),
      ("agent.workRepo", spec.agent.workRepo, "work-repo"),
    ]
    return fields.compactMap { field, folder, standard in
      problem(with: folder, standard: standard, paths: paths).map { other in
        PlanRefusal(
          ResourceAddress(.component, "agent"), .folderIsolation,
          "\(field) is \"\(resolve(paths.agentFolder(folder)))\", which is not apart from "
            + "\"\(other)\"")
      }
    }
  }

  private static func problem(
    with folder: String, standard: String, paths: AppliancePaths
  ) -> String? {
    let resolved = resolve(paths.agentFolder(folder))
    if resolved == resolve(paths.agentFolders) + "/" + standard { return nil }
    let home = resolve(paths.home)
    let sensitive = ["/", "/etc", "/root", "/var", paths.home].map(resolve)
    let personal = [".ssh", ".gnupg", ".aws", ".config"].map { resolve(home + "/" + $0) }
    let own = [paths.state, paths.configuration, paths.clone, paths.runtime].map(resolve)
    return FolderIsolation.conflict(
      of: resolved, with: sensitive + personal + own, home: home)
  }

  /// Where a link points to whose target does not exist yet.
  private static func danglingTarget(_ path: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    let count = buffer.withUnsafeMutableBytes { bytes in
      bytes.baseAddress.map { readlink(path, $0, bytes.count) } ?? 0
    }
    guard count > 0, PrivateFolder.resolve(path) == nil else { return nil }
    let target = String(decoding: buffer.prefix(count), as: UTF8.self)
    return target.hasPrefix("/") ? target : DurableFile.parentFolder(of: path) + "/" + target
  }

  /// The path without links; what does not exist yet is appended to what does.
  private static func resolve(_ path: String) -> String { resolve(path, links: 0) }

  private static func resolve(_ path: String, links: Int) -> String {
    var missing: [Substring] = []
    var rest = path[...]
    while true {
      if links < 40, let target = danglingTarget(String(rest)) {
        let end = missing.isEmpty ? "" : "/" + missing.reversed().joined(separator: "/")
        return resolve(target + end, links: links + 1)
      }
      if let resolved = PrivateFolder.resolve(rest.isEmpty ? "/" : String(rest)) {
        let base = resolved == "/" ? "" : resolved
        return missing.isEmpty ? resolved : base + "/" + missing.reversed().joined(separator: "/")
      }
      guard let slash = rest.lastIndex(of: "/") else { return path }
      missing.append(rest[rest.index(after: slash)...])
      rest = rest[..<slash]
    }
  }
}
