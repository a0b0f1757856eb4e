import HTTPTypes
import Hummingbird

/// Answers what no route is for: 405 where the path has another method (RFC 9110, section 15.5.6), else 404. To be added after
/// all routes, so that it sees nothing else.
struct Unrouted<Context: RequestContext>: RouterMiddleware {
    private struct Known: Sendable {
        let path: [RouterPath.Element]
        let method: HTTPRequest.Method

        /// How many parts of the path are words; `nil` where it is another path.
        func words(in parts: [Substring]) -> Int? {
            guard path.count == parts.count, zip(path, parts).allSatisfy({ $0 ~= $1 }) else { return nil }
            return zip(path, parts).count { $0 == $1 }
        }
    }

    private let known: [Known]

    init(_ router: Router<Context>) {
        known = router.routes.map { Known(path: Array($0.path), method: $0.method) }
    }

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let parts = request.uri.path.split(separator: "/")
        let found = known.compactMap { route in route.words(in: parts).map { (route.method.rawValue, $0) } }
        // Words go before parameters, as in the router.
        let most = found.map(\.1).max()
        let methods = Set(found.filter { $0.1 == most }.map(\.0)).sorted().joined(separator: ", ")
        let error =
            methods.isEmpty
            ? HTTPError(.notFound, message: "there is no such route")
            : HTTPError(
                .methodNotAllowed, headers: [.allow: methods],
                message: "method \(request.method) is not allowed here, use \(methods)")
        guard request.method == .head else { throw error }
        // RFC 9110, section 9.3.2; the framework sends what it is given.
        return try error.response(from: request, context: context).createHeadResponse()
    }
}
