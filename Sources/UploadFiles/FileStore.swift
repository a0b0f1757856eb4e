import Glibc
import Synchronization
import SystemPackage
import UploadCore

/// ``StagingStore`` on a local file system: `<folder>/<task>.part` until the rename.
public final class FileStore: StagingStore {
    /// Bytes read at once when a file is hashed or copied; cancellation is looked at in between.
    private static let portion = 4 << 20

    let folder: FilePath
    let containment: TargetContainment
    let threads: IOThreads
    /// Tasks whose staging file's name is known to be durable; saves a folder sync on every block.
    private let durableNames = Mutex<Set<TaskID>>([])

    /// Makes the folders where they are missing.
    ///
    /// - Parameters:
    ///   - stagingFolder: where staging files go. Nobody else's.
    ///   - storeDirectory: what published files must lie in; empty for no limit.
    ///   - reserved: what no file may be published to.
    ///   - threads: runs every call that blocks.
    /// - Throws: an error that names the folder which can't be made.
    public init(
        stagingFolder: String, storeDirectory: String, reserved: ReservedPaths = ReservedPaths(folders: [], files: []),
        threads: IOThreads
    ) throws {
        folder = FilePath(stagingFolder).lexicallyNormalized()
        self.threads = threads
        do {
            try SystemCall.makeFolders(folder)
            if !storeDirectory.isEmpty { try SystemCall.makeFolders(FilePath(storeDirectory)) }
            containment = try TargetContainment(storeDirectory: storeDirectory, reserved: reserved)
            for path in [folder, FilePath(storeDirectory)] where !path.isEmpty {
                // Also when they were there: whoever made them may have died before they were durable. A parent that may
                // not even be read is none that we made an entry in.
                do { try SystemCall.syncFolder(path.folder) } catch Errno.permissionDenied { continue }
            }
            try LocalSpool.removeLeftovers(in: folder)
        } catch let error as Errno {
            throw FolderError(folders: [stagingFolder, storeDirectory], cause: error)
        }
    }

    /// A folder that the server needs can't be made or used.
    public struct FolderError: Error, CustomStringConvertible {
        let folders: [String]
        let cause: Errno

        /// One sentence.
        public var description: String {
            "a folder can't be made or used (\(folders.filter { !$0.isEmpty }.joined(separator: ", "))): \(cause)"
        }
    }

    /// Resolves symbolic links on an I/O thread.
    public func targetPath(storePath: String, fileName: String) async throws -> String {
        try await blocking { [containment] in
            try containment.targetPath(storePath: storePath, fileName: fileName).string
        }
    }

    /// What statvfs(3) gives for the staging folder and, on another file system, for `storeDir`.
    public func freeSpace() throws(UploadError) -> FreeSpace {
        do {
            let staging = try SystemCall.fileSystem(folder)
            let target = try containment.root.map { try SystemCall.fileSystem($0) }
            return FreeSpace(
                staging: staging.available, target: target?.device == staging.device ? nil : target?.available)
        } catch {
            throw UploadError(translating: error)
        }
    }

    /// One open(2); the name becomes durable with the first sync.
    public func open(_ id: TaskID, creating: Bool) async throws -> any StagingFile {
        let path = path(of: id)
        let (descriptor, isNew) = try await blocking { [self] in
            do {
                return (try OwnedDescriptor(FileDescriptor.open(path, .readWrite, options: .closeOnExec)), false)
            } catch Errno.noSuchFileOrDirectory {
                guard creating else { throw StagingFileGone() }
                durableNames.withLock { _ = $0.remove(id) }
                let descriptor = try OwnedDescriptor(
                    FileDescriptor.open(
                        path, .readWrite, options: [.create, .closeOnExec],
                        permissions: [.ownerReadWrite, .groupRead, .otherRead]))
                FaultPoint.reach(.stagingFileMade)
                return (descriptor, true)
            }
        }
        return LocalStagingFile(descriptor, threads: threads) { [self] in try syncName(of: id, isNew: isNew) }
    }

    private func syncName(of id: TaskID, isNew: Bool) throws {
        guard !durableNames.withLock({ $0.contains(id) }) else { return }
        do {
            try SystemCall.syncFolder(folder)
        } catch {
            // The next try must not find the name there and take it for durable: a failed sync is never repeated into
            // success. Where removing fails too, the disk has bigger troubles, and the failure below is reported.
            // Under the lock: a sync beside this one that succeeded made the name durable, and blocks may be
            // acknowledged since; one that is about to say so finds the file without a name.
            durableNames.withLock { names in
                if isNew, !names.contains(id) { try? SystemCall.removeFile(path(of: id)) }
            }
            throw error
        }
        durableNames.withLock { _ = $0.insert(id) }
    }

