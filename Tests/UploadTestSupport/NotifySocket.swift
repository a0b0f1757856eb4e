import Foundation
import Glibc

/// The end that a service manager listens at: what a server tells it, datagram by datagram (sd_notify(3)).
public final class NotifySocket: Sendable {
    /// A call of the socket API failed.
    public struct Failure: Error, CustomStringConvertible {
        let call: String
        let code: Int32
        /// One sentence.
        public var description: String { "\(call): \(String(cString: strerror(code)))" }
    }

    /// What came so far; each is one or several lines `NAME=value`.
    public let messages = Watched<[String]>([])
    /// What the server is to find in its environment.
    public let environment: [String: String]
    private let descriptor: Int32

    /// - Parameters:
    ///   - name: a path, or `@` and an abstract name.
    ///   - watchdog: after which time without a beat a manager would end the server.
    public init(_ name: String, watchdog: Duration? = nil) throws {
        var environment = ["NOTIFY_SOCKET": name]
        if let watchdog { environment["WATCHDOG_USEC"] = "\(Int64(watchdog / .microseconds(1)))" }
        self.environment = environment
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(call: "socket", code: errno) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = name.hasPrefix("@") ? [0] + Array(name.utf8.dropFirst()) : Array(name.utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2) + socklen_t(bytes.count)
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
        }
        guard bound == 0 else {
            let failure = Failure(call: "bind", code: errno)
            close(descriptor)
            throw failure
        }
        Thread.detachNewThread { [descriptor, messages] in
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = recv(descriptor, &buffer, buffer.count, 0)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                let text = String(decoding: buffer[..<count], as: UTF8.self)
                messages.update { $0.append(text) }
            }
            close(descriptor)
        }
    }

    deinit {
        // Wakes the thread, which closes it.
        shutdown(descriptor, Int32(SHUT_RD))
    }

    /// Waits for the first message that begins with this line.
    public func wait(for line: String, within limit: Duration = .seconds(30)) async throws -> String {
        try await messages.wait("\(line) from the server", within: limit) { messages in
            messages.first { $0.split(separator: "\n").first.map(String.init) == line }
        }
    }

    /// Waits until so many more of these have come, from what is done here on.
    public func wait(for count: Int, more line: String, since action: () -> Void = {}) async throws {
        let before = messages.value.count { $0 == line }
        action()
        _ = try await messages.wait("\(count) more of \(line)") { messages in
            messages.count { $0 == line } >= before + count ? true : nil
        }
    }
}
