import Foundation
import Synchronization
import UploadCore

/// Sees to it that what is committed goes to where the next start looks for it: SQLite goes on with files that somebody has
/// removed or replaced, and nobody finds there what it writes (https://www.sqlite.org/howtocorrupt.html, section 2.4).
final class DatabaseFiles: Sendable {
    private struct Number: Equatable {
        var device: UInt64
        var file: UInt64
    }

    private let paths: [String]
    private let known = Mutex<[String: Number]>([:])

    /// - Parameter path: the database's, links resolved.
    init(path: String) {
        paths = [path, path + "-wal"]
    }

    /// To be asked after each COMMIT, before anybody is told of it.
    ///
    /// - Throws: `storage` when one of the files is not the one that it was at the first call.
    func check() throws(UploadError) {
        for path in paths {
            let number = Self.number(of: path)
            let expected = known.withLock { known in
                if known[path] == nil { known[path] = number }
                return known[path]
            }
            guard number == expected else {
                throw UploadError(
                    .storage, "the server's database was removed or replaced, it has to be started again")
            }
        }
    }

    private static func number(of path: String) -> Number? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Number(device: UInt64(status.st_dev), file: UInt64(status.st_ino))
    }
}
