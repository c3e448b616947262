// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Glibc

/// Whether an address could be listened on, tried as the gateway does, without listening.
enum PortProbe {
  enum Outcome: Equatable {
    case free
    case taken
    /// The address is none of this host's.
    case elsewhere
    case failed(String)
  }

  static func probe(_ host: String, _ port: Int) -> Outcome {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV | (host == "localhost" ? 0 : AI_NUMERICHOST)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, String(port), &hints, &found) == 0, let found else {
      return .failed("\"\(host)\" is not an address here")
    }
    defer { freeaddrinfo(found) }
    return bind(to: found.pointee)
  }

  private static func bind(to address: addrinfo) -> Outcome {
    let number = socket(address.ai_family, address.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard number >= 0 else { return failure }
    defer { close(number) }
    var yes: Int32 = 1
    let size = socklen_t(MemoryLayout<Int32>.size)
    guard setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &yes, size) == 0 else { return failure }
    guard Glibc.bind(number, address.ai_addr, address.ai_addrlen) == 0 else {
      switch errno {
      case EADDRINUSE: return .taken
      case EADDRNOTAVAIL: return .elsewhere
      default: return failure
      }
    }
    return .free
  }

  private static var failure: Outcome { .failed(String(cString: strerror(errno))) }
}

/// Who listens, from /proc/net/tcp (proc(5)).
enum ListenerTable {
  /// State 0A is LISTEN.
  private static let listening = "0A"

  /// The numeric users of the sockets that listen on a port.
  static func users(of port: Int, in lines: [Substring]) -> [String] {
    let users = lines.compactMap { line -> String? in
      let fields = line.split(separator: " ")
      guard fields.count > 9, fields[3] == listening,
        let digits = fields[1].split(separator: ":").last, Int(digits, radix: 16) == port
      else { return nil }
      return String(fields[7])
    }
    return Set(users).sorted()
  }
}
