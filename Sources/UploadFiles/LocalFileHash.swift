import MD5Lanes
import SystemPackage
import UploadCore

/// Reads a staging file from where its hash stands, most often out of the page cache, and hashes it.
final class LocalFileHash: FileHash {
    /// Bytes read at once: they are still in the processor's cache when they are hashed.
    private static let portion = 256 << 10

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
        var covered = stream.value.count
        while covered < end {
            try Task.checkCancellation()
            guard try await takePortion(from: covered, to: end) else { break }
            covered = stream.value.count
        }
        guard try !SystemCall.isUnlinked(file.descriptor) else { throw StagingFileGone() }
        return covered
    }

    /// `false` at the end of the file.
    private func takePortion(from start: Int64, to end: Int64) async throws -> Bool {
        try await withCheckedThrowingContinuation { continuation in
            threads.submit { [file, lanes, stream] in
                do {
                    let count = Int(min(end - start, Int64(Self.portion)))
                    let bytes = try OwnedBytes(capacity: count) { memory in
                        try file.descriptor.read(fromAbsoluteOffset: start, into: memory)
                    }
                    guard bytes.count > 0 else { return continuation.resume(returning: false) }
                    lanes.hash([bytes], into: stream) { continuation.resume(returning: true) }
                } catch {
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
