import Hummingbird
import Metrics
import Synchronization
import UploadCore

/// What became of a request, told by whoever answers it.
final class RequestOutcome: Sendable {
    private let code = Mutex("")

    /// The envelope's `retCode`; empty where no answer was made.
    var retCode: String {
        get { code.withLock { $0 } }
        set { code.withLock { $0 = newValue } }
    }
}

/// Counts requests by route and retCode, and measures how long they take.
struct RequestMeter: RouterMiddleware {
    private struct Key: Hashable {
        let route: String
        let retCode: String
    }

    /// Looking a counter up costs more than counting.
    private final class Counters: Sendable {
        private let known: Mutex<[Key: Counter]>

        init(_ keys: [Key]) {
            known = Mutex(Dictionary(uniqueKeysWithValues: keys.map { ($0, Self.make($0)) }))
        }

        func increment(_ key: Key) {
            let counter = known.withLock { known in
                if let counter = known[key] { return counter }
                let counter = Self.make(key)
                known[key] = counter
                return counter
            }
            counter.increment()
        }

        private static func make(_ key: Key) -> Counter {
            Counter(label: "fupload_requests_total", dimensions: [("route", key.route), ("ret_code", key.retCode)])
        }
    }

    private let counters = Counters(
        // From the start: a first error that makes its own series is no increase to Prometheus.
        Route.allCases.map { Key(route: $0.path, retCode: UploadError.Code.internalError.rawValue) })
    private let timers = Dictionary(
        uniqueKeysWithValues: (Route.allCases.map(\.path) + [Self.noRoute]).map { route in
            (route, Timer(label: "fupload_request_seconds", dimensions: [("route", route)]))
        })
    /// Paths of strangers are no labels.
    private static let noRoute = "none"

    func handle(
        _ request: Request, context: UploadRequestContext,
        next: (Request, UploadRequestContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let response = try await next(request, context)
        let route = Route(path: request.uri.path)?.path ?? Self.noRoute
        counters.increment(Key(route: route, retCode: context.outcome.retCode))
        timers[route]?.record(duration: .now - start)
        return response
    }
}
