import Foundation
import Glibc
import Synchronization

/// Many connections that send a byte now and then, on one thread.
public final class SocketCrowd: Sendable {
    /// What has become of them.
    public struct Outcome: Sendable {
        /// Connections that are open.
        public var open = 0
        /// Bytes sent after the beginnings.
        public var trickled = 0
        /// What was received on each connection that has ended.
        public var answers: [String] = []
    }

    private struct Member {
        let descriptor: Int32
        var received: [UInt8] = []
    }

    /// To wait on.
    public let outcome = Watched(Outcome())
    private let isOver = Mutex(false)

    /// Lets this process have as many descriptors as it may.
    public static func raiseDescriptorLimit() {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// Opens a connection for each beginning, sends it, and goes on with a byte a second each until ``end()``.
    public init(port: Int, beginnings: [[UInt8]]) throws {
        Self.raiseDescriptorLimit()
        var members: [Member] = []
        for beginning in beginnings { members.append(Member(descriptor: try Self.connect(port, beginning))) }
        let count = members.count
        outcome.update { $0.open = count }
        Thread.detachNewThread { [self, members] in run(members) }
    }

    /// Closes what is still open.
    public func end() {
        isOver.withLock { $0 = true }
    }

    private static func connect(_ port: Int, _ beginning: [UInt8]) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw RawSocket.Failure(call: "socket", code: errno) }
        var address = RawSocket.loopback(port: port)
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw RawSocket.Failure(call: "connect", code: errno) }
        _ = beginning.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        return descriptor
    }

    private func run(_ members: [Member]) {
        var members = members
        var next = Date()
        while !members.isEmpty, !isOver.withLock({ $0 }) {
            if next <= Date() {
                next.addTimeInterval(1)
                var byte = UInt8(ascii: "x")
                for member in members { send(member.descriptor, &byte, 1, Int32(MSG_NOSIGNAL | MSG_DONTWAIT)) }
                let count = members.count
                outcome.update { $0.trickled += count }
            }
            var polls = members.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
            guard poll(&polls, nfds_t(polls.count), 100) > 0 else { continue }
            for index in polls.indices.reversed() where polls[index].revents != 0 {
                if !receive(&members[index]) { leave(members.remove(at: index)) }
            }
        }
        for member in members { leave(member) }
    }

    /// `false` at the end.
    private func receive(_ member: inout Member) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(member.descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        guard count > 0 else { return false }
        member.received += buffer[..<count]
        return true
    }

    private func leave(_ member: Member) {
        close(member.descriptor)
        let answer = String(decoding: member.received, as: UTF8.self)
        outcome.update { outcome in
            outcome.open -= 1
            outcome.answers.append(answer)
        }
    }
}
