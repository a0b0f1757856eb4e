import Synchronization
import UploadCore

/// Business servers by their tokens: identity and URL.
package struct FakeDirectory: BusinessServerDirectory {
    private let limits: TaskLimits

    package init(limits: TaskLimits = TaskLimits()) {
        self.limits = limits
    }

    package func limits(of identity: String) -> TaskLimits { limits }

    package func identity(ofToken token: String) -> String? { token == "secret-token" ? "cp1" : nil }

    package func destination(of identity: String) -> String? {
        identity == "cp1" ? "http://business.test/callback" : nil
    }
}

/// Keys that tests can write down.
package final class FakeKeys: TaskKeys {
    private let now = Mutex(KeyGenerations(current: 1, known: [1]))

    package init() {}

    package var generations: KeyGenerations {
        get { now.withLock { $0 } }
        set { now.withLock { $0 = newValue } }
    }

    package func key(for id: TaskID, generation: Int) -> String? {
        generations.known.contains(generation) ? "key-\(id)-\(generation)" : nil
    }

    package func generation(of key: String, for id: TaskID) -> Int? {
        generations.known.first { key == self.key(for: id, generation: $0) }
    }
}

/// Keeps what it is told, and says when there is more.
package final class FakeObserver: UploadObserver {
    private let told = Mutex<[UploadOutcome]>([])
    private let count = Counter()

    package init() {}

    package var outcomes: [UploadOutcome] { told.withLock { $0 } }

    package func observe(_ outcome: UploadOutcome) {
        told.withLock { $0.append(outcome) }
        count.increment()
    }

    /// The states of the tasks that were closed, in order.
    package var closed: [TaskState] {
        outcomes.compactMap { if case .closed(let task) = $0 { task.state } else { nil } }
    }

    /// Returns when this outcome is among those told.
    package func told(where predicate: (UploadOutcome) -> Bool) async {
        while !Task.isCancelled {
            let seen = outcomes
            if seen.contains(where: predicate) { return }
            await count.reach(seen.count + 1)
        }
    }
}

/// An outbox that only knows how many claims there are.
package struct FakeOutbox: CallbackOutbox {
    package let postponements = Postponements()
    private let claims: Int

    package init(claims: Int = 0) {
        self.claims = claims
    }

    package func releaseAllClaims() -> Int { claims }
    package func readdress(to destinations: [String: String]) {}
    package func postpone(by duration: Duration, longestPause: Duration) async throws {
        try await postponements.note(duration)
    }
    package func pendingDestinations() -> [PendingDestination] { [] }
    package func claimDue(for businessServer: String, at now: Timestamp, limit: Int) -> [Callback] { [] }
    package func record(_ attempt: CallbackAttempt, of callback: Callback) {}
    package func release(_ callback: Callback) {}
    package func replay(_ selection: ReplaySelection, to destinations: [String: String]) -> ReplayOutcome {
        ReplayOutcome(replayed: 0, left: 0)
    }
}

/// By how much an outbox was asked to postpone, in order; the first time fails where the test says so.
package actor Postponements {
    package private(set) var durations: [Duration] = []
    private var failures = 0

    package func failOnce() { failures += 1 }

    func note(_ duration: Duration) throws {
        guard failures == 0 else {
            failures -= 1
            throw UploadError(.busy, "locked")
        }
        durations.append(duration)
    }
}

/// Keeps what is written down for operators.
package final class FakeNotes: OperatorNotes {
    private let state = Mutex<[TaskID: [String]]>([:])

    package var troubles: [TaskID: [String]] { state.withLock { $0 } }

    package func note(trouble error: String, of id: TaskID) {
        state.withLock { $0[id, default: []].append(error) }
    }

    package func note(settings: [String: Int64]) {}

    package func note(_ sample: TrafficSample) {}
}

/// The service with fakes for everything outside of it.
package struct FakeSurroundings: Sendable {
    package let journal = Journal()
    package let clock = ManualClock()
    package let observer = FakeObserver()
    package let keys = FakeKeys()
    package let notes = FakeNotes()
    package let store: FakeStore
    package let repository: FakeRepository
    package let outboxChanges = Counter()
    package let service: UploadService

    /// - Parameter rates: registrations a second, for each token and for each address.
    package init(
        policy: ServicePolicy = ServicePolicy(), limits: TaskLimits = TaskLimits(),
        rates: (perToken: Int?, perAddress: Int?) = (nil, nil)
    ) {
        store = FakeStore(journal)
        repository = FakeRepository(journal, clock: clock)
        service = UploadService(
            UploadService.Dependencies(
                repository: repository, store: store, directory: FakeDirectory(limits: limits), keys: keys,
                notes: notes, observer: observer, clock: clock, policy: policy,
                limits: RegistrationLimits(perToken: rates.perToken, perAddress: rates.perAddress, clock: clock))
        ) { [outboxChanges] in outboxChanges.increment() }
    }

    /// Registers a file with these bytes.
    package func register(_ content: [UInt8], name: String = "file.bin") async throws -> UploadTask {
        try await service.register(token: "secret-token") { identity in
            Registration(
                businessServer: identity, userID: "u1", storePath: "/store", fileName: name,
                fileSize: Int64(content.count), fileMD5: md5(content), feedback: nil)
        }
    }

    /// The address of a task, with its key.
    package func address(_ task: UploadTask) -> TaskAddress {
        TaskAddress(id: task.id, key: keys.key(for: task.id, generation: task.keyGeneration) ?? "")
    }
}

/// A block's body.
package enum Body {
    /// The parts in this order, and the end.
    package static func of(_ parts: [BlockPart]) -> AsyncThrowingStream<BlockPart, any Error> {
        let (stream, continuation) = AsyncThrowingStream<BlockPart, any Error>.makeStream()
        for part in parts { continuation.yield(part) }
        continuation.finish()
        return stream
    }

    /// The fields of a range.
    package static func fields(_ range: ByteRange, md5: MD5Digest? = nil) -> [BlockPart] {
        [.field(.startByte, "\(range.first)"), .field(.endByte, "\(range.last)")]
            + (md5.map { [.field(.partMd5, $0.description)] } ?? [])
    }

    /// A file's part, in chunks.
    package static func file(_ bytes: [UInt8], chunk: Int = 3) -> [BlockPart] {
        [.fileBegin]
            + stride(from: 0, to: bytes.count, by: chunk).map { start in
                .fileBytes(Array(bytes[start..<min(start + chunk, bytes.count)]))
            }
    }

    /// The whole body of the block that these bytes of a file make.
    package static func block(_ range: ByteRange, of content: [UInt8]) -> AsyncThrowingStream<BlockPart, any Error> {
        let bytes = content[range]
        return of(fields(range, md5: md5(bytes)) + file(bytes))
    }
}
