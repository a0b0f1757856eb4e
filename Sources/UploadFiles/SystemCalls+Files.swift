import Glibc
import SystemPackage

/// Small files as a whole, and files that are to be like others.
extension SystemCall {
    /// Where a path leads that may be a symbolic link, also one to nothing.
    static func linkTarget(_ path: FilePath) throws -> FilePath {
        var path = path
        for _ in 0..<40 {
            guard try isSymbolicLink(path) else { return path }
            let target = FilePath(String(decoding: try readLink(path), as: UTF8.self))
            path = target.isAbsolute ? target : path.folder.pushing(target)
        }
        throw Errno.tooManySymbolicLinkLevels
    }

    private static func readLink(_ path: FilePath) throws -> [UInt8] {
        // PATH_MAX of Linux.
        try [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
            let length = path.withPlatformString { path in
                buffer.withMemoryRebound(to: CChar.self) { text in
                    text.baseAddress.map { readlink(path, $0, text.count) } ?? -1
                }
            }
            guard length >= 0 else { throw Errno(rawValue: errno) }
            count = length
        }
    }

    /// The data and metadata of a file (fsync(2)).
    static func syncFile(_ path: FilePath) throws {
        let file = OwnedDescriptor(try FileDescriptor.open(path, .readOnly, options: .closeOnExec))
        try sync(file.descriptor)
    }

    /// A new file with these bytes, mode 0600, in place of what has the name. It and its name are durable when this returns;
    /// there is never a part of it under this name.
    static func writeDurably(_ bytes: [UInt8], to path: FilePath) throws {
        let temporary = FilePath(path.string + ".new")
        try removeFile(temporary)
        let file = OwnedDescriptor(
            try FileDescriptor.open(
                temporary, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: .ownerReadWrite)
        )
        _ = try file.descriptor.writeAll(bytes)
        try sync(file.descriptor)
        try rename(temporary, to: path)
        try syncFolder(path.folder)
    }

    /// The first bytes of a file, at most `limit`; `nil` when there is no such file.
    static func readSmall(_ path: FilePath, limit: Int) throws -> [UInt8]? {
        let file: OwnedDescriptor
        do {
            file = OwnedDescriptor(try FileDescriptor.open(path, .readOnly, options: .closeOnExec))
        } catch Errno.noSuchFileOrDirectory {
            return nil
        }
        return try [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            count = try file.descriptor.read(into: UnsafeMutableRawBufferPointer(buffer))
        }
    }

    /// Makes an empty file with the mode and owner of another one; where that is not there, with mode 0644 less the umask and
    /// the owner of its folder.
    static func makeFile(_ path: FilePath, like model: FilePath) throws {
        let file = OwnedDescriptor(
            try FileDescriptor.open(
                path, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead]))
        if let found = try status(model, stat) {
            guard fchmod(file.descriptor.rawValue, found.st_mode & 0o777) == 0 else { throw Errno(rawValue: errno) }
        }
        try giveOwner(of: model, to: path)
    }

    /// Gives a file the owner of another one, or of the folder where that is not there, if this process is root: what root
    /// puts right, the server's user has to be able to write.
    static func giveOwner(of model: FilePath, to path: FilePath) throws {
        guard geteuid() == 0, let owner = try status(model, stat) ?? status(model.folder, stat) else { return }
        guard path.withPlatformString({ chown($0, owner.st_uid, owner.st_gid) }) == 0 else {
            throw Errno(rawValue: errno)
        }
    }
}
