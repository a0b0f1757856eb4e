import SystemPackage
import UploadCore

extension FileStore {
    /// Syncs, links and renames (or copies across file systems), syncs the folders.
    public func publish(_ id: TaskID, to path: String) async throws {
        let (staged, target) = (self.path(of: id), FilePath(path))
        do {
            let place = try await targetThreads.run { [containment] in
                try PublishingPlace(target, of: id, containment)
            }
            let linked = try await targetThreads.run { [self] in try link(staged, at: place) }
            if !linked { try await copy(staged, to: place) }
            FaultPoint.reach(.targetSynced)
        } catch let error as Errno where containment.isRoot(target.folder) && error.isForbidden {
            // storeDir itself, that is the operator's matter: an empty mount point looks like this too.
            throw UploadError(translating: error)
        } catch let error as Errno {
            throw error.publicationFailure
        }
    }

    /// What a file is called beside its target until it is whole.
    static func temporaryName(of id: TaskID) -> String { Registration.reservedPrefix + name(of: id) }

    /// The same as a path.
    static func temporaryPath(of id: TaskID, beside target: FilePath) -> FilePath {
        target.folder.appending(temporaryName(of: id))
    }

    /// Gives the staged file a second name beside the target and renames that: the staging name stays until the COMMIT, so
    /// that all of this can be repeated without having to guess whether it happened.
    ///
    /// - Returns: `false` where that is impossible: on another file system, or on one without hard links.
    /// - Throws: ``StagingFileGone`` when the staged bytes can't be called durable.
    private func link(_ staged: FilePath, at place: PublishingPlace) throws -> Bool {
        let file = OwnedDescriptor(try FileDescriptor.open(staged, .readWrite, options: .closeOnExec))
        do {
            try SystemCall.sync(file.descriptor)
        } catch {
            // The kernel reports a lost write once; the next sync of the same bytes would succeed and mean nothing.
            throw StagingFileGone(cause: error)
        }
        try place.folder.remove(place.temporary)
        do {
            try place.folder.link(staged, as: place.temporary)
        } catch let error as Errno where Self.noLink.contains(error) {
            return false
        }
        FaultPoint.reach(.targetLinked)
        try place.replace()
        return true
    }

    /// To a temporary name beside the target, then a rename there: a reader sees the old file or the new one, whole.
    private func copy(_ staged: FilePath, to place: PublishingPlace) async throws {
        let (source, copy) = try await targetThreads.run {
            try place.folder.remove(place.temporary)
            let source = OwnedDescriptor(try FileDescriptor.open(staged, .readOnly, options: .closeOnExec))
            // What was promised to others is not eaten up, only for there to be too little in the end.
            guard try place.folder.freeSpace() >= SystemCall.size(source.descriptor) else { throw Errno.noSpace }
            return (source, try place.folder.create(place.temporary))
        }
        do {
            var offset: Int64 = 0
            while true {
                let copied = try await targetThreads.run { [offset] in
                    try Self.copyPortion(from: source.descriptor, to: copy.descriptor, at: offset)
                }
                guard copied > 0 else { break }
                FaultPoint.reach(.targetCopied)
                offset += Int64(copied)
                try Task.checkCancellation()
            }
            try await targetThreads.run {
                try SystemCall.sync(copy.descriptor)
                try place.replace()
            }
        } catch {
            // The next try begins anew; the failure that is being reported matters more than this one.
            try? await targetThreads.run { try place.folder.remove(place.temporary) }
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

/// Where one task's file is about to go: the open folder, and the two names in it.
private struct PublishingPlace: Sendable {
    let folder: TargetFolder
    let name: FilePath.Component
    let temporary: FilePath.Component

    init(_ target: FilePath, of id: TaskID, _ containment: TargetContainment) throws {
        guard let name = target.lastComponent,
            let temporary = FilePath.Component(FileStore.temporaryName(of: id))
        else { throw Errno.invalidArgument }
        (self.name, self.temporary) = (name, temporary)
        folder = try containment.openFolder(of: target, making: true)
    }

    /// Puts the file with the temporary name in the place of the target, durably.
    func replace() throws {
        do {
            try folder.rename(temporary, to: name)
            // rename(2) leaves both names when they already are one file, as after a crash at this point.
            try folder.remove(temporary)
        } catch {
            // Why it failed matters more than that the name is left; the next try removes it.
            try? folder.remove(temporary)
            throw error
        }
        FaultPoint.reach(.targetRenamed)
        // Where this fails, all of it is done anew, from the link on: never only the sync.
        try folder.sync()
    }
}

extension Errno {
    /// Whether it is somebody's rule that this may not be done.
    var isForbidden: Bool { self == .permissionDenied || self == .notPermitted }

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
