import MD5Lanes
import Synchronization
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

/// Writes the missing pieces of one block where they belong, hashing while the bytes are in the cache.
final class LocalBlockWriter: BlockWriter {
    private struct State {
        /// Offset in the file of the next byte.
        var position: Int64
        /// Index of the piece that `position` lies in or before.
        var piece = 0
        var pieceHash = RunningMD5()
        var finished: [Block] = []
    }

    /// `nil` when nothing is to be written.
    private let file: OwnedDescriptor?
    private let threads: IOThreads
    private let lanes: HashLanes
    private let pieces: [ByteRange]
    /// The usual case, a block that was missing wholly: one hash serves for both.
    private let isWhole: Bool
    private let state: Mutex<State>
    private let hash = HashLanes.Stream()

    init(_ file: OwnedDescriptor?, threads: IOThreads, lanes: HashLanes, block: ByteRange, pieces: [ByteRange]) {
        self.file = file
        self.threads = threads
        self.lanes = lanes
        self.pieces = pieces
        isWhole = pieces == [block]
        state = Mutex(State(position: block.start))
    }

    func write(_ chunks: [any ByteChunk]) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            threads.submit { [self] in
                do {
                    // One request writes one chunk after the other, so the lock is never waited for.
                    try state.withLock { state in
                        for chunk in chunks { try chunk.withBytes { try write($0, &state) } }
                    }
                } catch {
                    return continuation.resume(throwing: UploadError(translating: error))
                }
                FaultPoint.reach(.blockWritten)
                lanes.hash(chunks, into: hash) { continuation.resume() }
            }
        }
    }

    func finish() async throws -> BlockDigests {
        let block = MD5Digest(hash.value.digest)
        guard !isWhole else {
            return BlockDigests(block: block, pieces: pieces.map { Block(range: $0, md5: block) })
        }
        return BlockDigests(block: block, pieces: state.withLock { $0.finished })
    }

    private func write(_ bytes: UnsafeRawBufferPointer, _ state: inout State) throws {
        let start = state.position
        state.position += Int64(bytes.count)
        guard let range = ByteRange(start: start, end: state.position) else { return }
        while state.piece < pieces.count {
            let piece = pieces[state.piece]
            guard let part = piece.intersection(range) else { return }
            let slice = UnsafeRawBufferPointer(rebasing: bytes[Int(part.start - start)..<Int(part.end - start)])
            try file?.descriptor.writeAll(toAbsoluteOffset: part.start, slice)
            if !isWhole { state.pieceHash.update(slice) }
            guard part.end == piece.end else { return }
            state.finished.append(Block(range: piece, md5: MD5Digest(state.pieceHash.digest)))
            state.pieceHash = RunningMD5()
            state.piece += 1
        }
    }
}
