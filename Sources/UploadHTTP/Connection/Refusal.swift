import Hummingbird
import NIOHTTP1
import UploadCore

/// A request that HTTP itself refuses, before or beside the service: malformed, too slow, too large a head.
struct Refusal: Error, Sendable {
    /// The HTTP status.
    let status: HTTPResponseStatus
    /// The envelope's code.
    let code: UploadError.Code
    /// One sentence for the caller.
    let sentence: String
    /// What the connection's own answer has for a web page; the router sees to its answers itself.
    var crossOrigin: HTTPFields = [:]

    init(_ status: HTTPResponseStatus, _ sentence: String, code: UploadError.Code = .invalidParameter) {
        (self.status, self.code, self.sentence) = (status, code, sentence)
    }

    /// The head did not come in time.
    static let slowHead = Refusal(.requestTimeout, "the request head took too long")

    /// The head is larger than it may be, or a trailer, or what frames a body.
    static let largeHead = Refusal(
        .requestHeaderFieldsTooLarge,
        "the request head, or the framing of the body, is larger than \(ConnectionLimits.headSize) bytes or has more "
            + "than \(ConnectionLimits.headFields) fields")

    /// The body did not keep the minimum rate. The block may be sent again, as after any other outage: 11.
    static let slowBody = Refusal(
        .serviceUnavailable, "the body came too slowly and was given up, send it again", code: .busy)

    /// There are as many connections as there may be.
    static let overload = Refusal(.serviceUnavailable, "too many connections, try again in a moment", code: .busy)

    /// What the parser makes of bytes that are no HTTP/1.1.
    ///
    /// - Parameter looksLikeMethod: whether the head begins as a method does.
    init(_ error: HTTPParserError, looksLikeMethod: Bool) {
        switch error {
        case .invalidMethod where looksLikeMethod:
            self.init(.notImplemented, "the request method is not known here")
        case .invalidVersion, .paused:
            self.init(.httpVersionNotSupported, "the HTTP version is missing or not supported, use HTTP/1.1")
        case .headerOverflow:
            self = .largeHead
        case .invalidContentLength, .unexpectedContentLength:
            self.init(.badRequest, "Content-Length must be one whole number, and not come with Transfer-Encoding")
        case .invalidChunkSize, .strictModeAssertion:
            self.init(.badRequest, "the chunked body is malformed")
        case .invalidEOFState, .closedConnection:
            self.init(.badRequest, "the request ended too soon")
        default:
            self.init(.badRequest, "the request is not valid HTTP/1.1")
        }
    }

    /// The envelope.
    var text: String { Answers.envelope(code.rawValue, sentence) }

    /// The answer of a handler whose request it hit.
    var response: Response {
        Answers.json(
            text, status: .init(code: Int(status.code), reasonPhrase: status.reasonPhrase),
            headers: code == .busy ? [.retryAfter: "1"] : [:])
    }

    /// The head of the answer that the connection gives itself, and then ends.
    var head: HTTPResponseHead {
        var headers = HTTPHeaders([
            ("Content-Type", "application/json; charset=utf-8"), ("Content-Length", "\(text.utf8.count)"),
            ("Connection", "close"),
        ])
        if code == .busy { headers.add(name: "Retry-After", value: "1") }
        for field in crossOrigin { headers.add(name: field.name.rawName, value: field.value) }
        return HTTPResponseHead(version: .http1_1, status: status, headers: headers)
    }
}

/// Why a body that was being received did not come to its end.
enum BodyFault: Error {
    /// The connection ended before the body did.
    case endedEarly
    /// The connection was at fault in another way.
    case refused(Refusal)
}
