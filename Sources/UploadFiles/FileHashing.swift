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

    /// The MD5 of a range; `nil` when the file has fewer bytes. Blocks.
    static func digest(of range: ByteRange, in file: FileDescriptor) throws -> MD5Digest? {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)
        defer { buffer.deallocate() }
        var hash = Insecure.MD5()
        var position = range.start
        while position < range.end {
            let window = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(Int(clamping: range.end - position)))
            let count = try file.read(fromAbsoluteOffset: position, into: window)
            guard count > 0 else { return nil }
            hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: window[..<count]))
            position += Int64(count)
        }
        return MD5Digest(hash.finalize())
    }

    func result() throws -> FileDigest {
        state.withLock { FileDigest(md5: MD5Digest($0.hash.finalize()), size: $0.size) }
    }
}

extension MD5Digest {
    /// - Parameter digest: the 16 bytes that a hash function gives.
    init(_ digest: some Sequence<UInt8>) {
        guard let value = MD5Digest(bytes: digest) else { preconditionFailure("an MD5 digest has 16 bytes") }
        self = value
    }
}
