import Dispatch
import Foundation

/// SIGINT or SIGTERM arrived.
struct Interrupted: Error {}

enum Interruption {
    /// Runs `body` until it ends or a signal asks to stop: then it is cancelled, and ``Interrupted`` thrown once it ended.
    ///
    /// A second signal ends the process at once, for when ending in order takes too long.
    static func guarding(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let signals = [SIGINT, SIGTERM]
        let (arrivals, continuation) = AsyncStream.makeStream(of: Void.self)
        let sources = signals.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                signals.forEach { signal($0, SIG_DFL) }
                continuation.yield()
            }
            source.resume()
            return source
        }
        defer { sources.forEach { $0.cancel() } }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(operation: body)
            group.addTask {
                for await _ in arrivals { throw Interrupted() }
            }
            try await group.next()
            group.cancelAll()
        }
    }
}