    /// Under a name like those of staging files, so that it meets what they meet.
    public func probe() async throws {
        let path = folder.appending("probe\(Self.suffix)")
        try await blocking {
            let file = OwnedDescriptor(
                try FileDescriptor.open(
                    path, .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: .ownerReadWrite))
            defer {
                // Whether it can be written is the question; the next probe takes what is left.
                try? SystemCall.removeFile(path)
            }
            try file.descriptor.writeAll(toAbsoluteOffset: 0, "ready?".utf8)
            try SystemCall.syncData(file.descriptor)
            try SystemCall.syncFolder(self.folder)
        }
    }

    /// An unlinked file in the staging folder.
    public func makeSpool() async throws -> any Spool {
        try await blocking { [folder, threads] in try LocalSpool(in: folder, threads: threads) }
    }

    /// One stat(2).
    public func stagedSize(of id: TaskID) async throws -> Int64? {
        let path = path(of: id)
        return try await blocking { try SystemCall.fileSize(path) }
    }

    /// Hashes on the I/O threads.
    public func makeVerifier(for block: ByteRange) -> any BlockWriter {
        LocalBlockWriter(nil, threads: threads, block: block, pieces: [])
    }

    /// One unlink(2); a file that is not there is fine.
    public func remove(_ id: TaskID) async throws {
        let path = path(of: id)
        try await blocking { try SystemCall.removeFile(path) }
        durableNames.withLock { _ = $0.remove(id) }
        FaultPoint.reach(.stagingFileRemoved)
    }

    /// Reads the folder; names which are no task's are left out.
    public func stagingFiles() async throws -> [TaskID: Int64] {
        try await blocking { [folder] in
            var files: [TaskID: Int64] = [:]
            for name in try SystemCall.entries(folder) where name.hasSuffix(Self.suffix) {
                // What does not bear a task's name is not ours to judge.
                guard let id = TaskID(name.dropLast(Self.suffix.count)) else { continue }
                files[id] = try SystemCall.fileSize(folder.appending(name))
            }
            return files
        }
    }

    /// Reads the whole file, 4 MiB at a time; ends early when cancelled.
    public func stagedDigest(of id: TaskID) async throws -> FileDigest? {
        let path = path(of: id)
        let file: OwnedDescriptor? = try await blocking {
            do {
                return OwnedDescriptor(try FileDescriptor.open(path, .readOnly, options: .closeOnExec))
            } catch Errno.noSuchFileOrDirectory {
                return nil
            }
        }
        guard let file else { return nil }
        return try await digest(of: file)
    }

    /// Syncs file and folders, then reads the whole file, 4 MiB at a time; ends early when cancelled.
    public func publishedDigest(at path: String) async throws -> FileDigest? {
        let target = FilePath(path)
        let file: OwnedDescriptor? = try await blocking { [containment] in
            do {
                let folder = try containment.openFolder(of: target, making: false)
                guard let name = target.lastComponent, let file = try folder.openFile(name) else { return nil }
                try SystemCall.sync(file.descriptor)
                try folder.sync()
                return file
            } catch Errno.noSuchFileOrDirectory {
                return nil
            } catch is PublishError {
                // What lies outside of storeDir was not put there by us.
                return nil
            }
        }
        guard let file else { return nil }
        return try await digest(of: file)
    }

    private func digest(of descriptor: OwnedDescriptor) async throws -> FileDigest {
        let hashing = FileHashing(descriptor)
        while try await blocking({ try hashing.readMore(Self.portion) }) {
            try Task.checkCancellation()
        }
        return try hashing.result()
    }

    static let suffix = ".part"

    /// A task's staging file, in its folder.
    static func name(of id: TaskID) -> String { "\(id)\(suffix)" }

    func path(of id: TaskID) -> FilePath {
        folder.appending(Self.name(of: id))
    }

    func blocking<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        do {
            return try await threads.run(body)
        } catch let error where error is PublishError || error is StagingFileGone {
            throw error
        } catch {
            throw UploadError(translating: error)
        }
    }
}
