/// How a round of sending ended.
enum RoundEnd: Equatable {
    /// Every block was acknowledged.
    case drained
    /// The server takes no blocks for now.
    case paused
}

/// Sends one round of blocks over several connections.
struct BlockSender: Sendable {
    let api: UploadAPI
    let outage: Outage
    let file: SourceFile
    let task: UploadTask
    let queue: BlockQueue

    /// Returns when the connections have nothing left to do.
    ///
    /// Throws ``TaskGone`` or ``UploadFailure``; the other connections are then cut.
    func send(connections: Int) async throws -> RoundEnd {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<max(1, connections) {
                group.addTask { try await work() }
            }
            try await group.waitForAll()
        }
        return await queue.isPaused ? .paused : .drained
    }

    private func work() async throws {
        while let block = await queue.next() {
            let answer = try await outage.persist {
                try await api.send(block, of: file, to: task)
            }
            switch answer {
            case .stored: break
            case .storedMissing(let ranges): await queue.add(missing: ranges)
            case .paused: await queue.pause()
            }
        }
    }
}
