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
    ///   - threads: runs every call that blocks.
    /// - Throws: an error that names the folder which can't be made.
    public init(stagingFolder: String, storeDirectory: String, threads: IOThreads) throws {
        folder = FilePath(stagingFolder).lexicallyNormalized()
        self.threads = threads
        do {
            try SystemCall.makeFolders(folder)
            if !storeDirectory.isEmpty { try SystemCall.makeFolders(FilePath(storeDirectory)) }
            containment = try TargetContainment(storeDirectory: storeDirectory)
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

    /// What statvfs(3) gives for the staging folder.
    public func availableBytes() async throws -> Int64 {
        try await blocking { [folder] in try SystemCall.availableBytes(folder) }
    }

    /// One open(2); the name becomes durable with the first sync.
    public func open(_ id: TaskID, creating: Bool) async throws -> any StagingFile {
        let path = path(of: id)
        let descriptor = try await blocking { [self] in
            do {
                return try OwnedDescriptor(FileDescriptor.open(path, .readWrite, options: .closeOnExec))
            } catch Errno.noSuchFileOrDirectory {
                guard creating else { throw StagingFileGone() }
                durableNames.withLock { _ = $0.remove(id) }
                return try OwnedDescriptor(
                    FileDescriptor.open(
                        path, .readWrite, options: [.create, .closeOnExec],
                        permissions: [.ownerReadWrite, .groupRead, .otherRead]))
            }
        }
        return LocalStagingFile(descriptor, threads: threads) { [self] in
            guard !durableNames.withLock({ $0.contains(id) }) else { return }
            try SystemCall.syncFolder(folder)
            durableNames.withLock { _ = $0.insert(id) }
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
        try await digest(of: path(of: id))
    }

    /// Syncs file and folders, then reads the whole file, 4 MiB at a time; ends early when cancelled.
    public func publishedDigest(at path: String) async throws -> FileDigest? {
        let target = FilePath(path)
        try await blocking { [self] in
            guard try SystemCall.fileSize(target) != nil else { return }
            let file = OwnedDescriptor(try FileDescriptor.open(target, .readOnly, options: .closeOnExec))
            try SystemCall.sync(file.descriptor)
            try SystemCall.syncFolder(target.folder)
            try syncFolders(of: target)
        }
        return try await digest(of: target)
    }

    private func digest(of path: FilePath) async throws -> FileDigest? {
        let descriptor: OwnedDescriptor
        do {
            descriptor = try await threads.run {
                try OwnedDescriptor(FileDescriptor.open(path, .readOnly, options: .closeOnExec))
            }
        } catch Errno.noSuchFileOrDirectory {
            return nil
        } catch {
            throw UploadError(translating: error)
        }
        let hashing = FileHashing(descriptor)
        while try await blocking({ try hashing.readMore(Self.portion) }) {
            try Task.checkCancellation()
        }
        return try hashing.result()
    }

    static let suffix = ".part"

    func path(of id: TaskID) -> FilePath {
        folder.appending("\(id)\(Self.suffix)")
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
