import Foundation
import Glibc
import Synchronization

/// A TCP connection with nothing in between: for requests that stop half-way.
public final class RawSocket: Sendable {
    /// A call of the socket API failed.
    public struct Failure: Error, CustomStringConvertible {
        let call: String
        let code: Int32
        /// One sentence.
        public var description: String { "\(call): \(String(cString: strerror(code)))" }
    }

    private let descriptor: Int32
    private let serverPort: Int
    private let queue = DispatchQueue(label: "RawSocket")

    /// Connects to 127.0.0.1. Reading and writing give up after half a minute.
    ///
    /// - Parameter receiveBuffer: bytes that the kernel keeps for us, about.
    public init(port: Int, receiveBuffer: Int32? = nil) throws {
        serverPort = port
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(call: "socket", code: errno) }
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        if var receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = Self.loopback(port: port)
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        // Closed by deinit, which runs for whoever throws once all is set.
        guard connected == 0 else { throw Failure(call: "connect", code: errno) }
    }

    deinit { close(descriptor) }

    static func loopback(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    /// The port on this side.
    public var localPort: Int {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            _ = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// Sends all of it.
    public func send(_ bytes: [UInt8]) async throws {
        try await blocking { [descriptor] in
            var sent = 0
            while sent < bytes.count {
                let count = bytes.withUnsafeBytes { buffer in
                    Glibc.send(
                        descriptor, buffer.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { throw Failure(call: "send", code: errno) }
                sent += count
            }
        }
    }

    /// Sends text.
    public func send(_ text: String) async throws {
        try await send(Array(text.utf8))
    }

    /// Sends `bytes` over and over until the other side takes no more.
    ///
    /// - Returns: how many bytes could be sent; `limit`, or a little more, when that was reached.
    public func sendUntilRefused(_ bytes: [UInt8], limit: Int) async throws -> Int {
        try await blocking { [descriptor] in
            var total = 0
            while total < limit {
                let count = bytes.withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                if count < 0 {
                    guard errno == EPIPE || errno == ECONNRESET else { throw Failure(call: "send", code: errno) }
                    return total
                }
                total += count
            }
            return total
        }
    }

    /// Says that nothing more will be sent; answers can still come.
    public func halfClose() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Ends the connection with RST, as a machine that went away.
    public func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
        // An address of no family dissolves the association: RST now, the descriptor stays ours until deinit.
        var none = sockaddr()
        none.sa_family = sa_family_t(AF_UNSPEC)
        connect(descriptor, &none, socklen_t(MemoryLayout<sockaddr>.size))
    }

    /// Reads until the bytes contain `end`, or the other side ends the connection.
    public func read(until end: String) async throws -> String {
        try await blocking { [descriptor] in
            var received: [UInt8] = []
            var byte: UInt8 = 0
            while !String(decoding: received.suffix(end.utf8.count), as: UTF8.self).hasSuffix(end) {
                let count = recv(descriptor, &byte, 1, 0)
                if count == 0 { break }
                guard count > 0 else { throw Failure(call: "recv", code: errno) }
                received.append(byte)
            }
            return String(decoding: received, as: UTF8.self)
        }
    }

    /// Reads until the other side has ended the connection in order; one that is reset is an error.
    public func readToEnd() async throws -> String {
        try await blocking { [descriptor] in
            var received: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                let count = recv(descriptor, &buffer, buffer.count, 0)
                if count == 0 { return String(decoding: received, as: UTF8.self) }
                guard count > 0 else { throw Failure(call: "recv", code: errno) }
                received += buffer[..<count]
            }
        }
    }

    /// The same at a pace: a piece, then a pause.
    public func readToEnd(pieces size: Int, pause: Duration) async throws -> [UInt8] {
        var received: [UInt8] = []
        while true {
            let piece: [UInt8] = try await blocking { [descriptor] in
                var buffer = [UInt8](repeating: 0, count: size)
                let count = recv(descriptor, &buffer, size, Int32(MSG_WAITALL))
                guard count >= 0 else { throw Failure(call: "recv", code: errno) }
                return Array(buffer.prefix(count))
            }
            if piece.isEmpty { return received }
            received += piece
            // The pace is what is tested.
            try await Task.sleep(for: pause)
        }
    }

    /// Reads one response with a Content-Length.
    public func readAnswer() async throws -> HTTPAnswer {
        let (status, headers) = HTTPAnswer.parse(head: try await read(until: "\r\n\r\n"))
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        let body: [UInt8] = try await blocking { [descriptor] in
            var body = [UInt8](repeating: 0, count: length)
            guard length == 0 || recv(descriptor, &body, length, Int32(MSG_WAITALL)) == length else {
                throw Failure(call: "recv", code: errno)
            }
            return body
        }
        return HTTPAnswer(status: status, headers: headers, body: body)
    }

    private func blocking<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Swift.Result { try body() }) }
        }
    }
}

