import Crypto
import NIOPosix
import Synchronization

/// MD5 of a file or a part of one: the protocol's checksum, which guards against damage, not against malice.
public enum FileHasher {
    private static let pieceSize = 1 << 20

    /// The MD5 of `count` bytes at `offset`, as 32 lower-case hex digits.
    ///
    /// - Parameter progress: called from a background thread with the number of bytes just done.
    /// - Throws: ``UploadFailure``; `CancellationError` soon after the task is cancelled.
    public static func md5(
        of file: SourceFile, at offset: Int64, count: Int64, progress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) async throws -> String {
        let stop = StopFlag()
        return try await withTaskCancellationHandler {
            try await NIOThreadPool.singleton.runIfActive {
                try hash(file, at: offset, count: count, stop: stop, progress: progress)
            }
        } onCancel: {
            stop.raise()
        }
    }

    private static func hash(
        _ file: SourceFile, at offset: Int64, count: Int64, stop: StopFlag, progress: (Int64) -> Void
    ) throws -> String {
        var hasher = Insecure.MD5()
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceSize, alignment: 16)
        defer { piece.deallocate() }
        var done: Int64 = 0
        while done < count {
            if stop.isRaised { throw CancellationError() }
            let wanted = Int(min(Int64(pieceSize), count - done))
            let got = try file.fill(UnsafeMutableRawBufferPointer(rebasing: piece[..<wanted]), at: offset + done)
            hasher.update(bufferPointer: UnsafeRawBufferPointer(rebasing: piece[..<got]))
            done += Int64(got)
            progress(Int64(got))
        }
        return hex(hasher.finalize())
    }

    /// Lower-case hex of `bytes`.
    static func hex(_ bytes: some Sequence<UInt8>) -> String {
        bytes.reduce(into: "") { text, byte in
            if byte < 16 { text += "0" }
            text += String(byte, radix: 16)
        }
    }
}

private final class StopFlag: Sendable {
    private let raised = Atomic(false)

    var isRaised: Bool { raised.load(ordering: .relaxed) }

    func raise() { raised.store(true, ordering: .relaxed) }
}
