import Synchronization
import Testing
import UploadTestSupport

@testable import UploadCore

/// What a sync is worth that failed.
@Suite(.timeLimit(.minutes(1))) struct OpenStagingFileTests {
    private final class Disk: StagingFile {
        let syncs = Counter()
        let failure = Mutex<(any Error)?>(nil)

        func sync() async throws {
            syncs.increment()
            if let failure = failure.withLock({ $0 }) { throw failure }
        }

        func makeWriter(for block: ByteRange, pieces: [ByteRange]) -> any BlockWriter {
            preconditionFailure("not written to")
        }
        func put(_ blocks: [WholeBlock]) async -> [Result<MD5Digest, any Error>] {
            preconditionFailure("not written to")
        }
        func number() throws -> UInt64 { 1 }
        func makeHash(resuming state: FileHashState) -> any FileHash { preconditionFailure("not hashed") }
    }

    @Test func aSyncThatFailedIsNeverRepeatedIntoSuccess() async throws {
        let (disk, executor) = (Disk(), globalConcurrentExecutor)
        let hash = RunningHash(resuming: FileHashState(round: 0), fileSize: 6 << 20, on: executor)
        let file = OpenStagingFile(disk, hash: hash, on: executor)
        try await file.sync()
        disk.failure.withLock { $0 = UploadError(.storage, "full") }
        await #expect(throws: UploadError.self) { try await file.sync() }
        // The disk would say that all is well now, and mean nothing by it.
        disk.failure.withLock { $0 = nil }
        let error = await #expect(throws: UploadError.self) { try await file.sync() }
        #expect(error?.code == .storage)
        #expect(disk.syncs.value == 2)
    }
}
