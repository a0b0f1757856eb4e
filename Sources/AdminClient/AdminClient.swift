import AsyncHTTPClient
import FoundationEssentials
import NIOCore

/// Asks the admin listener of a running server.
public struct AdminClient: Sendable {
    /// Why there was no good answer.
    public enum Failure: Error, CustomStringConvertible {
        /// Nothing answers there.
        case unreachable(base: String, cause: String)
        /// The server does not do what it was asked to.
        case refused(status: Int, message: String)

        /// One sentence.
        public var description: String {
            switch self {
            case .unreachable(let base, let cause): "nothing answers at \(base) (\(cause))"
            case .refused(401, _): "the server wants another admin.token"
            case .refused(let status, let message): message.isEmpty ? "the server answers HTTP \(status)" : message
            }
        }
    }

    /// `{"error":{"message":"…"}}`
    private struct Refusal: Decodable {
        struct Reason: Decodable {
            let message: String
        }

        let error: Reason
    }

    /// Very many callbacks may be named by one request. That nobody is there is found out long before.
    private static let timeout = TimeAmount.minutes(10)
    private static let answerLimit = 64 << 20

    private let base: String
    private let token: String?

    /// - Parameters:
    ///   - base: the listener's URL, like `http://127.0.0.1:9090`.
    ///   - token: the configured `admin.token`; `nil` where there is none.
    public init(base: String, token: String?) {
        self.base = base.hasSuffix("/") ? String(base.dropLast()) : base
        self.token = token
    }

    /// Sends a JSON body, and returns the answer's.
    ///
    /// - Throws: ``Failure``.
    public func post(_ path: String, _ json: String) async throws -> String {
        var request = HTTPClientRequest(url: base + path)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "X-Fupload-Admin", value: "1")
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        request.body = .bytes(ByteBuffer(string: json))
        let (status, text): (Int, String)
        do {
            let response = try await HTTPClient.shared.execute(request, timeout: Self.timeout)
            let body = try await response.body.collect(upTo: Self.answerLimit)
            (status, text) = (Int(response.status.code), String(buffer: body))
        } catch {
            throw Failure.unreachable(base: base, cause: "\(error)")
        }
        guard status == 200 else {
            let refusal = try? JSONDecoder().decode(Refusal.self, from: Data(text.utf8))
            throw Failure.refused(status: status, message: refusal?.error.message ?? "")
        }
        return text
    }
}
