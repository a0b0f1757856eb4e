import Hummingbird
import UploadCore

/// Lets in who may ask: with a token, who has it; without one, who reaches the port by its own name.
struct AdminGuard<Context: RequestContext>: RouterMiddleware {
    /// What load balancers and supervisors ask, who have no token, and what everybody may know. It tells nothing of the
    /// installation but whether the service works.
    private static var openPaths: Set<String> { ["/health", "/ready", "/openapi.yaml"] }

    let token: String

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let path = request.uri.path
        // The console's page asks for the token, and so can't need it.
        if !Self.openPaths.contains(path), !ConsoleRoutes.paths.contains(path) {
            do {
                try check(request)
            } catch let error as HTTPError where request.method == .head {
                // RFC 9110, section 9.3.2; the framework sends what it is given.
                return try error.response(from: request, context: context).createHeadResponse()
            }
        }
        var response = try await next(request, context)
        response.headers[.cacheControl] = "no-store"
        return response
    }

    private func check(_ request: Request) throws {
        guard !token.isEmpty else {
            // A page of somebody else's, in a browser on this machine, can have its own name lead here (DNS rebinding).
            guard Self.isLoopback(request.head.authority ?? "") else {
                throw HTTPError(.forbidden, message: "ask for 127.0.0.1 or localhost, or configure admin.token")
            }
            return
        }
        guard let given = request.headers[.authorization], Self.equal(given, "Bearer " + token) else {
            throw HTTPError(
                .unauthorized, headers: [.wwwAuthenticate: "Bearer"], message: "the bearer token is missing or wrong")
        }
    }

    /// Whether the name that was asked for, port or not, is this machine's own.
    static func isLoopback(_ authority: String) -> Bool {
        let host =
            authority.hasPrefix("[")
            ? authority.prefix { $0 != "]" }.dropFirst() : authority.prefix { $0 != ":" }
        return host.lowercased() == "localhost" || IPAddress(host)?.isLoopback == true
    }

    /// Takes as long wherever they differ.
    static func equal(_ one: String, _ other: String) -> Bool {
        let (one, other) = (Array(one.utf8), Array(other.utf8))
        var difference = one.count ^ other.count
        for index in one.indices where !other.isEmpty {
            difference |= Int(one[index] ^ other[index % other.count])
        }
        return difference == 0
    }
}
