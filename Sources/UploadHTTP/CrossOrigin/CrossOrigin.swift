import Hummingbird
import HummingbirdCore
import NIOHTTP1

/// Which answers a web page of another origin may read (the Fetch standard, "CORS protocol").
///
/// It protects the visitors of pages, not the server, which knows a client by the task's key alone. Cookies play no part,
/// so `Access-Control-Allow-Credentials` is never sent.
struct CrossOrigin: Sendable {
    let allowed: AllowedOrigins

    /// What to add to an answer.
    ///
    /// - Parameters:
    ///   - path: the path that was asked for, without a query.
    ///   - origin: the request's `Origin`, if it has one.
    func fields(path: String, origin: String?) -> HTTPFields {
        guard allowed != .nobody, Route(path: path)?.isForPages == true else { return [:] }
        // Also where no origin was sent: a cache must not hand that answer to a page.
        var fields: HTTPFields = [.vary: "Origin"]
        if let answer = allowed.answer(to: origin) {
            fields[.accessControlAllowOrigin] = answer
            // Beyond what every page may read.
            fields[.accessControlExposeHeaders] = "Retry-After"
        }
        return fields
    }

    /// The answer to a browser that asks beforehand; `nil` where there is no such question, or the answer is no.
    func preflight(_ request: Request) -> Response? {
        guard request.method == .options, request.headers[.accessControlRequestMethod] != nil,
            let route = Route(path: request.uri.path), route.isForPages,
            let origin = allowed.answer(to: request.headers[.origin])
        else { return nil }
        return Response(
            status: .noContent,
            headers: [
                .vary: "Origin", .accessControlAllowOrigin: origin,
                .accessControlAllowMethods: route.method.rawValue, .accessControlAllowHeaders: "Content-Type",
                // Two hours, the longest that Chromium keeps it.
                .accessControlMaxAge: "7200",
            ])
    }
}

/// Adds to the answers of the router, errors included, what browsers want to see.
struct CrossOriginMiddleware: RouterMiddleware {
    let crossOrigin: CrossOrigin

    func handle(
        _ request: Request, context: UploadRequestContext,
        next: (Request, UploadRequestContext) async throws -> Response
    ) async throws -> Response {
        if let answer = crossOrigin.preflight(request) { return answer }
        var response = try await next(request, context)
        response.headers.append(
            contentsOf: crossOrigin.fields(path: request.uri.path, origin: request.headers[.origin]))
        return response
    }
}

extension Refusal {
    /// The refusal of a request that never reached the router, for a page to read like any other.
    func readable(from head: HTTPRequestHead, _ crossOrigin: CrossOrigin) -> Refusal {
        var refusal = self
        let origins = head.headers["origin"]
        refusal.crossOrigin = crossOrigin.fields(
            path: URI(head.uri).path, origin: origins.count == 1 ? origins[0] : nil)
        return refusal
    }
}
