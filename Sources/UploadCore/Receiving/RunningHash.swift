import Synchronization

/// The MD5 of a task's file, computed while its blocks arrive: it follows the bytes that are held without a gap from the
/// first on, so that finishing the file costs only what came last.
///
/// What it has come to goes into the COMMIT of the next block, and a restart goes on from there. It keeps no descriptor
/// while there is nothing to do.
final class RunningHash: Sendable {
    private struct State {
        /// What it has come to.
        var reached: FileHashState
        let fileSize: Int64
        /// As it was last given to a COMMIT.
        var written: FileHashState
        /// The number of the file that it was read from, once it is known.
        var fileNumber: UInt64?
        /// The end of the bytes that are held without a gap.
        var wanted: Int64 = 0
        var run: Task<Void, Never>?
        var isEnded = false
        /// Those who wait until it is not far behind.
        var followed: [CheckedContinuation<Void, Never>] = []

        var lag: Int64 { wanted - reached.bytes }
        /// How far behind it may be before the next block has to wait.
        private var slack: Int64 {
            let range = RunningHash.slack
            return min(max((fileSize - wanted) / 2, range.lowerBound), range.upperBound)
        }
        /// Who need wait no longer.
        var released: [CheckedContinuation<Void, Never>] {
            mutating get {
                guard run == nil || lag <= slack else { return [] }
                defer { followed = [] }
                return followed
            }
        }
    }

    /// Fewer bytes than these are left for later: a run costs more than they do.
    private static let stride: Int64 = 1 << 20
    /// How far it may be behind what is held before the next block has to wait. Blocks come in waves, and with much of it
    /// neither the network nor the hash waits for the other; what is hashed is in memory still, however large the file is.
    /// Little is left to it at the end, for who waits for the file waits for the rest of it.
    private static let slack: ClosedRange<Int64> = 8 << 20...32 << 20

    private let executor: any TaskExecutor
    private let state: Mutex<State>

    /// - Parameters:
    ///   - reached: as the database has it.
    ///   - fileSize: of the whole file, in bytes.
    ///   - executor: where it may block.
    init(resuming reached: FileHashState, fileSize: Int64, on executor: any TaskExecutor) {
        self.executor = executor
        state = Mutex(State(reached: reached, fileSize: fileSize, written: reached))
    }

    /// What makes it worthless; see ``FileHashState/round``.
    var round: Int { state.withLock { $0.reached.round } }

    /// What it has come to, to be written down; `nil` when that has been done.
    func unwritten() -> FileHashState? {
        state.withLock { state in
            guard state.reached != state.written else { return nil }
            state.written = state.reached
            return state.reached
        }
    }

    /// Says that the first `end` bytes are held. Does not wait for them to be hashed.
    func follow(to end: Int64, in file: any StagingFile) {
        state.withLock { state in
            state.wanted = max(state.wanted, end)
            guard !state.isEnded, state.run == nil, state.lag >= Self.stride else { return }
            state.run = Task(executorPreference: executor) { await self.catchUp(in: file) }
        }
    }

    /// Returns when it is not far behind what is held.
    func pace() async {
        await withCheckedContinuation { waiter in
            let released = state.withLock { state in
                state.followed.append(waiter)
                return state.released
            }
            for waiter in released { waiter.resume() }
        }
    }

    /// The MD5 of the first `size` bytes, all of which are held; `nil` when the file is shorter.
    ///
    /// - Throws: what reading throws; `CancellationError`.
    func digest(ofSize size: Int64, in file: any StagingFile) async throws -> MD5Digest? {
        while let run = state.withLock({ $0.run }) {
            await withTaskCancellationHandler {
                await run.value
            } onCancel: {
                run.cancel()
            }
        }
        let hash = try begin(in: file)
        guard try await hash.advance(to: size) == size else { return nil }
        return hash.digest()
    }

    /// Bytes that it covers may have gone: nothing more comes of it.
    func end() {
        state.withLock { state in
            state.isEnded = true
            state.run?.cancel()
        }
    }

    /// How many wait for it, for tests.
    var waiters: Int { state.withLock { $0.followed.count } }

    private func catchUp(in file: any StagingFile) async {
        do {
            let hash = try begin(in: file)
            while let next = next() {
                let covered = try await hash.advance(to: next)
                let (bytes, text) = hash.putDown()
                change { ($0.reached.bytes, $0.reached.text) = (bytes, text) }
                guard covered == next else { throw StagingFileGone() }
            }
        } catch {
            // Whatever it is, who finishes the file meets it too, and says so.
            change { $0.run = nil }
        }
    }

    /// Changes the state, and wakes who need wait no longer.
    private func change<Result: Sendable>(_ body: (inout sending State) -> Result) -> Result {
        let (result, released) = state.withLock { state in (body(&state), state.released) }
        for waiter in released { waiter.resume() }
        return result
    }

    /// Takes it up where it was put down, if that was of the same file.
    private func begin(in file: any StagingFile) throws -> any FileHash {
        let number = try file.number()
        let reached = state.withLock { state in
            if let known = state.fileNumber, known != number {
                state.reached = FileHashState(round: state.reached.round)
            }
            state.fileNumber = number
            return state.reached
        }
        return file.makeHash(resuming: reached)
    }

    /// How far to go next; `nil` when it is enough for now.
    private func next() -> Int64? {
        change { state in
            guard state.lag >= Self.stride, !state.isEnded, !Task.isCancelled else {
                state.run = nil
                return nil
            }
            return min(state.wanted, state.reached.bytes + 2 * Self.stride)
        }
    }
}
