import Hummingbird
import Logging
import ServiceLifecycle
import Synchronization
import UploadCore

/// The console's live view as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).
final class EventRoutes: Sendable {
    /// Streams at once: each is a connection that stays.
    private static let limit = 16
    private static let interval = Duration.seconds(1)
    /// So many silent rounds until a beat says that the connection lives.
    private static let silentRounds = 15

    private let board: LiveBoard
    private let clock: any ServiceClock
    private let logger: Logger
    private let count = Mutex(0)

    init(desk: AdminDesk, logger: Logger) {
        board = LiveBoard(desk)
        clock = desk.clock
        self.logger = logger
    }

    func add(to router: some RouterMethods<BasicRequestContext>) {
        router.get("events") { [self] _, _ in try answer() }
    }

    private func answer() throws -> Response {
        let place = try Place(in: self)
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: ResponseBody { [self] writer in
                defer { withExtendedLifetime(place) {} }
                try await stream(to: &writer)
                try await writer.finish(nil)
            })
    }

    private func stream(to writer: inout any ResponseBodyWriter) async throws {
        var (lastTasks, silent) = ("", 0)
        // A stream has no end of its own, and must not keep the server from stopping.
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            var text = ""
            do {
                let (overview, tasks) = (try await board.overview(), try await board.tasks())
                text = "event: overview\ndata: \(overview)\n\n"
                if tasks != lastTasks { text += "event: tasks\ndata: \(tasks)\n\n" }
                (lastTasks, silent) = (tasks, 0)
            } catch {
                // The database may be locked for a while; the stream goes on when it is not.
                if silent == 0 { logger.warning("the console can't be shown", metadata: ["error": "\(error)"]) }
                silent += 1
                if silent.isMultiple(of: Self.silentRounds) { text = ": beat\n\n" }
            }
            if !text.isEmpty { try await writer.write(ByteBuffer(string: text)) }
            do {
                try await cancelWhenGracefulShutdown { [clock] in try await clock.sleep(for: Self.interval) }
            } catch {
                return
            }
        }
    }

    /// A place among the streams, until it is let go of.
    private final class Place: Sendable {
        private let routes: EventRoutes

        init(in routes: EventRoutes) throws {
            let isFree = routes.count.withLock { count in
                guard count < EventRoutes.limit else { return false }
                count += 1
                return true
            }
            guard isFree else {
                throw HTTPError(.serviceUnavailable, message: "\(EventRoutes.limit) consoles are open: close one")
            }
            self.routes = routes
        }

        deinit {
            routes.count.withLock { $0 -= 1 }
        }
    }
}
