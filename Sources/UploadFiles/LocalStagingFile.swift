import Blocking
import MD5Lanes
import SystemPackage
import UploadCore

/// An open staging file: positioned writes from any number of requests, and the sync that makes them durable.
final class LocalStagingFile: StagingFile {
    private let file: OwnedDescriptor
    private let threads: IOThreads
    private let lanes: HashLanes
    private let syncName: @Sendable () throws -> Void

    init(
        _ file: OwnedDescriptor, threads: IOThreads, lanes: HashLanes, syncName: @escaping @Sendable () throws -> Void
    ) {
        self.file = file
        self.threads = threads
        self.lanes = lanes
        self.syncName = syncName
    }

    func makeWriter(for block: ByteRange, pieces: [ByteRange]) -> any BlockWriter {
        LocalBlockWriter(file, threads: threads, lanes: lanes, block: block, pieces: pieces)
    }

    func put(_ blocks: [WholeBlock]) async -> [Result<MD5Digest, any Error>] {
        guard !blocks.isEmpty else { return [] }
        return await threads.run { [file] in
            zip(blocks, Self.hash(blocks)).map { block, hash in
                Result {
                    try Self.write(block, to: file)
                    return hash
                }
            }
        }
    }

    private static func hash(_ blocks: [WholeBlock]) -> [MD5Digest] {
        let bytes = blocks.map { block in block.chunks.map { $0.pinned() } }
        var jobs = bytes.map { MultiBufferMD5.Job(RunningMD5(), $0.map(\.bytes)) }
        withExtendedLifetime(bytes) { MultiBufferMD5.update(&jobs) }
        return jobs.map { MD5Digest($0.hash.digest) }
    }

    private static func write(_ block: WholeBlock, to file: OwnedDescriptor) throws(UploadError) {
        do {
            try file.write(block.chunks, at: block.range.start)
            FaultPoint.reach(.blockWritten)
        } catch {
            throw UploadError(translating: error)
        }
    }

    func number() throws -> UInt64 {
        do {
            return try SystemCall.number(of: file.descriptor)
        } catch {
            throw UploadError(translating: error)
        }
    }

    func makeHash(resuming state: FileHashState) -> any FileHash {
        LocalFileHash(file, threads: threads, lanes: lanes, resuming: state)
    }

    func sync() async throws {
        do {
            try await threads.run { [file, syncName] in
                let start = ContinuousClock.now
                try SystemCall.syncData(file.descriptor)
                SyncMeter.seconds.record(duration: .now - start)
                FaultPoint.reach(.blockDataSynced)
                try syncName()
                guard try !SystemCall.isUnlinked(file.descriptor) else { throw StagingFileGone() }
            }
        } catch let error as StagingFileGone {
            throw error
        } catch {
            throw UploadError(translating: error)
        }
    }
}
