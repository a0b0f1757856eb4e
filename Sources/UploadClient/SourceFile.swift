import NIOCore
import NIOPosix
import SystemPackage

/// The file being uploaded, open for reading. Reads run on a thread pool, since a disk may take its time.
public final class SourceFile: Sendable {
    /// The path it was opened by.
    public let path: String
    /// What it was when it was opened.
    public let fingerprint: FileFingerprint
    private let descriptor: SystemPackage.FileDescriptor

    /// Opens a regular file; throws ``UploadFailure/fileUnreadable(path:reason:)``.
    public init(path: String) throws(UploadFailure) {
        self.path = path
        fingerprint = try FileFingerprint.read(path)
        do {
            descriptor = try SystemPackage.FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
        } catch {
            throw .fileUnreadable(path: path, reason: SourceFile.reason(error))
        }
    }

    deinit {
        // Nothing was written: an error on closing can lose nothing.
        try? descriptor.close()
    }

    /// Throws ``UploadFailure/fileChanged(path:)`` when the path no longer leads to the same size and time.
    public func checkUnchanged() throws(UploadFailure) {
        guard try FileFingerprint.read(path) == fingerprint else { throw .fileChanged(path: path) }
    }

    /// Reads exactly `count` bytes at `offset`; a file that ends before is ``UploadFailure/fileChanged(path:)``.
    func read(at offset: Int64, count: Int) async throws -> ByteBuffer {
        try await NIOThreadPool.singleton.runIfActive {
            var buffer = ByteBufferAllocator().buffer(capacity: count)
            var filled = 0
            while filled < count {
                filled += try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count - filled) { space in
                    let target = UnsafeMutableRawBufferPointer(rebasing: space.prefix(count - filled))
                    return try self.fill(target, at: offset + Int64(filled))
                }
            }
            return buffer
        }
    }

    /// One read of at least 1 byte; blocks the calling thread.
    func fill(_ target: UnsafeMutableRawBufferPointer, at offset: Int64) throws(UploadFailure) -> Int {
        let count: Int
        do {
            count = try descriptor.read(fromAbsoluteOffset: offset, into: target)
        } catch {
            throw .fileUnreadable(path: path, reason: SourceFile.reason(error))
        }
        guard count > 0 else { throw .fileChanged(path: path) }
        return count
    }

    private static func reason(_ error: any Error) -> String {
        (error as? Errno)?.description ?? "\(error)"
    }
}
