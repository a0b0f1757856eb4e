import Crypto
import Synchronization
import SystemPackage
import UploadCore

/// Hashes a file from its beginning to its end, a portion a call.
final class FileHashing: Sendable {
    private struct State {
        var hash = Insecure.MD5()
        var size: Int64 = 0
    }

    private let file: OwnedDescriptor
    private let state = Mutex(State())

    init(_ file: OwnedDescriptor) {
        self.file = file
    }

    /// Blocks. `false` at the end of the file.
    func readMore(_ count: Int) throws -> Bool {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)
        defer { buffer.deallocate() }
        return try state.withLock { state in
            var rest = count
            while rest > 0 {
                let read = try file.descriptor.read(fromAbsoluteOffset: state.size, into: buffer)
                guard read > 0 else { return false }
                state.hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<read]))
                state.size += Int64(read)
                rest -= read
            }
            return true
        }
    }

    func result() throws -> FileDigest {
        state.withLock { FileDigest(md5: MD5Digest($0.hash.finalize()), size: $0.size) }
    }
}
