import CFileSystem
import Glibc
import SystemPackage
import UploadCore

/// The calls that swift-system does not have (or not with the flags needed here), as throwing functions.
enum SystemCall {
    /// Data and what is needed to read it back (fdatasync(2)).
    static func syncData(_ descriptor: FileDescriptor) throws {
        try check { fdatasync(descriptor.rawValue) }
    }

    /// Begins to write a range to the disk, so that the sync has less to wait for (sync_file_range(2)). Promises nothing: an
    /// error of the disk is the sync's to tell.
    static func startWriting(_ descriptor: FileDescriptor, from start: Int64, to end: Int64) {
        file_system_start_writing(descriptor.rawValue, start, end - start)
    }

    /// Data and all metadata (fsync(2)).
    static func sync(_ descriptor: FileDescriptor) throws {
        try check { fsync(descriptor.rawValue) }
    }

    /// Waits for the lock on an open file or folder (flock(2)), which ends with the descriptor.
    static func lock(_ descriptor: FileDescriptor) throws {
        try check { flock(descriptor.rawValue, LOCK_EX) }
    }

    /// A folder's entries: what was created in it or renamed into it stays there after a power cut.
    static func syncFolder(_ path: FilePath) throws {
        let descriptor = try FileDescriptor.open(path, .readOnly, options: [.directory, .closeOnExec])
        try descriptor.closeAfter { try sync(descriptor) }
    }

    /// rename(2): atomic within a filesystem, `EXDEV` across two.
    static func rename(_ source: FilePath, to target: FilePath) throws {
        try check { source.withPlatformString { source in target.withPlatformString { Glibc.rename(source, $0) } } }
    }

    /// unlink(2); a file that is not there is fine.
    static func removeFile(_ path: FilePath) throws {
        do {
            try check { path.withPlatformString { unlink($0) } }
        } catch Errno.noSuchFileOrDirectory {
            return
        }
    }

    /// Makes a folder and its missing parents, each durable in its own parent.
    static func makeFolders(_ path: FilePath) throws {
        do {
            try makeFolder(path)
        } catch Errno.noSuchFileOrDirectory where path.lastComponent != nil {
            try makeFolders(path.folder)
            // Not again as a whole: a parent that is a dangling link is there, and yet nothing can be made in it.
            try makeFolder(path)
        }
    }

    /// The same, and whatever of the path was there already is durable too: whoever made it may have died before it was.
    static func settleFolders(_ path: FilePath) throws {
        try makeFolders(path)
        var path = path
        while path.lastComponent != nil, path != "." {
            path = path.folder
            // One that may not even be read, or can't be synced or written at all, is none that we made an entry in.
            do {
                try syncFolder(path)
            } catch Errno.permissionDenied, Errno.invalidArgument, Errno.notSupported, Errno.readOnlyFileSystem {
                continue
            }
        }
    }

    private static func makeFolder(_ path: FilePath) throws {
        do {
            try check { path.withPlatformString { mkdir($0, 0o755) } }
        } catch Errno.fileExists {
            return
        } catch let error as Errno where error.isForbidden || error == .readOnlyFileSystem {
            // A network file system may say this before it looks whether the folder is there.
            guard try isThere(path), try isFolderOrAbsent(path) else { throw error }
            return
        }
        do {
            try syncFolder(path.folder)
        } catch {
            // A name whose sync failed must not be found there by the next try and be taken for durable.
            _ = path.withPlatformString { rmdir($0) }
            throw error
        }
    }

    /// The path with all symbolic links resolved; `nil` when there is no such file.
    static func realPath(_ path: FilePath) throws -> FilePath? {
        guard let resolved = path.withPlatformString({ realpath($0, nil) }) else {
            let error = Errno(rawValue: errno)
            if error == .noSuchFileOrDirectory { return nil }
            throw error
        }
        defer { free(resolved) }
        return FilePath(platformString: resolved)
    }

    /// Whether the open file has lost its last name: what is written to it goes with the descriptor.
    static func isUnlinked(_ descriptor: FileDescriptor) throws -> Bool {
        var status = stat()
        try check { fstat(descriptor.rawValue, &status) }
        return status.st_nlink == 0
    }

    /// The file's number (inode) on its file system.
    static func number(of descriptor: FileDescriptor) throws -> UInt64 {
        var status = stat()
        try check { fstat(descriptor.rawValue, &status) }
        return UInt64(status.st_ino)
    }

    /// The same by its name; `nil` when there is no such file.
    static func number(of path: FilePath) throws -> UInt64? {
        try status(path, stat).map { UInt64($0.st_ino) }
    }

    /// Size in bytes of a regular file; `nil` when there is no such file.
    static func fileSize(_ path: FilePath) throws -> Int64? {
        try status(path, stat).map { Int64($0.st_size) }
    }

    /// Whether the path is a folder, or nothing is there.
    static func isFolderOrAbsent(_ path: FilePath) throws -> Bool {
        try status(path, stat).map { $0.st_mode & S_IFMT == S_IFDIR } ?? true
    }

