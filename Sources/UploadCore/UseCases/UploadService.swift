import Synchronization

/// The use cases of the block API: register, receive a block, query, change state.
///
/// Knows no HTTP, no SQL and no file system; it is given adapters for them. What has to happen in which order on disk
/// is ``DurabilityOrder``'s alone.
public final class UploadService: Sendable {
    /// What the service is made of.
    public struct Dependencies: Sendable {
        /// Tasks and blocks.
        public var repository: any TaskRepository
        /// Bytes.
        public var store: any StagingStore
        /// Tokens and callback URLs.
        public var directory: any BusinessServerDirectory
        /// The keys in the URLs.
        public var keys: any TaskKeys
        /// What operators read in the database.
        public var notes: any OperatorNotes
        /// Log, metrics.
        public var observer: any UploadObserver
        /// Time.
        public var clock: any ServiceClock
        /// What holds for all business servers.
        public var policy: ServicePolicy
        /// How often tasks may be registered.
        public var limits: RegistrationLimits

        /// Memberwise.
        public init(
            repository: any TaskRepository, store: any StagingStore, directory: any BusinessServerDirectory,
            keys: any TaskKeys, notes: any OperatorNotes, observer: any UploadObserver, clock: any ServiceClock,
            policy: ServicePolicy, limits: RegistrationLimits
        ) {
            self.repository = repository
            self.store = store
            self.directory = directory
            self.keys = keys
            self.notes = notes
            self.observer = observer
            self.clock = clock
            self.policy = policy
            self.limits = limits
        }
    }

    let dependencies: Dependencies
    let durability: DurabilityOrder
    let reader: TaskReader
    let sessions: TaskSessions
    let spools = SpoolLedger()
    /// Verifies and publishes complete tasks.
    public let finisher: Finisher
    /// Whether the service can do its work.
    public let readiness: Readiness
    private let requests = Mutex(OpenRequests())

    /// - Parameter outboxChanged: called after a COMMIT that enqueued a callback.
    public init(_ dependencies: Dependencies, outboxChanged: @escaping @Sendable () -> Void) {
        let store = dependencies.store
        self.dependencies = dependencies
        durability = DurabilityOrder(dependencies)
        let reader = TaskReader(durability: durability)
        self.reader = reader
        sessions = TaskSessions { TaskSession(id: $0, reader: reader, store: store) }
        finisher = Finisher(durability, dependencies, sessions: sessions, outboxChanged: outboxChanged)
        readiness = Readiness(dependencies, finisher: finisher)
    }

    // MARK: Who may

    /// The key that a task's URLs carry.
    ///
    /// - Throws: `busy` when the task closed and its secret went since it was registered.
    public func key(for task: UploadTask) throws(UploadError) -> String {
        guard let key = dependencies.keys.key(for: task.id, generation: task.keyGeneration) else {
            throw UploadError(.busy, "the server's keys were replaced meanwhile, register again")
        }
        return key
    }

    /// The generation that the key belongs to, which has to be the task's: an old secret opens no newer task.
    ///
    /// - Throws: `noSuchTask` when the key is none of this task's number.
    func keyGeneration(of address: TaskAddress) throws(UploadError) -> Int {
        guard let generation = dependencies.keys.generation(of: address.key, for: address.id) else {
            throw .noSuchTask
        }
        return generation
    }

    /// The task that the address names, with its key.
    ///
    /// - Throws: `noSuchTask`.
    func authorisedTask(_ address: TaskAddress) async throws -> UploadTask {
        let generation = try keyGeneration(of: address)
        guard let task = try await dependencies.repository.task(address.id), task.keyGeneration == generation else {
            throw UploadError.noSuchTask
        }
        return task
    }

    // MARK: Shutting down

    /// Ends all requests that are receiving a block, now and from now on, with ``UploadError/shuttingDown``.
    ///
    /// Blocks whose bytes have all come are committed and answered.
    public func stopReceiving() {
        let cuts = requests.withLock { requests in
            requests.isStopping = true
            return Array(requests.cuts.values)
        }
        for cut in cuts { cut.fire(UploadError.shuttingDown) }
    }

    /// How many bytes each request may gather, so that all of them together stay within a bound.
    var portion: Int {
        let count = requests.withLock { $0.cuts.count }
        return max(Self.portions.lowerBound, min(Self.portions.upperBound, Self.gathering / max(1, count)))
    }

    private static let portions = 16 << 10...256 << 10
    private static let gathering = 8 << 20

    /// Runs `body` with a signal that cuts it off; it is then cancelled, and the signal's error thrown.
    func receiving<Result: Sendable>(
        _ body: @escaping @Sendable (CutSignal) async throws -> Result
    ) async throws -> Result {
        let cut = CutSignal()
        let number = try requests.withLock { requests in
            guard !requests.isStopping else { throw UploadError.shuttingDown }
            requests.last += 1
            requests.cuts[requests.last] = cut
            return requests.last
        }
        defer { requests.withLock { $0.cuts[number] = nil } }
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await body(cut) }
            group.addTask {
                try await cut.wait()
                return nil
            }
            var failure: any Error = CancellationError()
            do {
                if let result = try await group.next() ?? nil {
                    group.cancelAll()
                    return result
                }
            } catch {
                failure = error
            }
            group.cancelAll()
            if let cutOff = failure as? UploadError, cut.error is UploadError { failure = cutOff.endingConnection() }
            // The body may have come to its end all the same, and what it returns owns a claim.
            while let late = await group.nextResult() {
                if case .success(let result?) = late { return result }
            }
            throw failure
        }
    }

    private struct OpenRequests {
        var isStopping = false
        var last = 0
        var cuts: [Int: CutSignal] = [:]
    }
}

/// What holds for all tasks, whoever registers them.
public struct ServicePolicy: Sendable {
    /// Whether `partMd5` is required and verified.
    public var checksBlocks: Bool
    /// Bytes that stay free on the disks when all open tasks are complete.
    public var minFreeSpace: Int64

    /// Memberwise.
    public init(checksBlocks: Bool = true, minFreeSpace: Int64 = 0) {
        self.checksBlocks = checksBlocks
        self.minFreeSpace = minFreeSpace
    }
}

/// A task as a client names it: its number and its key. No textual form of it shows the key.
public struct TaskAddress: Sendable {
    /// The number.
    public var id: TaskID
    /// The key from the URL; empty when there was none.
    public var key: String

    /// Memberwise.
    public init(id: TaskID, key: String) {
        self.id = id
        self.key = key
    }
}

extension TaskAddress: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The number alone.
    public var description: String { "task \(id)" }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// A mirror that does not reach the key.
    public var customMirror: Mirror { Mirror(self, children: ["id": id]) }
}
