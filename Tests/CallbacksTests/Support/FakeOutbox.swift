import UploadCore

/// An outbox in memory. Like a database driver would, it refuses to work on a cancelled task.
actor FakeOutbox: CallbackOutbox {
    enum RowState: Equatable {
        case pending, sending, delivered, dead
    }

    struct Row {
        var callback: Callback
        var state = RowState.pending
        var dueAt: Timestamp
        var attempts: [CallbackAttempt] = []
    }

    enum Operation {
        case survey, claim, record, release
    }

    private(set) var rows: [Row] = []
    private var failures: [Operation: Int] = [:]
    private var watchers: [(isMet: @Sendable ([Row]) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []

    func enqueue(_ businessServer: String, destination: String? = nil, count: Int = 1, at now: Timestamp) {
        for _ in 0..<count {
            let number = Int64(rows.count + 1)
            guard let task = TaskID(number) else { continue }
            let callback = Callback(
                id: number, webhookID: "msg_\(number)", taskID: task, businessServer: businessServer,
                destination: destination ?? "http://\(businessServer).test/callback",
                body: "{\"number\":\(number)}", attempt: 0, createdAt: now)
            rows.append(Row(callback: callback, dueAt: now))
        }
    }

    /// Makes the next calls throw.
    func fail(_ operation: Operation, times: Int) {
        failures[operation] = times
    }

    /// Waits until the rows look like that.
    func until(_ isMet: @escaping @Sendable ([Row]) -> Bool) async {
        guard !isMet(rows) else { return }
        await withCheckedContinuation { watchers.append((isMet, $0)) }
    }

    func states() -> [RowState] { rows.map(\.state) }

    func releaseAllClaims() -> Int { 0 }

    func readdress(to destinations: [String: String]) {}

    func postpone(by duration: Duration, longestPause: Duration) {}

    func replay(_ selection: ReplaySelection, to destinations: [String: String]) -> ReplayOutcome {
        ReplayOutcome(replayed: 0, left: 0)
    }

    func pendingDestinations() throws -> [PendingDestination] {
        try check(.survey)
        let pending = Dictionary(grouping: rows.filter { $0.state == .pending }, by: \.callback.businessServer)
        return pending.compactMap { name, rows in
            rows.map(\.dueAt).min().map { PendingDestination(businessServer: name, dueAt: $0) }
        }
    }

    func claimDue(for businessServer: String, at now: Timestamp, limit: Int) throws -> [Callback] {
        try check(.claim)
        let due = rows.indices.filter {
            rows[$0].state == .pending && rows[$0].callback.businessServer == businessServer && rows[$0].dueAt <= now
        }
        let claimed = due.prefix(limit)
        for index in claimed {
            rows[index].state = .sending
            rows[index].callback.attempt += 1
        }
        changed()
        return claimed.map { rows[$0].callback }
    }

    func record(_ attempt: CallbackAttempt, of callback: Callback) throws {
        try check(.record)
        let index = Int(callback.id) - 1
        rows[index].attempts.append(attempt)
        switch attempt.verdict {
        case .delivered: rows[index].state = .delivered
        case .dead: rows[index].state = .dead
        case .retry(let time):
            rows[index].state = .pending
            rows[index].dueAt = time
        }
        changed()
    }

    func release(_ callback: Callback) throws {
        try check(.release)
        let index = Int(callback.id) - 1
        rows[index].state = .pending
        rows[index].callback.attempt -= 1
        changed()
    }

    private func check(_ operation: Operation) throws {
        try Task.checkCancellation()
        guard let left = failures[operation], left > 0 else { return }
        failures[operation] = left - 1
        throw UploadError(.busy, "database is locked")
    }

    private func changed() {
        let met = watchers.filter { $0.isMet(rows) }
        watchers.removeAll { $0.isMet(rows) }
        for watcher in met { watcher.continuation.resume() }
    }
}
