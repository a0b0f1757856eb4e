import Foundation
import Logging
import ServiceLifecycle
import UnixSignals
import UploadCore

/// Work that goes on in the background until the server stops. Should it end before, that stops the server.
struct BackgroundService: Service {
    let work: @Sendable () async -> Void

    func run() async throws {
        await cancelWhenGracefulShutdown(work)
    }
}

/// Work in the background that comes to an end, while the server goes on.
struct PassingService: Service {
    let work: @Sendable () async -> Void

    func run() async throws {
        await cancelWhenGracefulShutdown(work)
        // It throws only when the server is stopping in another way already.
        try? await gracefulShutdown()
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

/// Ends the process at once at the second signal: who asks twice has a reason. And some time after the first one, for a
/// call to a disk that does not answer can't be given up, and nothing ends that waits for it.
struct SecondSignalService: Service {
    let logger: Logger
    /// Longer than a stop in order may take.
    let patience: Duration

    func run() async throws {
        var count = 0
        for await signal in await UnixSignalsSequence(trapping: .sigterm, .sigint).cancelOnGracefulShutdown() {
            count += 1
            if count == 1 {
                logger.notice("stopping", metadata: ["signal": "\(signal)"])
                // A thread, since nothing of what might be stuck may be in its way.
                Thread.detachNewThread { [logger, patience] in
                    Thread.sleep(forTimeInterval: patience / .seconds(1))
                    Self.stopAtOnce(logger, "something does not come to its end")
                }
            } else {
                Self.stopAtOnce(logger, "second signal")
            }
        }
    }

    /// Nothing is lost: what was acknowledged is on disk, and recovery does the rest.
    private static func stopAtOnce(_ logger: Logger, _ reason: String) {
        logger.warning("stopping at once: \(reason)")
        LogWriter.standardError.drain()
        exit(1)
    }
}
