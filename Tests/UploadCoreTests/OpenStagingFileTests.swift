import Synchronization
import Testing
import UploadTestSupport

@testable import UploadCore

/// Who waits for a sync, and what one is worth that failed.
@Suite(.timeLimit(.minutes(1))) struct OpenStagingFileTests {
    /// Its syncs wait until they are let.
    private final class Disk: StagingFile {
        let syncs = Counter()
        let first = Checkpoint()
        let failure = Mutex<(any Error)?>(nil)

        func sync() async throws {
            syncs.increment()
            await first.pass()
            if let failure = failure.withLock({ $0 }) { throw failure }
        }

        func makeWriter(for block: ByteRange, pieces: [ByteRange]) -> any BlockWriter {
            preconditionFailure("not written to")
        }
        func number() throws -> UInt64 { 1 }
        func makeHash(resuming state: FileHashState) -> any FileHash { preconditionFailure("not hashed") }
    }

    private let disk = Disk()
    private let file: OpenStagingFile

    init() {
        file = OpenStagingFile(disk, hash: RunningHash(resuming: FileHashState(round: 0), on: globalConcurrentExecutor))
    }

    /// So many who come while the first sync is under way.
    private func comers(_ count: Int) async -> (first: Task<Void, any Error>, rest: [Task<Void, any Error>]) {
        let first = Task { try await file.sync() }
        await disk.first.arrived()
        let rest = (0..<count).map { _ in Task { try await file.sync() } }
        while file.waiters < count { await Task.yield() }
        return (first, rest)
    }

    @Test func whoComesDuringASyncSharesTheNext() async throws {
        let (first, rest) = await comers(5)
        disk.first.open()
        try await first.value
        for task in rest { try await task.value }
        #expect(disk.syncs.value == 2)
        try await file.sync()
        #expect(disk.syncs.value == 3)
    }

    @Test func aFailureIsToldToAllWhoseBytesItMayConcern() async throws {
        let (first, rest) = await comers(3)
        disk.failure.withLock { $0 = UploadError(.storage, "full") }
        disk.first.open()
        for task in [first] + rest {
            let error = await #expect(throws: UploadError.self) { try await task.value }
            #expect(error?.code == .storage)
        }
        // The disk would say that all is well now, and mean nothing by it.
        disk.failure.withLock { $0 = nil }
        await #expect(throws: UploadError.self) { try await file.sync() }
        #expect(disk.syncs.value == 1)
    }

    @Test func oneWhoIsCancelledIsSyncedAllTheSame() async throws {
        let (first, rest) = await comers(2)
        for task in [first] + rest { task.cancel() }
        disk.first.open()
        for task in [first] + rest { try await task.value }
        #expect(disk.syncs.value == 2)
    }
}
