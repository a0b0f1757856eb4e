import Glibc
import Synchronization

/// Uploads that outlive their server: what its death interrupts is repeated after its next start, and what was
/// acknowledged is written down, to be held against what the server knows then.
public final class Survivor: Sendable {
    private struct Ledger {
        /// Acknowledged ranges of tasks that are not complete.
        var held: [Int64: [ClosedRange<Int>]] = [:]
        var handles: [Int64: UploadHandle] = [:]
        var acknowledgements = 0
        var looks = 0
        var lost: [String] = []
    }

    /// The server was to be killed, and had ended by itself: a trap must not pass for the death that was wanted.
    public struct EndedByItself: Error, CustomStringConvertible {
        let exit: ExitStatus
        /// One sentence.
        public var description: String { "the server was to be killed, and had ended by itself: \(exit)" }
    }

    private let server: ServerProcess
    private let patience: Duration?
    private let ledger = Mutex(Ledger())
    /// Counts the starts.
    private let starts = Watched(0)

    /// Uploads to this server, which is not up yet.
    ///
    /// - Parameter patience: after how long something is repeated that failed while the server lives, where that can be:
    ///   a connection that another request took over; `nil` where nothing but the server's death can fail.
    public init(_ server: ServerProcess, patience: Duration? = nil) {
        (self.server, self.patience) = (server, patience)
    }

    /// How many blocks were acknowledged.
    public var acknowledgements: Int { ledger.withLock { $0.acknowledgements } }
    /// How many tasks were looked at, over all starts, of which something had been acknowledged.
    public var looks: Int { ledger.withLock { $0.looks } }
    /// What was acknowledged and is missing, or could not be looked at, in words.
    public var lost: [String] { ledger.withLock { $0.lost } }

    // MARK: Whoever starts and kills the server

    /// Starts the server, looks whether it has all that was acknowledged before, and lets the uploads go on.
    ///
    /// - Throws: when the server does not come up.
    public func restart(environment: [String: String] = [:]) async throws {
        // What was acknowledged before the death, not what comes after the start.
        let held = held
        try await server.start(environment: environment)
        let process = server.process
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (handle, ranges) in held {
                group.addTask {
                    do {
                        try await self.look(handle, for: ranges)
                    } catch {
                        // Where it died again meanwhile, the next start looks at the same and more.
                        guard try await !Self.hasEnded(process) else { return }
                        self.lose("task \(handle.id) could not be looked at: \(error)")
                    }
                }
            }
            try await group.waitForAll()
        }
        starts.update { $0 += 1 }
    }

    /// kill -9, and waits for the end.
    ///
    /// - Throws: ``EndedByItself`` unless it was alive and died of that.
    public func kill() async throws {
        guard let process = server.process else { return }
        if let exit = process.output.value.exit { throw EndedByItself(exit: exit) }
        process.signal(SIGKILL)
        let exit = try await process.waitForExit()
        guard exit == .signal(SIGKILL) else { throw EndedByItself(exit: exit) }
    }

    /// Looks once more whether all is there that was acknowledged and not released: for the end of a run, when no death
    /// is to come any more and no later start would repeat a look that failed.
    ///
    /// - Throws: when something can't be looked at.
    public func lookAll() async throws {
        for (handle, ranges) in held { try await look(handle, for: ranges) }
    }

    private var held: [(handle: UploadHandle, ranges: [ClosedRange<Int>])] {
        ledger.withLock { ledger in
            ledger.held.compactMap { id, ranges in ledger.handles[id].map { (handle: $0, ranges: ranges) } }
        }
    }

    /// Connections end a moment before the process.
    private static func hasEnded(_ process: ProgramProcess?) async throws -> Bool {
        do {
            try await process?.waitForExit(within: .seconds(10))
            return true
        } catch is TimedOut {
            return false
        }
    }

    private func look(_ handle: UploadHandle, for ranges: [ClosedRange<Int>]) async throws {
        let info = try await handle.info()
        ledger.withLock { $0.looks += 1 }
        guard info["retCode"].text == "0" else { return lose("task \(handle.id) is gone: \(info)") }
        // A task that closed needs no blocks any more.
        guard info["status"].text == "upload" || info["status"].text == "pause" else { return }
        let missing = info.expectBlocks
        for range in ranges where missing.contains(where: { $0.overlaps(range) }) {
            lose("task \(handle.id): \(range) was acknowledged, missing are \(missing)")
        }
    }

    private func lose(_ what: String) {
        ledger.withLock { $0.lost.append(what) }
    }

    // MARK: The uploads

    /// Registers a task.
    public func register(_ task: NewTask) async throws -> UploadHandle {
        try await untilAnswered { try await self.server.register(task) }
    }

    /// Sends a block until there is an answer; what is acknowledged has to be held from then on.
    public func send(_ block: ClosedRange<Int>, of file: TestFile, to handle: UploadHandle) async throws -> HTTPAnswer {
        let answer = try await untilAnswered { try await handle.send(block, of: file) }
        if answer.retCode == "0" || answer.retCode == "1" { note(block, of: handle) }
        return answer
    }

    /// Writes down that a block was acknowledged.
    public func note(_ block: ClosedRange<Int>, of handle: UploadHandle) {
        ledger.withLock { ledger in
            ledger.handles[handle.id] = handle
            ledger.held[handle.id, default: []].append(block)
            ledger.acknowledgements += 1
        }
    }

    /// Nothing more is expected of the task's blocks: it was closed, or its bytes were taken away on purpose.
    public func release(_ handle: UploadHandle) {
        ledger.withLock { ledger in
            ledger.held[handle.id] = nil
            ledger.handles[handle.id] = nil
        }
    }

    /// Repeats what the death of the server interrupts, after its next start.
    ///
    /// - Throws: ``TimedOut`` after a minute without one, or two without an answer.
    public func untilAnswered<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        let end = ContinuousClock.now + .seconds(120)
        while true {
            let seen = starts.value
            do {
                if seen > 0 { return try await body() }
            } catch let error as UploadHandle.NotRegistered {
                throw error
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                // Connections die with the server; the next one answers.
            }
            do {
                _ = try await starts.wait("the next start", within: patience ?? .seconds(60)) { $0 > seen ? true : nil }
            } catch let error as TimedOut {
                guard patience != nil, ContinuousClock.now < end else { throw error }
            }
        }
    }
}
