import AsyncHTTPClient
import Foundation
import NIOCore
import NIOSSL

/// What came back over HTTP.
public struct HTTPAnswer: Sendable {
    /// The HTTP status.
    public let status: Int
    /// The first value of each header, names in lower case.
    public let headers: [String: String]
    /// The body, byte for byte.
    public let body: [UInt8]

    /// The body as JSON; null when it is none.
    public var json: JSONTree { (try? JSONTree(body)) ?? .null }
    /// The envelope's `retCode`.
    public var retCode: String? { json["retCode"].text }
    /// The envelope's `status`.
    public var sentence: String { json["status"].text ?? "" }
    /// The envelope's `data`.
    public var data: JSONTree { json["data"] }
    /// The body as text.
    public var text: String { String(decoding: body, as: UTF8.self) }
}

/// The HTTP client of the tests: no redirects, no silent repetition.
public enum HTTP {
    private static let shared = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration(64))
    /// The client of a test that wants one of its own.
    @TaskLocal private static var own: HTTPClient?

    private static func configuration(_ connections: Int) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        // Also how long a request waits for one of the connections.
        configuration.timeout.connect = .seconds(60)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        return configuration
    }

    /// Runs `body`, whose requests have connections of their own; all of them are closed when this returns.
    ///
    /// - Parameter limit: how many there are at once.
    public static func withOwnConnections<Result>(
        upTo limit: Int, _ body: () async throws -> Result
    ) async throws -> Result {
        try await HTTPClient.withHTTPClient(configuration: configuration(limit)) { client in
            try await $own.withValue(client) { try await body() }
        }
    }

    /// Runs `body`; what it sends to https servers whose certificates lead to this one gets there.
    public static func trusting(_ ca: TestCA, _ body: () async throws -> Void) async throws {
        var configuration = configuration(64)
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .file(ca.certificate)
        configuration.tlsConfiguration = tls
        try await HTTPClient.withHTTPClient(configuration: configuration) { client in
            try await $own.withValue(client) { try await body() }
        }
    }

    /// GET.
    public static func get(_ url: String) async throws -> HTTPAnswer {
        try await send("GET", url)
    }

    /// POST of JSON text.
    public static func postJSON(_ url: String, _ body: String) async throws -> HTTPAnswer {
        try await send("POST", url, headers: ["Content-Type": "application/json"], body: Array(body.utf8))
    }

    /// POST of a form, its parts in this order.
    ///
    /// - Parameter chunked: without Content-Length.
    public static func postForm(_ url: String, _ form: Form, chunked: Bool = false) async throws -> HTTPAnswer {
        try await send(
            "POST", url, headers: ["Content-Type": form.contentType], body: form.bytes, chunked: chunked)
    }

    /// POST of a form that stops half-way, and goes on when `meanwhile` is done.
    public static func postForm(
        _ url: String, _ form: Form, meanwhile: () async throws -> Void
    ) async throws -> HTTPAnswer {
        let bytes = form.bytes
        let (body, continuation) = AsyncStream<ByteBuffer>.makeStream()
        continuation.yield(ByteBuffer(bytes: bytes[..<(bytes.count / 2)]))
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: form.contentType)
        request.body = .stream(body, length: .known(Int64(bytes.count)))
        async let answer = answer(to: request)
        try await meanwhile()
        continuation.yield(ByteBuffer(bytes: bytes[(bytes.count / 2)...]))
        continuation.finish()
        return try await answer
    }

    /// Any request.
    public static func send(
        _ method: String, _ url: String, headers: [String: String] = [:], body: [UInt8]? = nil, chunked: Bool = false
    ) async throws -> HTTPAnswer {
        var request = HTTPClientRequest(url: url)
        request.method = .init(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body {
            request.body = chunked ? .bytes(body, length: .unknown) : .bytes(body, length: .known(Int64(body.count)))
        }
        return try await answer(to: request)
    }

    private static func answer(to request: HTTPClientRequest) async throws -> HTTPAnswer {
        let response = try await (own ?? shared).execute(request, timeout: .seconds(60))
        let bytes = try await response.body.collect(upTo: 64 << 20)
        return HTTPAnswer(
            status: Int(response.status.code),
            headers: Dictionary(response.headers.map { ($0.name.lowercased(), $0.value) }) { first, _ in first },
            body: Array(bytes.readableBytesView))
    }
}

/// A multipart/form-data body.
public struct Form: Sendable {
    /// One part.
    public struct Part: Sendable {
        /// Its name.
        public var name: String
        /// Its content.
        public var bytes: [UInt8]
        /// Its file name, if it is to have one.
        public var fileName: String?

        /// A part of bytes.
        public init(_ name: String, _ bytes: [UInt8], fileName: String? = nil) {
            (self.name, self.bytes, self.fileName) = (name, bytes, fileName)
        }

        /// A part of text.
        public init(_ name: String, _ text: String) {
            self.init(name, Array(text.utf8))
        }
    }

    /// The parts in the order in which they are sent.
    public var parts: [Part]
    private let boundary = "----test-boundary-7f3a9c"

    /// A form of these parts.
    public init(_ parts: [Part]) {
        self.parts = parts
    }

    /// A block as the contract describes it.
    ///
    /// - Parameter md5: what is declared; that of `bytes` unless given.
    public init(block range: ClosedRange<Int>, _ bytes: [UInt8], md5: String? = nil) {
        self.init([
            Part("startByte", String(range.lowerBound)), Part("endByte", String(range.upperBound)),
            Part("partMd5", md5 ?? TestFile.md5(bytes)), Part("file", bytes, fileName: "blob"),
        ])
    }

    /// The header.
    public var contentType: String { "multipart/form-data; boundary=\(boundary)" }

    /// The body.
    public var bytes: [UInt8] {
        var body: [UInt8] = []
        for part in parts {
            let fileName = part.fileName.map { "; filename=\"\($0)\"" } ?? ""
            body += "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(part.name)\"\(fileName)\r\n".utf8
            if part.fileName != nil { body += "Content-Type: application/octet-stream\r\n".utf8 }
            body += "\r\n".utf8
            body += part.bytes
            body += "\r\n".utf8
        }
        return body + "--\(boundary)--\r\n".utf8
    }
}
