import Glibc
import Synchronization
import SystemPackage

/// An open folder whose names are read one after the other. Closed with its last reference.
final class FolderReader: Sendable {
    private struct Stream: ~Copyable, @unchecked Sendable {
        let folder: OpaquePointer

        deinit { closedir(folder) }
    }

    private let stream: Mutex<Stream>

    /// opendir(3).
    init(_ path: FilePath) throws {
        guard let folder = path.withPlatformString({ opendir($0) }) else { throw Errno(rawValue: errno) }
        stream = Mutex(Stream(folder: folder))
    }

    /// readdir(3), without `.` and `..`; `nil` at the end.
    func next() throws -> String? {
        try stream.withLock { stream in
            while true {
                errno = 0
                guard let entry = readdir(stream.folder) else {
                    if errno != 0 { throw Errno(rawValue: errno) }
                    return nil
                }
                let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
                if name != ".", name != ".." { return name }
            }
        }
    }
}
