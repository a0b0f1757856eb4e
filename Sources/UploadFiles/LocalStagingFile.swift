import Crypto
import Synchronization
import SystemPackage
import UploadCore

/// An open staging file: positioned writes from any number of requests, and the sync that makes them durable.
final class LocalStagingFile: StagingFile {
    private let file: OwnedDescriptor
    private let threads: IOThreads
    private let syncName: @Sendable () throws -> Void

    init(_ file: OwnedDescriptor, threads: IOThreads, syncName: @escaping @Sendable () throws -> Void) {
        self.file = file
        self.threads = threads
        self.syncName = syncName
    }

    func makeWriter(for block: ByteRange, pieces: [ByteRange]) -> any BlockWriter {
        LocalBlockWriter(file, threads: threads, block: block, pieces: pieces)
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
        var block = Insecure.MD5()
        /// Index of the piece that `position` lies in or before.
        var piece = 0
        var pieceHash = Insecure.MD5()
        var finished: [Block] = []
    }

    /// `nil` when nothing is to be written.
    private let file: OwnedDescriptor?
    private let threads: IOThreads
    private let pieces: [ByteRange]
    /// The usual case, a block that was missing wholly: one hash serves for both.
    private let isWhole: Bool
    private let state: Mutex<State>

    init(_ file: OwnedDescriptor?, threads: IOThreads, block: ByteRange, pieces: [ByteRange]) {
        self.file = file
        self.threads = threads
        self.pieces = pieces
        isWhole = pieces == [block]
        state = Mutex(State(position: block.start))
    }

    func write(_ chunks: [any ByteChunk]) async throws {
        do {
            // One request writes one chunk after the other, so the lock is never waited for.
            try await threads.run { [self] in
                try state.withLock { state in
                    for chunk in chunks { try chunk.withBytes { try write($0, &state) } }
                }
                FaultPoint.reach(.blockWritten)
            }
        } catch {
            throw UploadError(translating: error)
        }
    }

    func finish() async throws -> BlockDigests {
        let (block, finished) = state.withLock { (MD5Digest($0.block.finalize()), $0.finished) }
        guard !isWhole else {
            return BlockDigests(block: block, pieces: pieces.map { Block(range: $0, md5: block) })
        }
        return BlockDigests(block: block, pieces: finished)
    }

    private func write(_ bytes: UnsafeRawBufferPointer, _ state: inout State) throws {
        state.block.update(bufferPointer: bytes)
        let start = state.position
        state.position += Int64(bytes.count)
        guard let range = ByteRange(start: start, end: state.position) else { return }
        while state.piece < pieces.count {
            let piece = pieces[state.piece]
            guard let part = piece.intersection(range) else { return }
            let slice = UnsafeRawBufferPointer(rebasing: bytes[Int(part.start - start)..<Int(part.end - start)])
            try file?.descriptor.writeAll(toAbsoluteOffset: part.start, slice)
            if !isWhole { state.pieceHash.update(bufferPointer: slice) }
            guard part.end == piece.end else { return }
            state.finished.append(Block(range: piece, md5: MD5Digest(state.pieceHash.finalize())))
            state.pieceHash = Insecure.MD5()
            state.piece += 1
        }
    }
}

extension MD5Digest {
    init(_ digest: Insecure.MD5Digest) {
        guard let value = MD5Digest(bytes: digest) else { preconditionFailure("an MD5 digest has 16 bytes") }
        self = value
    }
}
