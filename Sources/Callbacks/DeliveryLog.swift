import Logging
import UploadCore

/// What the log tells of the deliveries: never a body, a key or a URL.
struct DeliveryLog: Sendable {
    let logger: Logger

    /// One line for each attempt.
    func recorded(_ attempt: CallbackAttempt, of callback: Callback) {
        var metadata = metadata(of: callback)
        if let status = attempt.status { metadata["status"] = "\(status)" }
        if let error = attempt.error { metadata["error"] = "\(error)" }
        metadata["durationMs"] = "\(attempt.duration.milliseconds)"
        switch attempt.verdict {
        case .delivered:
            logger.info("callback delivered", metadata: metadata)
        case .retry(let time):
            metadata["nextAttemptAt"] = "\(time)"
            logger.warning("callback failed, to be sent again", metadata: metadata)
        case .dead:
            logger.error("callback given up", metadata: metadata)
        }
    }

    func released(_ callback: Callback) {
        logger.info("callback put back, the attempt does not count", metadata: metadata(of: callback))
    }

    func outboxFailed(_ what: String, _ callback: Callback, _ error: any Error) {
        logger.error(
            "outbox: \(what)",
            metadata: metadata(of: callback).merging(["cause": "\(error)"]) { first, _ in first })
    }

    func outboxFailed(_ what: String, _ error: any Error) {
        logger.error("outbox: \(what), waiting a moment", metadata: ["cause": "\(error)"])
    }

    private func metadata(of callback: Callback) -> Logger.Metadata {
        [
            "taskId": "\(callback.taskID)", "businessServer": "\(callback.businessServer)",
            "attempt": "\(callback.attempt)",
        ]
    }
}
