import Glibc
import SystemPackage
import UploadCore

extension FileStore {
    /// Syncs, renames (or copies across filesystems), syncs the folders.
    public func publish(_ id: TaskID, to path: String) async throws {
        let (staged, target) = (self.path(of: id), FilePath(path))
        do {
            let renamed = try await threads.run { [self] in
                try prepare(target)
                return try rename(staged, to: target)
            }
            if !renamed { try await copy(staged, to: target, id) }
        } catch let error as Errno {
            throw error.publicationFailure
        }
    }

    /// Every folder on the way to the file stays after a power cut, whoever made it and whenever: a process may have died
    /// between making one and syncing its parent.
    func syncFolders(of target: FilePath) throws {
        var folder = target.folder
        while folder.lastComponent != nil, !durableFolders.withLock({ $0.contains(folder) }) {
            do {
                try SystemCall.syncFolder(folder.folder)
            } catch Errno.permissionDenied {
                // A parent that we may not even read is none that we made an entry in.
                return
            }
            durableFolders.withLock { _ = $0.insert(folder) }
            folder = folder.folder
        }
    }

    /// The target's folder is there, durable, and inside `storeDir` still, whatever has happened since registration.
    private func prepare(_ target: FilePath) throws {
        let folder = target.folder
        guard try containment.contains(folder) else {
            throw PublishError(reason: "storePath leads outside of storeDir")
        }
        if try SystemCall.realPath(folder) == nil {
            durableFolders.withLock { $0.removeAll() }
            try SystemCall.makeFolders(folder)
        }
        try syncFolders(of: target)
        guard try containment.contains(folder) else {
            throw PublishError(reason: "storePath leads outside of storeDir")
        }
    }

    /// `false` when the two are on different filesystems.
    private func rename(_ staged: FilePath, to target: FilePath) throws -> Bool {
        let file = OwnedDescriptor(try FileDescriptor.open(staged, .readWrite, options: .closeOnExec))
        try SystemCall.sync(file.descriptor)
        do {
            try SystemCall.rename(staged, to: target)
        } catch Errno.improperLink {
            return false
        }
        try SystemCall.syncFolder(target.folder)
        try SystemCall.syncFolder(folder)
        return true
    }

    /// To a temporary name beside the target, then a rename there: a reader sees the old file or the new one, whole.
    private func copy(_ staged: FilePath, to target: FilePath, _ id: TaskID) async throws {
        let temporary = target.folder.appending(".fupload-\(id)\(Self.suffix)")
        do {
            let (source, copy) = try await threads.run {
                let source = try FileDescriptor.open(staged, .readOnly, options: .closeOnExec)
                return (
                    OwnedDescriptor(source),
                    OwnedDescriptor(
                        try FileDescriptor.open(
                            temporary, .writeOnly, options: [.create, .truncate, .closeOnExec],
                            permissions: [.ownerReadWrite, .groupRead, .otherRead]))
                )
            }
            var offset: Int64 = 0
            while true {
                let copied = try await threads.run { [offset] in
                    try Self.copyPortion(from: source.descriptor, to: copy.descriptor, at: offset)
                }
                guard copied > 0 else { break }
                offset += Int64(copied)
                try Task.checkCancellation()
            }
            try await threads.run {
                try SystemCall.sync(copy.descriptor)
                try SystemCall.rename(temporary, to: target)
                try SystemCall.syncFolder(target.folder)
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
    /// Whether another try may end differently, or the target can't be had.
    fileprivate var publicationFailure: any Error {
        switch self {
        case .noSpace, .diskQuotaExceeded, .ioError, .readOnlyFileSystem, .tooManyOpenFiles,
            .tooManyOpenFilesInSystem, .noMemory, .interrupted, .resourceBusy:
            UploadError(translating: self)
        case .isDirectory, .directoryNotEmpty:
            PublishError(reason: "a folder stands where the file should go")
        case .notDirectory, .fileExists:
            PublishError(reason: "a file stands where a folder of storePath should be")
        case .permissionDenied, .notPermitted:
            PublishError(reason: "the server may not write to storePath")
        default:
            PublishError(reason: "the file can't be stored: \(description)")
        }
    }
}
