import Glibc
import SystemPackage

/// An open folder that files are published into: everything is done relative to its descriptor, so that nobody can
/// put another folder in its way between two steps.
final class TargetFolder: Sendable {
    private let file: OwnedDescriptor
    /// Whether it can only be passed through: the permission to read it is missing.
    private let isPathOnly: Bool

    /// open(2): only to pass through. Glibc's header has it behind `_GNU_SOURCE`; the value is the same on x86-64 and
    /// AArch64 (asm-generic/fcntl.h).
    private static let passThrough: CInt = 0o10000000

    private init(_ descriptor: CInt, isPathOnly: Bool) {
        file = OwnedDescriptor(FileDescriptor(rawValue: descriptor))
        self.isPathOnly = isPathOnly
    }

    /// Opens the folder to begin at; links in its path are followed.
    convenience init(_ path: FilePath) throws {
        let descriptor = path.withPlatformString { Glibc.open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        if descriptor >= 0 {
            self.init(descriptor, isPathOnly: false)
            return
        }
        guard errno == EACCES else { throw Errno(rawValue: errno) }
        let passable = path.withPlatformString { Glibc.open($0, Self.passThrough | O_DIRECTORY | O_CLOEXEC) }
        guard passable >= 0 else { throw Errno(rawValue: errno) }
        self.init(passable, isPathOnly: true)
    }

    /// A folder in this one. A link is not followed, wherever it leads (`tooManySymbolicLinkLevels`).
    func folder(_ name: FilePath.Component) throws -> TargetFolder {
        do {
            return TargetFolder(try open(name, O_RDONLY | O_DIRECTORY), isPathOnly: false)
        } catch Errno.permissionDenied {
            return TargetFolder(try open(name, Self.passThrough | O_DIRECTORY), isPathOnly: true)
        } catch Errno.notDirectory {
            throw try isLink(name) ? Errno.tooManySymbolicLinkLevels : Errno.notDirectory
        }
    }

    /// Makes a folder in this one. One that is there is fine.
    func makeFolder(_ name: FilePath.Component) throws {
        let result = name.withPlatformString { mkdirat(file.descriptor.rawValue, $0, 0o755) }
        guard result == 0 else {
            guard errno == EEXIST else { throw Errno(rawValue: errno) }
            return
        }
        do {
            try sync()
        } catch {
            // A name whose sync failed must not be found there by the next try and be taken for durable.
            _ = name.withPlatformString { unlinkat(file.descriptor.rawValue, $0, AT_REMOVEDIR) }
            throw error
        }
    }

    /// The names in this folder are on disk (fsync(2)). In a folder that may not be read we made no entry.
    func sync() throws {
        guard !isPathOnly else { throw Errno.permissionDenied }
        try SystemCall.sync(file.descriptor)
    }

    /// Bytes that the file system of this folder has left (statvfs(3)).
    func freeSpace() throws -> Int64 { try SystemCall.freeSpace(file.descriptor) }

    /// Gives a file a second name, in this folder.
    func link(_ path: FilePath, as name: FilePath.Component) throws {
        try check {
            path.withPlatformString { path in
                name.withPlatformString { linkat(AT_FDCWD, path, file.descriptor.rawValue, $0, 0) }
            }
        }
    }

    /// Renames within this folder; what bore the new name is replaced.
    func rename(_ name: FilePath.Component, to new: FilePath.Component) throws {
        let folder = file.descriptor.rawValue
        try check {
            name.withPlatformString { name in new.withPlatformString { renameat(folder, name, folder, $0) } }
        }
    }

    /// Removes a file; one that is not there is fine.
    func remove(_ name: FilePath.Component) throws {
        do {
            try check { name.withPlatformString { unlinkat(file.descriptor.rawValue, $0, 0) } }
        } catch Errno.noSuchFileOrDirectory {
            return
        }
    }

    /// Makes a file that was not there: a link that somebody plants under the name is not followed.
    func create(_ name: FilePath.Component) throws -> OwnedDescriptor {
        OwnedDescriptor(FileDescriptor(rawValue: try open(name, O_WRONLY | O_CREAT | O_EXCL, 0o644)))
    }

    /// Opens a file to read; `nil` when it is not there, or is a link.
    func openFile(_ name: FilePath.Component) throws -> OwnedDescriptor? {
        do {
            return OwnedDescriptor(FileDescriptor(rawValue: try open(name, O_RDONLY)))
        } catch Errno.noSuchFileOrDirectory, Errno.tooManySymbolicLinkLevels {
            return nil
        }
    }

    private func open(_ name: FilePath.Component, _ flags: CInt, _ mode: mode_t = 0) throws -> CInt {
        let descriptor = name.withPlatformString {
            openat(file.descriptor.rawValue, $0, flags | O_NOFOLLOW | O_CLOEXEC, mode)
        }
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        return descriptor
    }

    private func isLink(_ name: FilePath.Component) throws -> Bool {
        var status = stat()
        try check { name.withPlatformString { fstatat(file.descriptor.rawValue, $0, &status, AT_SYMLINK_NOFOLLOW) } }
        return status.st_mode & S_IFMT == S_IFLNK
    }

    private func check(_ call: () -> CInt) throws {
        while call() != 0 {
            let error = Errno(rawValue: errno)
            guard error == .interrupted else { throw error }
        }
    }
}
