import Foundation

/// Brings one task to its end: asks what is missing, sends it, and asks again until the server says that it is done.
struct TaskTransfer: Sendable {
    let api: UploadAPI
    let outage: Outage
    let file: SourceFile
    let task: UploadTask
    let options: UploadOptions
    let reporter: any ProgressReporter

    private static let pausePolling = Backoff(floor: .seconds(1), ceiling: .seconds(5))
    private static let verifyPolling = Backoff(floor: .milliseconds(100), ceiling: .seconds(2))

    /// Returns when the file is in place.
    ///
    /// Throws ``UploadFailure/closed(_:)`` when the task ends otherwise, ``TaskGone`` when a new task is worth a try.
    func run() async throws {
        var polls = 0
        var previous: TaskState?
        while true {
            let info = try await outage.persist { try await api.blocksInfo(task) }
            let isWaiting = info.state != .upload || info.expectBlocks.isEmpty
            polls = isWaiting && info.state == previous ? polls + 1 : 1
            switch info.state {
            case .finish:
                return
            case .cancel, .timeout:
                throw UploadFailure.closed(info.state)
            case .fail:
                try file.checkUnchanged()
                throw UploadFailure.closed(.fail)
            case .pause:
                if info.state != previous {
                    reporter.notice("the upload is paused; waiting until it is resumed")
                }
                try await wait(Self.pausePolling, polls)
            case .verify:
                display(.verifying, info)
                try await wait(Self.verifyPolling, polls)
            case .upload where info.expectBlocks.isEmpty:
                try await wait(Self.verifyPolling, polls)
            case .upload:
                if previous == .pause { reporter.notice("the upload was resumed") }
                display(.uploading, info)
                try await send(info.expectBlocks)
            }
            previous = info.state
        }
    }

    private func send(_ missing: [ByteRange]) async throws {
        let queue = BlockQueue(missing: missing, fileSize: file.fingerprint.size, blockSize: options.blockSize)
        let sender = BlockSender(api: api, outage: outage, file: file, task: task, queue: queue)
        do {
            let end = try await sender.send(connections: options.connections)
            // Should the task seem open when asked next, it is not asked in a tight loop.
            if end == .paused { try await wait(Self.verifyPolling, 1) }
        } catch let gone as TaskGone {
            try await settle(gone)
        }
    }

    /// A block was refused for good. Where the task says that it is finished or was cancelled, that is the end of it;
    /// otherwise the caller may ask for a new task.
    private func settle(_ gone: TaskGone) async throws {
        let info = try await outage.persist { try await api.blocksInfo(task) }
        switch info.state {
        case .finish, .verify: return
        case .cancel: throw UploadFailure.closed(.cancel)
        case .upload, .pause, .fail, .timeout: throw gone
        }
    }

    private func wait(_ polling: Backoff, _ polls: Int) async throws {
        try await Task.sleep(for: polling.delay(afterFailures: polls, random: 1))
    }

    private func display(_ activity: Activity, _ info: BlocksInfo) {
        let name = URL(fileURLWithPath: file.path).lastPathComponent
        reporter.begin(activity, name: name, total: file.fingerprint.size, done: info.receivedSize)
    }
}
