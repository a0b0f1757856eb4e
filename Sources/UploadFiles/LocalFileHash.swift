import MD5Lanes
import SystemPackage
import UploadCore

/// Reads a staging file from where its hash stands, most often out of the page cache, and hashes it.
final class LocalFileHash: FileHash {
    /// Bytes read at once: they are still in the processor's cache when they are hashed.
    private static let portion: Int64 = 256 << 10
    /// Portions in memory: one is read while another is hashed, so that its lane is never empty.
    private static let readAhead = 3

    private let file: OwnedDescriptor
    private let threads: IOThreads
    private let lanes: HashLanes
    private let stream: HashLanes.Stream

    init(_ file: OwnedDescriptor, threads: IOThreads, lanes: HashLanes, resuming state: FileHashState) {
        self.file = file
        self.threads = threads
        self.lanes = lanes
        let md5 = MidState(hex: state.text, bytes: state.bytes).map { RunningMD5(resuming: $0) }
        stream = HashLanes.Stream(md5 ?? RunningMD5())
    }

    func advance(to end: Int64) async throws -> Int64 {
        let pipeline = Pipeline(depth: Self.readAhead)
        var position = stream.value.count
        do {
            while position < end {
                try Task.checkCancellation()
                try await pipeline.begin()
                let count = Int(min(end - position, Self.portion))
                let bytes = try await read(count, at: position, pipeline)
                position += Int64(bytes)
                if bytes == 0 { break }
            }
        } catch {
            try await pipeline.drain()
            throw error
        }
        try await pipeline.drain()
        guard try !SystemCall.isUnlinked(file.descriptor) else { throw StagingFileGone() }
        return stream.value.count
    }

    /// Reads a portion, and has it hashed while the next one is read.
    ///
    /// - Returns: the number of bytes read; 0 at the end of the file.
    private func read(_ count: Int, at offset: Int64, _ pipeline: Pipeline) async throws -> Int {
        try await withCheckedThrowingContinuation { continuation in
            threads.submit { [file, lanes, stream] in
                do {
                    let bytes = try OwnedBytes(capacity: count) { memory in
                        try file.descriptor.read(fromAbsoluteOffset: offset, into: memory)
                    }
                    lanes.add([bytes], to: stream) { pipeline.end() }
                    continuation.resume(returning: bytes.count)
                    lanes.work()
                } catch {
                    pipeline.end()
                    continuation.resume(throwing: UploadError(translating: error))
                }
            }
        }
    }

    func putDown() -> (bytes: Int64, text: String) {
        let state = stream.value.midState
        return (state.bytes, state.bytes == 0 ? "" : state.hex)
    }

    func digest() -> MD5Digest { MD5Digest(stream.value.digest) }
}
