import Foundation
import Logging
import ServiceLifecycle
import UnixSignals
import UploadCore

/// Work that goes on in the background until the server stops.
struct BackgroundService: Service {
    let work: @Sendable () async -> Void

    func run() async throws {
        await cancelWhenGracefulShutdown(work)
    }
}

/// Cuts uploads in progress as the very first step of a shutdown, so that the HTTP front, which waits for its
/// requests, need not wait for clients.
struct ReceivingCutter: Service {
    let service: UploadService

    func run() async throws {
        try? await gracefulShutdown()
        service.stopReceiving()
    }
}

/// Ends the process at once at the second signal: who asks twice has a reason.
struct SecondSignalService: Service {
    let logger: Logger

    func run() async throws {
        var count = 0
        for await signal in await UnixSignalsSequence(trapping: .sigterm, .sigint).cancelOnGracefulShutdown() {
            count += 1
            if count == 1 {
                logger.notice("stopping", metadata: ["signal": "\(signal)"])
            } else {
                logger.warning("stopping at once: second signal")
                LogWriter.standardError.drain()
                // Nothing is lost: what was acknowledged is on disk, and recovery does the rest.
                exit(1)
            }
        }
    }
}
