import SystemPackage
import UploadCore

/// Decides where a finished file may go: inside `storeDir`, symbolic links resolved, or anywhere when that is empty;
/// never among the server's own files.
struct TargetContainment: Sendable {
    /// Resolves a path and walks down again where somebody changes it meanwhile; who does that all the time loses.
    private static let attempts = 8

    /// As configured, made absolute; `nil` for no limit.
    let root: FilePath?
    /// With symbolic links resolved; `/` for no limit.
    private let realRoot: FilePath
    private let reserved: ReservedPaths

    /// - Throws: `Errno` when the folder is not there.
    init(storeDirectory: String, reserved: ReservedPaths) throws {
        self.reserved = reserved
        guard !storeDirectory.isEmpty else {
            (root, realRoot) = (nil, "/")
            return
        }
        guard let real = try SystemCall.realPath(FilePath(storeDirectory)) else { throw Errno.noSuchFileOrDirectory }
        let given = FilePath(storeDirectory).lexicallyNormalized()
        root = given.isAbsolute ? given : real
        realRoot = real
    }

    /// Whether a folder is the root itself; not that of the whole machine.
    func isRoot(_ folder: FilePath) -> Bool { root != nil && (folder == root || folder == realRoot) }

    /// - Throws: `storage` when the root is not where it was, or nobody may enter it: a link to a volume that is not mounted,
    ///   or a mount point that is guarded against just that. It is no fault of whoever registers, and may pass.
    private func checkRoot() throws {
        guard let root else { return }
        do {
            guard try SystemCall.realPath(root) == realRoot else { throw Errno.noSuchFileOrDirectory }
            // Looks a name up in it, which takes a folder that may be entered.
            _ = try SystemCall.isThere(realRoot.appending(Registration.reservedPrefix))
        } catch let error as Errno {
            throw UploadError(.storage, "the folder for finished files is not there", cause: error)
        }
    }

    /// The absolute path of the file, `.` and `..` resolved.
    ///
    /// - Throws: `invalidParameter` for `storePath` or `fileName` when it is not allowed.
    func targetPath(storePath: String, fileName: String) throws -> FilePath {
        var folder = FilePath(storePath)
        if !folder.isAbsolute {
            guard let root else { throw UploadError.invalid("storePath", "must be absolute, for storeDir is not set") }
            folder = root.pushing(folder)
        }
        folder = folder.lexicallyNormalized()
        try checkRoot()
        do {
            guard let real = try resolve(folder) else {
                throw UploadError.invalid("storePath", "is outside of storeDir")
            }
            guard try SystemCall.isFolderOrAbsent(folder) else { throw Errno.notDirectory }
            let parameter = try reserved.clash(folder: real, file: fileName)
            guard parameter == nil else {
                throw UploadError.invalid(parameter?.rawValue ?? "", "is reserved for the server's own files")
            }
        } catch Errno.notDirectory {
            throw UploadError.invalid("storePath", "leads through a file")
        } catch Errno.fileNameTooLong {
            throw UploadError.invalid("storePath", "is too long")
        }
        return folder.appending(fileName)
    }

    /// Opens the folder of a target, by the same rules as ``targetPath(storePath:fileName:)``: the path is resolved once
    /// more, and then walked from the root without following any link, so that one which is swapped in leads nowhere.
    ///
    /// Every name on the way is durable when it returns.
    /// - Parameter making: whether to make what is missing.
    /// - Throws: ``PublishError`` when the path is not allowed any more, `Errno`.
    func openFolder(of target: FilePath, making: Bool) throws -> TargetFolder {
        for _ in 1..<Self.attempts {
            do {
                return try walk(to: try permitted(target), making: making)
            } catch Errno.tooManySymbolicLinkLevels {
                continue
            }
        }
        return try walk(to: try permitted(target), making: making)
    }

    /// The real path of the target's folder.
    func permitted(_ target: FilePath) throws -> FilePath {
        try checkRoot()
        guard let real = try resolve(target.folder) else {
            throw PublishError(reason: "storePath leads outside of storeDir")
        }
        guard try reserved.clash(folder: real, file: target.lastComponent?.string ?? "") == nil else {
            throw PublishError(reason: "storePath leads to the server's own files")
        }
        return real
    }

    /// Walks from the root to a folder that ``permitted(_:)`` gave.
    func walk(to real: FilePath, making: Bool) throws -> TargetFolder {
        var folder = try TargetFolder(realRoot)
        var isInRoot = root != nil
        for name in real.components.dropFirst(realRoot.components.count) {
            let next: TargetFolder
            do {
                next = try folder.folder(name)
            } catch Errno.noSuchFileOrDirectory where making {
                do {
                    try folder.makeFolder(name)
                } catch let error as Errno where isInRoot && error.isForbidden {
                    throw UploadError(translating: error)
                }
                FaultPoint.reach(.targetFolderMade)
                next = try folder.folder(name)
            }
            // Whoever made it and whenever: a process may have died between making a folder and syncing its parent. A
            // parent that we may not even read is none that we made an entry in.
            do { try folder.sync() } catch Errno.permissionDenied {}
            folder = next
            isInRoot = false
        }
        return folder
    }

    /// The folder with all symbolic links resolved, as far as it exists; `nil` when that is outside of the root.
    ///
    /// - Throws: `Errno.notDirectory` when a file stands where a folder is needed.
    private func resolve(_ folder: FilePath) throws -> FilePath? {
        // The part that exists is resolved; what follows will be made as plain folders.
        var existing = folder
        var rest: [FilePath.Component] = []
        while true {
            do {
                if var real = try SystemCall.realPath(existing) {
                    for component in rest.reversed() { real.append(component) }
                    return real.starts(with: realRoot) ? real : nil
                }
                // A link to nothing leads wherever somebody makes that something.
                if try SystemCall.isSymbolicLink(existing) { return nil }
            } catch Errno.tooManySymbolicLinkLevels {
                return nil
            }
            guard let last = existing.lastComponent else { return nil }
            rest.append(last)
            existing.removeLastComponent()
        }
    }
}
