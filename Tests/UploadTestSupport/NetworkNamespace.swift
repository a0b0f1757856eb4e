import Foundation
import Synchronization

/// A second machine, as far as TCP can tell: a network namespace with a shell in it, on a wire that can be cut.
///
/// Needs root (CAP_NET_ADMIN and CAP_SYS_ADMIN), `unshare`, `ip` and `bash`. It ends with its shell.
public final class NetworkNamespace: Sendable {
    /// A command could not be carried out.
    public struct Failure: Error, CustomStringConvertible {
        /// What failed and why.
        public let description: String
    }

    /// Whether a test that can't have one must fail: set by `scripts/test --all`.
    public static var isRequired: Bool { ProcessInfo.processInfo.environment["NETWORK_NAMESPACES"] == "required" }
    /// Whether there is a chance to get one.
    public static var isAllowed: Bool { geteuid() == 0 }

    /// Where this machine is reached from the namespace.
    public let hostAddress: String
    private let shell: ProgramProcess
    private let wire: String
    private let commands = Mutex(0)

    /// Makes the namespace and connects it. It lives as long as the bed's test.
    public init(_ bed: TestBed) async throws {
        // A network of four addresses, of those set aside for private use.
        let number = Int.random(in: 0..<256 * 64)
        let (prefix, first) = ("10.213.\(number / 64)", number % 64 * 4)
        hostAddress = "\(prefix).\(first + 1)"
        wire = "fup\(number)"
        shell = bed.own(try ProgramProcess("unshare", ["-n", "bash"]))
        do {
            // When it answers, it is in its namespace.
            try await run("ip link set lo up")
            try await Self.ip("link", "add", wire, "type", "veth", "peer", "name", "far", "netns", "\(shell.pid)")
            try await Self.ip("addr", "add", "\(hostAddress)/30", "dev", wire)
            try await Self.ip("link", "set", wire, "up")
            try await run("ip addr add \(prefix).\(first + 2)/30 dev far")
            try await run("ip link set far up")
        } catch {
            throw Failure(description: "no network namespace (it needs root, unshare, ip, bash): \(error)")
        }
    }

    /// Runs a command in the namespace's shell, and waits for its end.
    public func run(_ command: String) async throws {
        let number = commands.withLock { number in
            number += 1
            return number
        }
        shell.send("\(command); echo \"done \(number) $?\" >&2")
        let line = try await shell.waitForError(containing: "done \(number) ")
        guard line.hasSuffix(" 0") else {
            throw Failure(description: "\(command): \(shell.output.value.errorText)")
        }
    }

    /// From now on every packet is lost, in both directions, and nobody is told.
    public func cut() async throws {
        try await run("ip link set far down")
    }

    private static func ip(_ arguments: String...) async throws {
        let process = try ProgramProcess("ip", arguments)
        guard try await process.waitForExit() == .code(0) else {
            throw Failure(description: "ip \(arguments.joined(separator: " ")): \(process.output.value.errorText)")
        }
    }
}
