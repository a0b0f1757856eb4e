import Blocking
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
                try SystemCall.syncData(file.descriptor)
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
