import Hummingbird
import UploadCore

/// Who asks, and what the front is called where they are.
struct Client: Sendable, CustomStringConvertible {
    /// `nil` where the connection has none.
    var address: IPAddress?
    /// Scheme and host that the client used (`https://files.example.com`), where a trusted proxy says so.
    var base: String?

    /// For the log.
    var description: String { address.map { "\($0)" } ?? "-" }
}

/// Finds out who asks, before anybody wants to know.
struct ClientMiddleware: RouterMiddleware {
    let trustedProxies: [IPNetwork]
    /// Whether the front itself serves TLS.
    let isEncrypted: Bool

    func handle(
        _ request: Request, context: UploadRequestContext,
        next: (Request, UploadRequestContext) async throws -> Response
    ) async throws -> Response {
        guard let peer = context.client.address, trusts(peer) else { return try await next(request, context) }
        let forwarded = Forwarded(request.headers)
        var context = context
        context.client = Client(
            address: forwarded.client(of: peer, trusts: trusts),
            base: forwarded.base(scheme: isEncrypted ? "https" : "http"))
        return try await next(request, context)
    }

    private func trusts(_ address: IPAddress) -> Bool {
        trustedProxies.contains { $0.contains(address) }
    }
}
