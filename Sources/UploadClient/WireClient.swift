import AsyncHTTPClient
import Foundation
import NIOCore

/// An answer as it arrived.
struct HTTPAnswer: Sendable {
    let status: Int
    let body: Data
    var retryAfter: Duration?
}

/// Makes HTTP exchanges, and sorts failures into those that may pass and those that will not.
public struct WireClient: Sendable {
    /// How long a connection may take no bytes of a block.
    private static let stallLimit = Duration.seconds(60)
    /// How long an answer may take after the request was handed to the system.
    private static let answerTimeout = TimeAmount.seconds(120)
    /// Below this rate, in bytes per second, a block is given up even though bytes trickle.
    private static let slowestRate: Int64 = 1 << 10
    private static let answerLimit = 64 << 20

    private let http: HTTPClient

    /// Runs `body` with a client that may keep `connections` requests going at a time; its connections are closed after.
    public static func run<Result: Sendable>(
        connections: Int, _ body: (WireClient) async throws -> Result
    ) async throws -> Result {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(5), read: answerTimeout))
        configuration.httpVersion = .http1Only
        // A refused connection must come back at once: waiting and giving up are decided in one place, not two.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections + 1
        configuration.connectionPool.idleTimeout = .seconds(10)
        return try await HTTPClient.withHTTPClient(configuration: configuration) { http in
            try await body(WireClient(http: http))
        }
    }

    /// Throws ``TransientFailure`` when no answer came.
    func get(_ url: String, from party: Party) async throws -> HTTPAnswer {
        try await perform(HTTPClientRequest(url: url), bodySize: 0, by: party)
    }

    /// Throws ``TransientFailure`` when no answer came.
    func post(_ url: String, json value: some Encodable, to party: Party) async throws -> HTTPAnswer {
        let body = try JSONEncoder().encode(value)
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(ByteBuffer(bytes: body))
        return try await perform(request, bodySize: Int64(body.count), by: party)
    }

    /// Throws ``TransientFailure`` when no answer came, ``UploadFailure`` when the file can't be read.
    func post(_ url: String, block: BlockBody) async throws -> HTTPAnswer {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: block.frame.contentType)
        request.body = .stream(block, length: .known(block.frame.contentLength))
        let prepared = request
        return try await block.meter.guardingAgainstStall(limit: Self.stallLimit) {
            try await perform(prepared, bodySize: block.frame.contentLength, by: .upload)
        }
    }

    private func perform(
        _ request: HTTPClientRequest, bodySize: Int64, by party: Party
    ) async throws -> HTTPAnswer {
        let deadline = Self.answerTimeout + .seconds(60 + bodySize / Self.slowestRate)
        do {
            let response = try await http.execute(request, timeout: deadline)
            let body = try await response.body.collect(upTo: Self.answerLimit)
            return HTTPAnswer(
                status: Int(response.status.code), body: Data(body.readableBytesView),
                retryAfter: response.headers.first(name: "Retry-After").flatMap(Int64.init).map(Duration.seconds))
        } catch {
            try Task.checkCancellation()
            if let failure = error as? UploadFailure { throw failure }
            throw TransientFailure(reason: "\(party.rawValue): \(TransportReason.describe(error))")
        }
    }
}

extension HTTPAnswer {
    /// The envelope of an answer that settles something.
    ///
    /// Throws ``TransientFailure`` for what the protocol and HTTP say to try again (retCode 3, 11, 20; 408, 429, 5xx),
    /// ``UploadFailure/unexpectedAnswer(from:detail:)`` for what is no envelope.
    func envelope(from party: Party) throws -> Envelope {
        let envelope = try? Envelope(body)
        if let envelope, ["3", "11", "20"].contains(envelope.retCode) {
            throw TransientFailure(
                reason: "the \(party.rawValue) answered \(envelope.retCode): \(envelope.status)",
                retryAfter: retryAfter)
        }
        try throwIfTransient(from: party)
        guard let envelope else {
            throw UploadFailure.unexpectedAnswer(from: party, detail: "HTTP \(status) without retCode")
        }
        return envelope
    }

    func throwIfTransient(from party: Party) throws(TransientFailure) {
        guard status >= 500 || status == 408 || status == 429 else { return }
        throw TransientFailure(reason: "the \(party.rawValue) answered HTTP \(status)", retryAfter: retryAfter)
    }
}
