import SystemPackage
import UploadCore

/// Decides where a finished file may go: inside `storeDir`, symbolic links resolved, or anywhere when that is empty.
struct TargetContainment: Sendable {
    /// As configured, made absolute; `nil` for no limit.
    let root: FilePath?
    /// With symbolic links resolved.
    private let realRoot: FilePath?

    /// - Throws: `Errno` when the folder is not there.
    init(storeDirectory: String) throws {
        guard !storeDirectory.isEmpty else {
            (root, realRoot) = (nil, nil)
            return
        }
        guard let real = try SystemCall.realPath(FilePath(storeDirectory)) else { throw Errno.noSuchFileOrDirectory }
        let given = FilePath(storeDirectory).lexicallyNormalized()
        root = given.isAbsolute ? given : real
        realRoot = real
    }

    /// Whether the folder is the root, whose own name is durable since the start.
    func isRoot(_ folder: FilePath) -> Bool { folder == root || folder == realRoot }

    /// The absolute path of the file, `.` and `..` resolved.
    ///
    /// - Throws: `invalidParameter` for `storePath` when it is not allowed.
    func targetPath(storePath: String, fileName: String) throws -> FilePath {
        var folder = FilePath(storePath)
        if !folder.isAbsolute {
            guard let root else { throw UploadError.invalid("storePath", "must be absolute, for storeDir is not set") }
            folder = root.pushing(folder)
        }
        folder = folder.lexicallyNormalized()
        do {
            guard try contains(folder) else { throw UploadError.invalid("storePath", "is outside of storeDir") }
            guard try SystemCall.isFolderOrAbsent(folder) else { throw Errno.notDirectory }
        } catch Errno.notDirectory {
            throw UploadError.invalid("storePath", "leads through a file")
        } catch Errno.fileNameTooLong {
            throw UploadError.invalid("storePath", "is too long")
        }
        return folder.appending(fileName)
    }

    /// Whether the folder, as far as it exists, leads to a place inside the root.
    ///
    /// - Throws: `Errno.notDirectory` when a file stands where a folder is needed.
    func contains(_ folder: FilePath) throws -> Bool {
        guard let realRoot else { return true }
        // The part that exists is resolved; what follows will be made as plain folders.
        var existing = folder
        var rest: [FilePath.Component] = []
        while true {
            do {
                if var real = try SystemCall.realPath(existing) {
                    for component in rest.reversed() { real.append(component) }
                    return real.starts(with: realRoot)
                }
                // A link to nothing leads wherever somebody makes that something.
                if try SystemCall.isSymbolicLink(existing) { return false }
            } catch Errno.tooManySymbolicLinkLevels {
                return false
            }
            guard let last = existing.lastComponent else { return false }
            rest.append(last)
            existing.removeLastComponent()
        }
    }
}
