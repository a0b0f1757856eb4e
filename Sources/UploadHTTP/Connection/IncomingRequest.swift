import NIOHTTP1

/// A request whose body is still coming.
struct IncomingRequest {
    /// Bytes of the body that are to come; `nil` when only its end will tell.
    private(set) var rest: Int?
    /// Whether the client holds the body back until it is told to send it (RFC 9110, section 10.1.1).
    private(set) var waitsForContinue: Bool
    /// Whether the body will not come to its end, and the handler has been told.
    var hasFailed = false

    init(_ head: HTTPRequestHead) {
        let length = head.headers.first(name: "content-length")
        rest = head.headers.contains(name: "transfer-encoding") ? nil : length.map { Int($0) } ?? 0
        waitsForContinue = head.version == .http1_1 && head.headers.contains(name: "expect")
    }

    /// Bytes of the body came.
    mutating func take(_ count: Int) {
        rest = rest.map { $0 - count }
        waitsForContinue = false
    }

    /// The client was told to go on, or has the final answer.
    mutating func answered() {
        waitsForContinue = false
    }

    /// Whether the rest is worth reading for the sake of the connection.
    var isWorthReading: Bool {
        guard let rest, !hasFailed, !waitsForContinue else { return false }
        return rest <= ConnectionLimits.drainedRest
    }
}
