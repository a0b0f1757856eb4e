import Foundation
import Glibc
import Synchronization

/// Many connections that send a byte now and then, on one thread of their own.
public final class SocketCrowd: Sendable {
    /// What has become of them.
    public struct Outcome: Sendable {
        /// Connections that have been opened.
        public var opened = 0
        /// Bytes sent after the beginnings.
        public var trickled = 0
        /// What was received on each connection that has ended.
        public var answers: [String] = []
        /// Why it could not go on.
        public var failure: RawSocket.Failure?

        /// Connections that are open.
        public var open: Int { opened - answers.count }
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

    /// Opens a connection for each beginning, sends it, and goes on with a byte a second each until ``end()``: also while
    /// the others are still being opened, however long that takes. What comes is read once all are open.
    public init(port: Int, beginnings: [[UInt8]]) {
        Self.raiseDescriptorLimit()
        Thread.detachNewThread { [self] in
            do {
                try run(port, beginnings)
            } catch let failure as RawSocket.Failure {
                outcome.update { $0.failure = failure }
            } catch {
                preconditionFailure("nothing else is thrown")
            }
        }
    }

    /// Closes what is still open.
    public func end() {
        isOver.withLock { $0 = true }
    }

    /// Waits for all to be open, or to have been.
    public func allOpened(_ count: Int) async throws {
        let failure = try await outcome.wait("\(count) connections") { outcome in
            outcome.opened == count || outcome.failure != nil ? Optional(outcome.failure) : nil
        }
        if let failure { throw failure }
    }

    private func run(_ port: Int, _ beginnings: [[UInt8]]) throws {
        var received: [Int32: [UInt8]] = [:]
        defer { for descriptor in received.keys { close(descriptor) } }
        var next = Date()
        for beginning in beginnings where !isOver.withLock({ $0 }) {
            received[try Self.connect(port, beginning)] = []
            outcome.update { $0.opened += 1 }
            trickle(to: received.keys, &next)
        }
        while !received.isEmpty, !isOver.withLock({ $0 }) {
            trickle(to: received.keys, &next)
            var polls = received.keys.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&polls, nfds_t(polls.count), 100) > 0 else { continue }
            for poll in polls where poll.revents != 0 { receive(poll.fd, &received) }
        }
    }

    private func trickle(to descriptors: some Sequence<Int32>, _ next: inout Date) {
        guard next <= Date() else { return }
        next = Date(timeIntervalSinceNow: 1)
        var sent = 0
        for descriptor in descriptors {
            var byte = UInt8(ascii: "x")
            if send(descriptor, &byte, 1, Int32(MSG_NOSIGNAL | MSG_DONTWAIT)) == 1 { sent += 1 }
        }
        outcome.update { [sent] in $0.trickled += sent }
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

    private func receive(_ descriptor: Int32, _ received: inout [Int32: [UInt8]]) {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count > 0 {
            received[descriptor, default: []] += buffer[..<count]
        } else {
            let answer = String(decoding: received.removeValue(forKey: descriptor) ?? [], as: UTF8.self)
            close(descriptor)
            outcome.update { $0.answers.append(answer) }
        }
    }
}
