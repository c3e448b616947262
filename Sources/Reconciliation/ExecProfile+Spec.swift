// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import DesiredState
public import Tools

extension ExecProfile {
  /// A profile as the desired state declares it.
  public init(_ spec: ExecProfileSpec) {
    let variables = spec.environment.compactMap(ExecVariable.init)
    self.init(
      binary: spec.binary, subcommands: spec.subcommands,
      environment: Dictionary(variables.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }),
      network: spec.network, timeout: Int(spec.timeout.seconds),
      memory: spec.memoryMiB.value << 20, processes: spec.processes.value,
      output: spec.outputKiB.value << 10, isWorkspaceWritable: spec.writable)
  }
}
