import Logging
import ServiceLifecycle
import UnixSignals

/// Something that is read again on SIGHUP.
struct Reloadable: Sendable {
    /// What it is, for the log.
    let name: String
    /// Reads it, and gives a few words on what is in effect now. When it throws, what was in effect stays.
    let reload: @Sendable () async throws -> String
}

/// Reads again what may change while the server runs, at every SIGHUP.
struct ReloadingService: Service {
    /// Trapped since before anything else happened: the signal's default is to end the process.
    let signals: UnixSignalsSequence
    let reloadables: [Reloadable]
    let manager: ServiceManager
    let logger: Logger

    func run() async throws {
        for await _ in signals.cancelOnGracefulShutdown() {
            await manager.reloading { await reload() }
        }
    }

    private func reload() async {
        for reloadable in reloadables {
            do {
                let result = try await reloadable.reload()
                logger.notice("reloaded \(reloadable.name): \(result)")
            } catch {
                logger.error(
                    "\(reloadable.name) not reloaded, what was in effect stays", metadata: ["error": "\(error)"])
            }
        }
    }
}
