import Blocking
import Foundation
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
    /// For what touches the finished files' file system: it may be one that hangs, and blocks go elsewhere.
    let targetThreads: IOThreads
    /// For what must not wait for writes, all of which may hang.
    private let lookupThreads = IOThreads(count: 2, name: "lookup")
    private let lanes: HashLanes
    /// The staging folder's file system, since ``prepare()``.
    let home = Mutex<FileSystemIdentity?>(nil)
    /// Keeps `storeDir` from being unmounted under the server; `nil` without one.
    let target: TargetFolder?
    /// Whether files are copied to their place although both folders are on one file system; see ``prepare()``.
    let isCopied = Mutex(false)
    /// The number of the file whose name as a task's staging file is known to be durable; saves a folder sync on every block.
    /// By its number, for somebody may take it away, and another has its name then.
    private let durableNames = Mutex<[TaskID: UInt64]>([:])

    /// Makes `storeDir` where it is missing; the staging folder, ``prepare()`` makes.
    ///
    /// - Parameters:
    ///   - stagingFolder: where staging files go. Nobody else's.
    ///   - storeDirectory: what published files must lie in; empty for no limit.
    ///   - reserved: what no file may be published to.
    ///   - threads: runs every call that blocks, but those that `targetThreads` runs.
    ///   - targetThreads: runs those that may touch the file system of finished files.
    /// - Throws: an error that names the folder which can't be made.
    public init(
        stagingFolder: String, storeDirectory: String, reserved: ReservedPaths = ReservedPaths(folders: [], files: []),
        threads: IOThreads, targetThreads: IOThreads
    ) throws {
        folder = FilePath(stagingFolder).lexicallyNormalized()
        (self.threads, self.targetThreads) = (threads, targetThreads)
        lanes = HashLanes(width: ProcessInfo.processInfo.activeProcessorCount / 2, on: threads)
        do {
            if !storeDirectory.isEmpty { try SystemCall.settleFolders(FilePath(storeDirectory)) }
            containment = try TargetContainment(storeDirectory: storeDirectory, reserved: reserved)
            target = try containment.root.map { try TargetFolder($0) }
        } catch let error as Errno {
            throw FolderError(folder: storeDirectory, cause: error)
        }
    }

    /// A folder that the server needs can't be made or used.
    public struct FolderError: Error, CustomStringConvertible {
        let folder: String
        let cause: Errno

        /// One sentence.
        public var description: String { "the folder \(folder) can't be made or used: \(cause)" }
    }

    /// The I/O threads.
    public var executor: any TaskExecutor { threads }

    /// Threads for lookups.
    public var lookupExecutor: any TaskExecutor { lookupThreads }

    /// The threads for what touches finished files.
    public var targetExecutor: any TaskExecutor { targetThreads }

    /// Resolves symbolic links on an I/O thread.
    public func targetPath(storePath: String, fileName: String) async throws -> String {
        try await blocking(on: targetThreads) { [containment] in
            try containment.targetPath(storePath: storePath, fileName: fileName).string
        }
    }

    /// One open(2); the name becomes durable with the first sync.
    public func open(_ id: TaskID, creating: Bool) async throws -> any StagingFile {
        let path = path(of: id)
        let descriptor = try await blocking { [self] in
            if creating { try removeLeftover(of: id) }
            do {
                return OwnedDescriptor(try FileDescriptor.open(path, .readWrite, options: .closeOnExec))
            } catch Errno.noSuchFileOrDirectory {
                guard creating else {
                    try checkHome()
                    throw StagingFileGone()
                }
                // The one that is gone may have had the number that the new one gets.
                durableNames.withLock { _ = $0.removeValue(forKey: id) }
                let descriptor = try inFolder {
                    OwnedDescriptor(
                        try FileDescriptor.open(
                            path, .readWrite, options: [.create, .closeOnExec],
                            permissions: [.ownerReadWrite, .groupRead, .otherRead]))
                }
                FaultPoint.reach(.stagingFileMade)
                return descriptor
            }
        }
        return LocalStagingFile(descriptor, threads: threads, lanes: lanes) { [self] in
            try syncName(of: id, on: descriptor, holdsNothing: creating)
        }
    }

    /// Of a task that holds nothing. Its name may not be durable, and a sync of the folder that an earlier process saw fail
    /// would succeed now and mean nothing.
    private func removeLeftover(of id: TaskID) throws {
        // Under the lock: a request that is about to say that the name is durable finds the file without one.
        try durableNames.withLock { names in
            if try SystemCall.number(of: path(of: id)) != names[id] { try SystemCall.removeFile(path(of: id)) }
        }
    }

    /// - Parameter holdsNothing: whether the task held no byte when the file was opened. Also a request that broke off may
    ///   have made it.
    private func syncName(of id: TaskID, on file: OwnedDescriptor, holdsNothing: Bool) throws {
        let number = try SystemCall.number(of: file.descriptor)
        guard durableNames.withLock({ $0[id] }) != number else { return }
        do {
            try SystemCall.syncFolder(folder)
        } catch {
            // The next try must not find the name there and take it for durable: a failed sync is never repeated into
            // success. Where removing fails too, the disk has bigger troubles, and the failure below is reported.
            // Under the lock: a sync beside this one that succeeded made the name durable, and blocks may be
            // acknowledged since; one that is about to say so finds the file without a name.
            durableNames.withLock { names in
                if holdsNothing, names[id] != number { try? SystemCall.removeFile(path(of: id)) }
            }
            throw error
        }
        durableNames.withLock { $0[id] = number }
    }

    /// An unlinked file in the staging folder.
    public func makeSpool() async throws -> any Spool {
        try await blocking { [self] in try inFolder { try LocalSpool(in: folder, threads: threads) } }
    }

    /// One stat(2).
    public func stagedSize(of id: TaskID) async throws -> Int64? {
        let path = path(of: id)
        return try await blocking(on: lookupThreads, anywhere: true) { [self] in
            let size = try SystemCall.fileSize(path)
            if size == nil { try checkHome() }
            return size
        }
    }

    /// Hashes on the I/O threads.
    public func makeVerifier(for block: ByteRange) -> any BlockWriter {
        LocalBlockWriter(nil, threads: threads, lanes: lanes, block: block, pieces: [])
    }

    /// ftruncate(2) and fsync(2).
    public func cut(_ id: TaskID, to size: Int64) async throws {
        let path = path(of: id)
        try await blocking { try SystemCall.cut(path, to: size) }
    }

    /// One unlink(2); a file that is not there is fine.
    public func remove(_ id: TaskID) async throws {
        let path = path(of: id)
        try await blocking { try SystemCall.removeFile(path) }
        durableNames.withLock { _ = $0.removeValue(forKey: id) }
        FaultPoint.reach(.stagingFileRemoved)
    }

    /// Reads the folder; names which are no task's are left out.
    public func stagingFiles() async throws -> any StagingFiles {
        let reader = try await blocking { [folder] in
            try SystemCall.isThere(folder) ? try FolderReader(folder) : nil
        }
        return LocalStagingFiles(reader, store: self)
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
        return try await digest(of: file, on: threads)
    }

    /// Reads range after range; ends early when cancelled.
    public func stagedDigests(of id: TaskID, _ ranges: [ByteRange]) async throws -> [MD5Digest?] {
        let path = path(of: id)
        var digests: [MD5Digest?] = []
        for range in ranges {
            try Task.checkCancellation()
            let digest: MD5Digest? = try await blocking {
                do {
                    let file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
                    return try file.closeAfter { try FileHashing.digest(of: range, in: file) }
                } catch Errno.noSuchFileOrDirectory {
                    return nil
                }
            }
            digests.append(digest)
        }
        return digests
    }

    /// Syncs file and folders, then reads the whole file, 4 MiB at a time; ends early when cancelled.
    public func publishedDigest(at path: String) async throws -> FileDigest? {
        let target = FilePath(path)
        let file: OwnedDescriptor? = try await blocking(on: targetThreads) { [containment] in
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
        return try await digest(of: file, on: targetThreads)
    }

    private func digest(of descriptor: OwnedDescriptor, on threads: IOThreads) async throws -> FileDigest {
        let hashing = FileHashing(descriptor)
        while try await blocking(on: threads, { try hashing.readMore(Self.portion) }) {
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

    func blocking<Result: Sendable>(
        on others: IOThreads? = nil, anywhere: Bool = false, _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        do {
            return try await (others ?? threads).run(anywhere: anywhere, body)
        } catch let error where error is PublishError || error is StagingFileGone {
            throw error
        } catch {
            throw UploadError(translating: error)
        }
    }
}
