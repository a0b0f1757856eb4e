import ServiceLifecycle
import UploadCore

/// Tells the service manager's watchdog that the server works: only after each of the loops that requests are worked on
/// has answered, and from a task, so that Swift's own threads have answered too.
///
/// No disk is asked. One that is full or does not answer is told of by `/ready`, by the log and by the status; a server
/// that is killed for it and started again has the same disk, and cut its uploads.
struct Heartbeat: Sendable {
    let manager: ServiceManager
    let clock: any ServiceClock
    /// Comes back when all of them have answered; never, where one hangs.
    let loops: @Sendable () async -> Void

    /// Beats until it is cancelled; ends at once where nobody listens.
    func run() async {
        guard let interval = manager.beatInterval else { return }
        while !Task.isCancelled {
            await loops()
            manager.beats()
            do { try await clock.sleep(for: interval) } catch { return }
        }
    }
}

/// Keeps the service manager's line about the service true: whether it is ready, and why not.
struct StatusLine: Sendable {
    let manager: ServiceManager
    let clock: any ServiceClock
    /// Why the service is not ready; empty when it is.
    let reasons: @Sendable () async -> [String]

    /// Looks until it is cancelled; ends at once where nobody listens.
    func run() async {
        guard manager.isPresent else { return }
        while !Task.isCancelled {
            do { try await clock.sleep(for: manager.beatInterval ?? .seconds(30)) } catch { return }
            let reasons = await reasons()
            manager.tell(status: reasons.isEmpty ? "ready" : "not ready: " + reasons.joined(separator: "; "))
        }
    }
}

/// Says that the server stops, at the first step of that.
struct StopNotice: Service {
    let manager: ServiceManager

    func run() async throws {
        // It throws when the server stops in another way: that is said all the same.
        try? await gracefulShutdown()
        manager.stops()
    }
}
