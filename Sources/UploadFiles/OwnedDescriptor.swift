import SystemPackage
import UploadCore

/// A file descriptor that is closed with its last reference, so that none can be used after it was closed.
final class OwnedDescriptor: Sendable {
    let descriptor: FileDescriptor

    init(_ descriptor: FileDescriptor) {
        self.descriptor = descriptor
    }

    /// Writes all of the chunks, one behind the other.
    ///
    /// - Returns: where they end.
    @discardableResult
    func write(_ chunks: [any ByteChunk], at start: Int64) throws -> Int64 {
        var position = start
        for chunk in chunks {
            position += Int64(try chunk.withBytes { try descriptor.writeAll(toAbsoluteOffset: position, $0) })
        }
        return position
    }

    deinit {
        // What was written matters only once a sync has reported success; close has nothing to add to that.
        try? descriptor.close()
    }
}