    /// Whether the path itself is a symbolic link, wherever it leads.
    static func isSymbolicLink(_ path: FilePath) throws -> Bool {
        try status(path, lstat).map { $0.st_mode & S_IFMT == S_IFLNK } ?? false
    }

    /// Whether there is anything of that name, a link to nothing included.
    static func isThere(_ path: FilePath) throws -> Bool {
        try status(path, lstat) != nil
    }

    /// - Throws: `Errno.isDirectory` for a folder, `Errno.invalidArgument` for anything else that is no regular file.
    static func checkRegular(_ descriptor: FileDescriptor) throws {
        var status = stat()
        try check { fstat(descriptor.rawValue, &status) }
        let kind = status.st_mode & S_IFMT
        guard kind == S_IFREG else { throw kind == S_IFDIR ? Errno.isDirectory : Errno.invalidArgument }
    }

    /// What stat(2) or lstat(2) tells; `nil` when there is no such file.
    static func status(
        _ path: FilePath, _ call: (UnsafePointer<CChar>, UnsafeMutablePointer<stat>) -> CInt
    ) throws -> stat? {
        var status = stat()
        do {
            try check { path.withPlatformString { call($0, &status) } }
        } catch Errno.noSuchFileOrDirectory {
            return nil
        }
        return status
    }

    /// The file system of this path: its device, and the bytes which an unprivileged user may still write to it
    /// (statvfs(3)).
    static func fileSystem(_ path: FilePath) throws -> (device: UInt64, available: Int64, isReadOnly: Bool) {
        guard let file = try status(path, stat) else { throw Errno.noSuchFileOrDirectory }
        var status = statvfs()
        try check { path.withPlatformString { statvfs($0, &status) } }
        return (UInt64(file.st_dev), status.available, status.f_flag & UInt(ST_RDONLY) != 0)
    }

    /// The bytes which an unprivileged user may still write to the file system of an open file or folder (fstatvfs(3)).
    static func freeSpace(_ descriptor: FileDescriptor) throws -> Int64 {
        var status = statvfs()
        try check { fstatvfs(descriptor.rawValue, &status) }
        return status.available
    }

    /// Size in bytes of an open file.
    static func size(_ descriptor: FileDescriptor) throws -> Int64 {
        var status = stat()
        try check { fstat(descriptor.rawValue, &status) }
        return Int64(status.st_size)
    }

    /// Which file system this path is on, or would be if it were made.
    static func fileSystemIdentity(_ path: FilePath) throws -> FileSystemIdentity {
        var path = path
        while true {
            var (kind, number): (UInt32, UInt64) = (0, 0)
            do {
                try check { path.withPlatformString { file_system_identity($0, &kind, &number) } }
                return FileSystemIdentity(kind: kind, number: number)
            } catch Errno.noSuchFileOrDirectory where path.lastComponent != nil {
                path = path.folder
            }
        }
    }

    /// Changes a file's size, durably.
    static func cut(_ path: FilePath, to size: Int64) throws {
        let file = OwnedDescriptor(try FileDescriptor.open(path, .writeOnly, options: [.noFollow, .closeOnExec]))
        try file.descriptor.resize(to: size, retryOnInterrupt: true)
        try sync(file.descriptor)
    }

    /// The names in a folder, `.` and `..` apart.
    static func entries(_ path: FilePath) throws -> [String] {
        let reader = try FolderReader(path)
        var names: [String] = []
        while let name = try reader.next() { names.append(name) }
        return names
    }

    private static func check(_ call: () -> CInt) throws {
        while call() != 0 {
            let error = Errno(rawValue: errno)
            guard error == .interrupted else { throw error }
        }
    }
}

extension statvfs {
    fileprivate var available: Int64 {
        // One that does not tell has no blocks at all.
        guard f_blocks > 0 else { return .max }
        let (bytes, overflow) = UInt64(f_bavail).multipliedReportingOverflow(by: UInt64(f_frsize))
        return overflow ? .max : Int64(clamping: bytes)
    }
}

extension FilePath {
    /// The folder that this path is in; of a bare name, the working directory.
    var folder: FilePath {
        let folder = removingLastComponent()
        return folder.isEmpty ? "." : folder
    }
}

extension UploadError {
    /// An error of the file system in the words of the catalogue.
    init(translating error: any Error) {
        switch error {
        case let error as UploadError:
            self = error
        case Errno.noSpace, Errno.diskQuotaExceeded:
            self.init(.storage, "the server's disk is full", cause: error)
        case Errno.readOnlyFileSystem, Errno.permissionDenied, Errno.notPermitted, Errno.noSuchFileOrDirectory,
            Errno.notDirectory:
            self.init(.storage, "the server can't make the temporary file", cause: error)
        case Errno.tooManyOpenFiles, Errno.tooManyOpenFilesInSystem, Errno.noMemory:
            self.init(.busy, "the server is out of resources, try again in a moment", cause: error)
        default:
            self.init(.internalError, "internal error", cause: error)
        }
    }
}
