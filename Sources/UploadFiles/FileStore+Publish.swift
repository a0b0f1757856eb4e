import Glibc
import SystemPackage
import UploadCore

extension FileStore {
    /// Syncs, renames (or copies across filesystems), syncs the folders.
    public func publish(_ id: TaskID, to path: String) async throws {
        let (staged, target) = (self.path(of: id), FilePath(path))
        let temporary = Self.temporaryName(of: id, beside: target)
        do {
            let linked = try await threads.run { [self] in
                try prepare(target)
                return try link(staged, as: temporary, to: target)
            }
            if !linked { try await copy(staged, by: temporary, to: target) }
        } catch let error as Errno {
            throw error.publicationFailure
        }
    }

    /// What a file is called beside its target until it is whole.
    static func temporaryName(of id: TaskID, beside target: FilePath) -> FilePath {
        target.folder.appending(".fupload-\(name(of: id))")
    }

    /// Every folder on the way to the file stays after a power cut, whoever made it and whenever: a process may have died
    /// between making one and syncing its parent.
    func syncFolders(of target: FilePath) throws {
        var folder = target.folder
        while folder.lastComponent != nil, !containment.isRoot(folder) {
            do {
                try SystemCall.syncFolder(folder.folder)
            } catch Errno.permissionDenied {
                // A parent that we may not even read is none that we made an entry in.
                return
            }
            folder = folder.folder
        }
    }

    /// The target's folder is there, durable, and inside `storeDir` still, whatever has happened since registration.
    private func prepare(_ target: FilePath) throws {
        let folder = target.folder
        guard try containment.contains(folder) else {
            throw PublishError(reason: "storePath leads outside of storeDir")
        }
        try SystemCall.makeFolders(folder)
        try syncFolders(of: target)
        guard try containment.contains(folder) else {
            throw PublishError(reason: "storePath leads outside of storeDir")
        }
    }

    /// Gives the staged file a second name beside the target and renames that: the staging name stays until the COMMIT, so
    /// that all of this can be repeated without having to guess whether it happened.
    ///
    /// - Returns: `false` where that is impossible: on another filesystem, or on one without hard links.
    private func link(_ staged: FilePath, as temporary: FilePath, to target: FilePath) throws -> Bool {
        let file = OwnedDescriptor(try FileDescriptor.open(staged, .readWrite, options: .closeOnExec))
        try SystemCall.sync(file.descriptor)
        try SystemCall.removeFile(temporary)
        do {
            try SystemCall.link(staged, as: temporary)
        } catch Errno.improperLink, Errno.notPermitted, Errno.notSupported, Errno.tooManyLinks {
            return false
        }
        try replace(target, with: temporary)
        return true
    }

    private func replace(_ target: FilePath, with temporary: FilePath) throws {
        do {
            try SystemCall.rename(temporary, to: target)
            // rename(2) leaves both names when they already are one file, as after a crash at this point.
            try SystemCall.removeFile(temporary)
        } catch {
            // Why it failed matters more than that the name is left; the next try removes it.
            try? SystemCall.removeFile(temporary)
            throw error
        }
        try SystemCall.syncFolder(target.folder)
    }

    /// To a temporary name beside the target, then a rename there: a reader sees the old file or the new one, whole.
    private func copy(_ staged: FilePath, by temporary: FilePath, to target: FilePath) async throws {
        let (source, copy) = try await threads.run {
            try SystemCall.removeFile(temporary)
            return (
                OwnedDescriptor(try FileDescriptor.open(staged, .readOnly, options: .closeOnExec)),
                // Made by us and by nobody else: a link that somebody plants under the name is not followed.
                OwnedDescriptor(
                    try FileDescriptor.open(
                        temporary, .writeOnly, options: [.create, .exclusiveCreate, .noFollow, .closeOnExec],
                        permissions: [.ownerReadWrite, .groupRead, .otherRead]))
            )
        }
        do {
            var offset: Int64 = 0
            while true {
                let copied = try await threads.run { [offset] in
                    try Self.copyPortion(from: source.descriptor, to: copy.descriptor, at: offset)
                }
                guard copied > 0 else { break }
                offset += Int64(copied)
                try Task.checkCancellation()
            }
            try await threads.run { [self] in
                try SystemCall.sync(copy.descriptor)
                try replace(target, with: temporary)
            }
        } catch {
            // The next try begins anew; the failure that is being reported matters more than this one.
            try? await threads.run { try SystemCall.removeFile(temporary) }
            throw error
        }
    }

    private static func copyPortion(
        from source: FileDescriptor, to target: FileDescriptor, at offset: Int64
    ) throws -> Int {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { buffer.deallocate() }
        let count = try source.read(fromAbsoluteOffset: offset, into: buffer)
        try target.writeAll(toAbsoluteOffset: offset, UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        return count
    }
}

extension Errno {
    /// Whether the target can't be had, or another try may end differently. When in doubt it may: what is given up
    /// wrongly here is a complete, verified file.
    fileprivate var publicationFailure: any Error {
        switch self {
        case .isDirectory, .directoryNotEmpty:
            PublishError(reason: "a folder stands where the file should go")
        case .notDirectory, .fileExists:
            PublishError(reason: "a file stands where a folder of storePath should be")
        case .permissionDenied, .notPermitted:
            PublishError(reason: "the server may not write to storePath")
        case .fileNameTooLong, .tooManySymbolicLinkLevels:
            PublishError(reason: "the path of the file is too long or leads in circles")
        default:
            UploadError(translating: self)
        }
    }
}
