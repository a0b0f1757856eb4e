import Synchronization
import SystemPackage
import UploadCore

/// The folders themselves: made, tried out, and measured.
extension FileStore {
    /// Makes the folder, and finds out whether files can be linked from it into `storeDir`.
    public func prepare() async throws {
        try await threads.run { [self] in
            do {
                try SystemCall.settleFolders(folder)
                let here = try SystemCall.fileSystemIdentity(folder)
                home.withLock { $0 = here }
            } catch let error as Errno {
                throw FolderError(folder: folder.string, cause: error)
            }
        }
        let needsCopies = await targetThreads.run { [self] in probeLink() }
        isCopied.withLock { $0 = needsCopies }
    }

    /// - Throws: when the staging folder is on another file system than before: then it is the volume that is gone, and
    ///   what is on it is not.
    func checkHome() throws {
        guard let home = home.withLock({ $0 }) else { return }
        guard try home == SystemCall.fileSystemIdentity(folder) else { throw Errno.noSuchFileOrDirectory }
    }

    /// Does it once more with the folder made anew where that is gone: what cleans /tmp takes folders that have been empty for
    /// long.
    func inFolder<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch Errno.noSuchFileOrDirectory {
            try checkHome()
            try SystemCall.settleFolders(folder)
            return try body()
        }
    }

    /// Whether the one file system that both folders are on has no links in common for them: two mounts of it.
    private func probeLink() -> Bool {
        guard let target, let name = FilePath.Component(Registration.reservedPrefix + "probe") else { return false }
        // Among the names that are removed when the folder is looked through.
        let path = folder.appending(LocalSpool.prefix + "link")
        do {
            let file = try FileDescriptor.open(
                path, .writeOnly, options: [.create, .closeOnExec], permissions: .ownerReadWrite)
            try file.close()
            defer {
                // Whether there is a link is the question; who looks through the folder removes what is left.
                try? target.remove(name)
                try? SystemCall.removeFile(path)
            }
            try target.remove(name)
            try target.link(path, as: name)
            return false
        } catch let error as Errno where Self.noLink.contains(error) {
            return true
        } catch {
            // A disk that is full or broken now is told when files are to go there, and keeps nobody from starting.
            return false
        }
    }

    /// What linkat(2) says where a file has to be copied.
    static let noLink: Set<Errno> = [.improperLink, .notPermitted, .notSupported, .tooManyLinks]

    /// One statfs(2), of the nearest folder that is there.
    public func stagingFileSystem() async throws -> FileSystemIdentity {
        try await blocking { [folder] in
            var identity = try SystemCall.fileSystemIdentity(folder)
            identity.isRoot = try identity == SystemCall.fileSystemIdentity("/")
            return identity
        }
    }

    /// What statvfs(3) gives for `storeDir`.
    public func targetSpace() async throws -> Int64? {
        guard let root = containment.root else { return nil }
        return try await blocking(on: targetThreads) { [self] in
            let target = try SystemCall.fileSystem(root)
            guard !target.isReadOnly else { throw Errno.readOnlyFileSystem }
            return try target.device == inFolder { try SystemCall.fileSystem(folder) }.device ? nil : target.available
        }
    }

    /// What statvfs(3) gives for the staging folder.
    public func freeSpace(target: Int64?) throws(UploadError) -> FreeSpace {
        do {
            return FreeSpace(
                staging: try inFolder { try SystemCall.fileSystem(folder) }.available, target: target,
                isCopied: isCopied.withLock { $0 })
        } catch {
            throw UploadError(translating: error)
        }
    }

    /// On an I/O thread.
    public func measuredSpace() async throws -> FreeSpace {
        try await blocking { [self] in try freeSpace(target: nil) }
    }

    /// Under a name like those of staging files, so that it meets what they meet.
    public func probe() async throws {
        let path = folder.appending("probe\(Self.suffix)")
        try await blocking {
            let file = try self.inFolder {
                OwnedDescriptor(
                    try FileDescriptor.open(
                        path, .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: .ownerReadWrite))
            }
            defer {
                // Whether it can be written is the question; the next probe takes what is left.
                try? SystemCall.removeFile(path)
            }
            try file.descriptor.writeAll(toAbsoluteOffset: 0, "ready?".utf8)
            try SystemCall.syncData(file.descriptor)
            try SystemCall.syncFolder(self.folder)
        }
    }
}
