import NIOHTTP1

/// What a head must keep beyond what the parser checks: mostly rules on which two servers in a row could disagree, and
/// then take a body for a request (RFC 9112, sections 3.2, 6 and 11.2).
enum RequestHeadRules {
    /// Why the request can't be served; `nil` when it can.
    static func refusal(of head: HTTPRequestHead) -> Refusal? {
        let hosts = head.headers["host"].count
        guard hosts == 1 || (hosts == 0 && head.version == .http1_0) else {
            return Refusal(.badRequest, "Host must be given exactly once")
        }
        if head.headers.contains(where: { hasControls($0.value) }) {
            return Refusal(.badRequest, "a header field holds control characters")
        }
        let codings = values("transfer-encoding", of: head)
        if !codings.isEmpty {
            guard head.version == .http1_1 else {
                return Refusal(.badRequest, "Transfer-Encoding is not allowed in HTTP/1.0")
            }
            guard codings.count == 1, codings[0] == "chunked" else {
                return Refusal(.notImplemented, "Transfer-Encoding must be chunked or absent")
            }
            guard !head.headers.contains(name: "content-length") else {
                return Refusal(.badRequest, "Content-Length must not come with Transfer-Encoding")
            }
        }
        guard values("content-length", of: head).allSatisfy({ Int64($0) != nil }) else {
            return Refusal(.badRequest, "Content-Length is too large a number")
        }
        guard values("expect", of: head).allSatisfy({ $0 == "100-continue" }) else {
            return Refusal(.expectationFailed, "Expect must be 100-continue or absent")
        }
        return nil
    }

    /// Whether another request may follow on the connection.
    ///
    /// After HTTP/1.0 none does, and none after a request for another protocol: the parser reads nothing behind it.
    static func persists(_ head: HTTPRequestHead) -> Bool {
        head.version == .http1_1 && head.isKeepAlive && head.method != .CONNECT
            && !head.headers.contains(name: "upgrade")
    }

    /// The values of a field in lower case, without white space around them.
    private static func values(_ name: String, of head: HTTPRequestHead) -> [String] {
        head.headers[name].map { value in
            let text = value.lowercased().utf8.drop { $0 == 0x20 || $0 == 0x09 }
            let end = text.lastIndex { $0 != 0x20 && $0 != 0x09 }.map { text.index(after: $0) } ?? text.startIndex
            return String(decoding: text[..<end], as: UTF8.self)
        }
    }

    private static func hasControls(_ value: String) -> Bool {
        value.utf8.contains { ($0 < 0x20 && $0 != UInt8(ascii: "\t")) || $0 == 0x7F }
    }
}