/// What the server has not read, and what we have not.
extension RawSocket {
    /// Waits until the server has read all that was sent on these connections: what ends them then ends requests that it
    /// has begun with. (What a connection still holds when it is reset is never seen by anybody.)
    ///
    /// - Parameter sockets: connections to one server.
    public static func waitUntilRead(_ sockets: [RawSocket]) async throws {
        guard let port = sockets.first?.serverPort else { return }
        _ = try await eventually("the server to read what was sent", within: .seconds(30)) {
            try isRead(sockets, by: port) ? true : nil
        }
    }

    /// Bytes that came and were not read here.
    public func unreadBytes() throws -> Int {
        Int(try queued(UInt(FIONREAD)))
    }

    /// Bytes that have arrived at the server's side and were not read there; `nil` where there is no such connection.
    public func bytesUnreadByServer() throws -> Int? {
        try Self.unread(by: serverPort)[localPort]
    }

    private static func isRead(_ sockets: [RawSocket], by port: Int) throws -> Bool {
        // That all has arrived comes first: what is on its way is in neither queue.
        guard try sockets.allSatisfy({ try $0.queued(UInt(TIOCOUTQ)) == 0 }) else { return false }
        let waiting = try unread(by: port)
        return sockets.allSatisfy { waiting[$0.localPort] == 0 }
    }

    /// Bytes of one of the kernel's queues: those to be read (tcp(7), SIOCINQ), or those that the other side has not
    /// acknowledged (SIOCOUTQ).
    private func queued(_ request: UInt) throws -> Int32 {
        var count: Int32 = 0
        guard ioctl(descriptor, request, &count) == 0 else { throw Failure(call: "ioctl", code: errno) }
        return count
    }

    /// Bytes that wait to be read by the server, by the port on our side of each established connection (proc(5)).
    private static func unread(by port: Int) throws -> [Int: Int] {
        guard let file = fopen("/proc/net/tcp", "r") else { throw Failure(call: "fopen", code: errno) }
        defer { fclose(file) }
        var line: UnsafeMutablePointer<CChar>?
        var size = 0
        defer { free(line) }
        // As in " 0100007F:1F90 0100007F:D2A4 01 00000000:000003E8 ": its address, ours, the state, both queues.
        let host = String(format: "%08X", loopback(port: port).sin_addr.s_addr)
        let beginning = " \(host):\(String(format: "%04X", UInt32(port))) \(host):"
        var bytes: [Int: Int] = [:]
        while getline(&line, &size, file) > 0 {
            guard let line, let found = strstr(line, beginning) else { continue }
            let fields = String(cString: found).split(separator: " ")
            guard fields.count > 3, fields[2] == "01", let ours = Int(fields[1].suffix(4), radix: 16) else { continue }
            bytes[ours] = Int(fields[3].suffix(8), radix: 16)
        }
        return bytes
    }
}

extension HTTPAnswer {
    /// All that came on a connection; `nil` unless it is one answer with its length, and nothing else.
    public init?(wire text: String) {
        guard let end = text.range(of: "\r\n\r\n") else { return nil }
        let (status, headers) = Self.parse(head: String(text[..<end.lowerBound]))
        let body = Array(text[end.upperBound...].utf8)
        guard text.hasPrefix("HTTP/1.1 "), headers["content-length"] == "\(body.count)" else { return nil }
        self.init(status: status, headers: headers, body: body)
    }

    fileprivate static func parse(head: String) -> (status: Int, headers: [String: String]) {
        let lines = head.components(separatedBy: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(
                in: .whitespaces)
        }
        return (lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0, headers)
    }
}

/// Ports for what must come back on the same one.
public enum FreePort {
    private static let given = Mutex<Set<Int>>([])

    /// A port that nothing listens on, outside of the range that the kernel hands out by itself.
    public static func find() throws -> Int {
        for _ in 0..<200 {
            let port = Int.random(in: 15_000..<30_000)
            // Tests that run side by side must not get the same one.
            guard given.withLock({ $0.insert(port).inserted }) else { continue }
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            defer { close(descriptor) }
            var address = RawSocket.loopback(port: port)
            let bound = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            if bound == 0 { return port }
        }
        throw RawSocket.Failure(call: "bind", code: EADDRINUSE)
    }
}
