import Logging
import UploadCore

/// One line an outcome that an operator looks for.
struct LoggingObserver: UploadObserver {
    let logger: Logger

    func observe(_ outcome: UploadOutcome) {
        switch outcome {
        case .registered(let task):
            logger.info("task registered", metadata: facts(task))
        case .stateChanged(let task):
            logger.info("task \(task.state == .paused ? "paused" : "resumed")", metadata: facts(task))
        case .stored, .verified, .published: break
        case .received(let id):
            logger.info("all bytes received", metadata: ["taskId": "\(id)"])
        case .closed(let task):
            let level: Logger.Level = task.state == .failed ? .warning : .info
            logger.log(
                level: level, "task \(task.state.rawValue)",
                metadata: facts(task).merging(["reason": "\(task.reason)"]) { $1 })
        case .finishDelayed(let id, let delay, let error):
            logger.error(
                "the file can't be finished now, trying again",
                metadata: ["taskId": "\(id)", "in": "\(delay.components.seconds) s", "error": "\(error)"])
        case .bytesLost(let id, let bytes):
            logger.warning(
                "staged bytes are gone, they are asked for again",
                metadata: ["taskId": "\(id)", "bytes": "\(bytes)"])
        case .hashDiffered(let id):
            logger.error(
                "the MD5 computed while a file arrived is not that of its bytes, they decide",
                metadata: ["taskId": "\(id)"])
        case .orphanRemoved(let id):
            logger.info("staging file without an open task removed", metadata: ["taskId": "\(id)"])
        case .stagingChecked(let demoted, let orphans):
            logger.info(
                "staging files checked", metadata: ["tasksWithLostBytes": "\(demoted)", "orphans": "\(orphans)"])
        case .clockJumped(let duration):
            logger.warning(
                "the clock was set, what is due moves with it", metadata: ["by": "\(duration.milliseconds) ms"])
        case .purged(let count):
            logger.info("old tasks purged", metadata: ["tasks": "\(count)"])
        case .backgroundFailure(let what, let error):
            logger.error("\(what) failed, it goes on", metadata: ["error": "\(error)"])
        }
    }

    private func facts(_ task: UploadTask) -> Logger.Metadata {
        [
            "taskId": "\(task.id)", "businessServer": "\(task.registration.businessServer)",
            "userId": "\(task.registration.userID)", "file": "\(task.registration.fileName)",
            "bytes": "\(task.receivedBytes)/\(task.registration.fileSize)",
        ]
    }
}
