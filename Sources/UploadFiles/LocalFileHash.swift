import Blocking
import MD5Lanes
import SystemPackage
import UploadCore

/// Reads a staging file from where its hash stands, most often out of the page cache, and hashes it.
final class LocalFileHash: FileHash {
    /// Bytes after which it looks whether it is cancelled.
    private static let stretch: Int64 = 64 << 20

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
        while stream.value.count < end {
            try Task.checkCancellation()
            let start = stream.value.count
            let next = min(end, start + Self.stretch)
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                lanes.add(file, from: start, to: next, to: stream) { failure in
                    continuation.resume(with: failure.map { .failure(UploadError(translating: $0)) } ?? .success(()))
                }
                threads.submit { [lanes] in lanes.work() }
            }
            guard stream.value.count == next else { break }
        }
        guard try !SystemCall.isUnlinked(file.descriptor) else { throw StagingFileGone() }
        return stream.value.count
    }

    func putDown() -> (bytes: Int64, text: String) {
        let state = stream.value.midState
        return (state.bytes, state.bytes == 0 ? "" : state.hex)
    }

    func digest() -> MD5Digest { MD5Digest(stream.value.digest) }
}
