import Blocking
import MD5Lanes
import Synchronization
import SystemPackage
import UploadCore

/// Writes the missing pieces of one block where they belong, hashing while the bytes are in the cache.
final class LocalBlockWriter: BlockWriter {
    /// What a block that is held in part leaves to be written.
    private struct Pieces {
        /// Index of the piece that the next byte lies in or before.
        var index = 0
        var hash = RunningMD5()
        var finished: [Block] = []
    }

    /// `nil` when nothing is to be written.
    private let file: OwnedDescriptor?
    private let threads: IOThreads
    private let lanes: HashLanes
    private let pieces: [ByteRange]
    /// The usual case, a block that was missing wholly: one hash serves for both.
    private let isWhole: Bool
    private let hash = HashLanes.Stream()
    private let pipeline: Pipeline
    /// Offset in the file of the next byte.
    private let position: Mutex<Int64>
    private let rest = Mutex(Pieces())

    init(_ file: OwnedDescriptor?, threads: IOThreads, lanes: HashLanes, block: ByteRange, pieces: [ByteRange]) {
        self.file = file
        self.threads = threads
        self.lanes = lanes
        self.pieces = pieces
        isWhole = pieces == [block]
        // Two steps for each write. Pieces are hashed where they are written, one after the other; else the next chunks come
        // while these are worked on.
        pipeline = Pipeline(depth: isWhole ? 4 : 2)
        position = Mutex(block.start)
    }

    func write(_ chunks: [any ByteChunk]) async throws {
        try await pipeline.begin(2)
        let length = chunks.reduce(0) { $0 + Int64($1.count) }
        let start = position.withLock { position in
            defer { position += length }
            return position
        }
        lanes.add(chunks, to: hash) { [pipeline] in pipeline.end() }
        threads.submit { [self] in
            pipeline.end(failureOfPutting(chunks, at: start))
            lanes.work()
        }
    }

    private func failureOfPutting(_ chunks: [any ByteChunk], at start: Int64) -> UploadError? {
        do {
            try put(chunks, at: start)
            FaultPoint.reach(.blockWritten)
            return nil
        } catch {
            return UploadError(translating: error)
        }
    }

    func finish() async throws -> BlockDigests {
        try await pipeline.drain()
        let block = MD5Digest(hash.value.digest)
        guard !isWhole else {
            return BlockDigests(block: block, pieces: pieces.map { Block(range: $0, md5: block) })
        }
        return BlockDigests(block: block, pieces: rest.withLock { $0.finished })
    }

    func settle() async {
        // What failed was told, or does not matter any more.
        try? await pipeline.drain()
    }

    private func put(_ chunks: [any ByteChunk], at start: Int64) throws {
        guard !isWhole else {
            guard let file else { return }
            let end = try file.write(chunks, at: start)
            SystemCall.startWriting(file.descriptor, from: start, to: end)
            return
        }
        var position = start
        for chunk in chunks {
            try chunk.withBytes { bytes in try rest.withLock { try put(bytes, at: position, &$0) } }
            position += Int64(chunk.count)
        }
    }

    private func put(_ bytes: UnsafeRawBufferPointer, at start: Int64, _ rest: inout Pieces) throws {
        guard let range = ByteRange(start: start, end: start + Int64(bytes.count)) else { return }
        while rest.index < pieces.count {
            let piece = pieces[rest.index]
            guard let part = piece.intersection(range) else { return }
            let slice = UnsafeRawBufferPointer(rebasing: bytes[Int(part.start - start)..<Int(part.end - start)])
            try file?.descriptor.writeAll(toAbsoluteOffset: part.start, slice)
            rest.hash.update(slice)
            guard part.end == piece.end else { return }
            rest.finished.append(Block(range: piece, md5: MD5Digest(rest.hash.digest)))
            rest.hash = RunningMD5()
            rest.index += 1
        }
    }
}
