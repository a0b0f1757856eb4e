import Synchronization

/// The sessions of the tasks that are being uploaded; idle ones are kept for a while, least recently used first out.
final class TaskSessions: Sendable {
    private struct Entry {
        var session: TaskSession
        var users = 0
        var lastUse = 0
        /// Whether it goes with its last user.
        var isForgotten = false
    }

    private struct State {
        var entries: [TaskID: Entry] = [:]
        var uses = 0
    }

    /// Idle sessions beyond this number are dropped: a session is a few hundred bytes, and a descriptor while in use.
    private let idleLimit: Int
    private let make: @Sendable (TaskID) -> TaskSession
    private let state = Mutex(State())

    init(idleLimit: Int = 4096, make: @escaping @Sendable (TaskID) -> TaskSession) {
        self.idleLimit = idleLimit
        self.make = make
    }

    /// Runs `body` with the task's session; the staging file is let go when its last user leaves.
    func with<Result: Sendable>(
        _ id: TaskID, _ body: (TaskSession) async throws -> Result
    ) async throws -> Result {
        let session = enter(id)
        do {
            let result = try await body(session)
            await leave(id)
            return result
        } catch {
            await leave(id)
            throw error
        }
    }

    /// The task's session if it is in memory.
    func existing(_ id: TaskID) -> TaskSession? {
        state.withLock { $0.entries[id]?.session }
    }

    /// Whether a request is receiving or committing a block of the task.
    func isInUse(_ id: TaskID) -> Bool {
        state.withLock { $0.entries[id].map { $0.users > 0 } ?? false }
    }

    /// Drops what is remembered of a task whose blocks changed behind the session's back, or which is closed.
    func forget(_ id: TaskID) {
        state.withLock { state in
            if state.entries[id]?.users == 0 { state.entries[id] = nil }
            // Who completes a file most often still waits for its answer when the task is closed.
            state.entries[id]?.isForgotten = true
        }
    }

    private func enter(_ id: TaskID) -> TaskSession {
        state.withLock { state in
            state.uses += 1
            var entry = state.entries[id] ?? Entry(session: make(id))
            entry.users += 1
            entry.lastUse = state.uses
            state.entries[id] = entry
            return entry.session
        }
    }

    private func leave(_ id: TaskID) async {
        let idle: TaskSession? = state.withLock { state in
            state.entries[id]?.users -= 1
            guard let entry = state.entries[id], entry.users == 0 else { return nil }
            if entry.isForgotten { state.entries[id] = nil }
            if state.entries.count > idleLimit { evict(&state) }
            return entry.session
        }
        await idle?.closeFile()
    }

    /// Drops the older half of the idle sessions, so that the search for them is paid for rarely.
    private func evict(_ state: inout State) {
        let idle = state.entries.filter { $0.value.users == 0 }.sorted { $0.value.lastUse < $1.value.lastUse }
        for (id, _) in idle.prefix(idle.count / 2 + 1) { state.entries[id] = nil }
    }
}
