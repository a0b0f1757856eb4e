import Glibc
import SystemPackage

/// Puts another database, and its key, in the place of the one that is there, which is kept under other names.
///
/// That takes several renames, and a process may die between any two. A database without its WAL, or beside another's, is
/// no database any more. So what is to be done is noted first, durably, in a file beside it (`….restoring`). Until then
/// everything is as it was. From then on it is as good as done: whoever becomes the only process to work on the database
/// makes the steps that are left before anything else (``finish()``). Each step can be repeated.
///
/// For a process that has the server's locks.
public struct DatabaseSwitch: Sendable {
    /// A step can't be made.
    public struct Failure: Error, CustomStringConvertible {
        let path: FilePath
        let problem: String

        /// One sentence that names the file.
        public var description: String { "\(path) \(problem)" }
    }

    /// A step can't be made, and there is no way back: what is left is made later.
    public struct Unfinished: Error, CustomStringConvertible {
        let cause: any Error

        /// One sentence that names the file.
        public var description: String {
            "\(cause): it is begun, and the server's start goes on with it, or another restore"
        }
    }

    /// What SQLite has beside a database and belongs to it.
    private static let companions = ["-wal", "-shm", "-journal"]
    private static let prefix = "before-restore-"

    private let database: FilePath
    private let key: FilePath

    /// The switch of a database that may not be there yet.
    ///
    /// - Parameter path: as it is configured; its key is beside that name, all else beside the file itself where it is a link.
    public init(database path: String) throws {
        key = FilePath(path + ".key")
        database = try Self.named(path) { try SystemCall.linkTarget(FilePath(path)) }
    }

    /// Where the new database has to lie, in one file.
    public var newDatabase: String { database.string + ".restore" }
    /// Where its key has to lie. Without one, the key that is there stays.
    public var newKey: String { key.string + ".restore" }
    private var note: FilePath { FilePath(database.string + ".restoring") }

    /// Removes what an earlier try left that did not come as far as its note, and makes the empty file for the new database,
    /// with mode and owner of the one that is there.
    public func prepare() throws {
        try Self.named(newDatabase) {
            try discard()
            try SystemCall.makeFile(FilePath(newDatabase), like: database)
        }
    }

    /// Removes what was prepared.
    public func discard() throws {
        try Self.named(newDatabase) {
            for path in [newDatabase, newDatabase + "-journal", newKey, newKey + ".new", note.string + ".new"] {
                try SystemCall.removeFile(FilePath(path))
            }
        }
    }

    /// Switches, durably. What was there gets the database's name with `.before-restore-` and the time behind it, and each
    /// of its companions that name with its own ending: it is a database under that name.
    ///
    /// - Parameter time: letters and digits.
    /// - Returns: the paths under which things are kept, the database's first; none where nothing was there.
    public func run(at time: String) throws -> [String] {
        let name = try Self.named(database.string) {
            if try SystemCall.isThere(FilePath(newKey)) {
                try SystemCall.giveOwner(of: database, to: FilePath(newKey))
                try SystemCall.syncFile(FilePath(newKey))
            }
            try SystemCall.syncFile(FilePath(newDatabase))
            for folder in folders { try SystemCall.syncFolder(folder) }
            return try freeName(time)
        }
        try write(name)
        do {
            try finish()
        } catch {
            throw Unfinished(cause: error)
        }
        return try Self.named(database.string) {
            try keptPaths(name).filter { try SystemCall.isThere($0) }.map(\.string)
        }
    }

    private func write(_ name: String) throws {
        try Self.named(note.string) {
            do {
                try SystemCall.writeDurably([UInt8]("\(name)\n".utf8), to: note)
            } catch {
                // It may have its name already, and nobody is to go on with what is told to have failed. Where it can't be
                // removed either, the next start does what was wanted.
                try? SystemCall.removeFile(note)
                throw error
            }
        }
    }

    /// Whether one was noted, and not brought to its end.
    public var isUnfinished: Bool {
        get throws { try Self.named(note.string) { try SystemCall.isThere(note) } }
    }

    /// Brings a switch that was noted to its end. Nothing where there is none.
    public func finish() throws {
        guard let name = try noted() else { return }
        try Self.named(database.string) { try finish(keeping: name) }
    }

    private func finish(keeping name: String) throws {
        let isPlaced = try !SystemCall.isThere(FilePath(newDatabase))
        let hasKey = try SystemCall.isThere(FilePath(newKey))
        if isPlaced, try !SystemCall.isThere(database) {
            throw Failure(
                path: FilePath(newDatabase),
                problem: "is gone, which was to take the place of \(database): what had been there is \(kept(name))")
        }
        if !isPlaced {
            for suffix in Self.companions + [""] {
                try keep(FilePath(database.string + suffix), as: FilePath(kept(name).string + suffix))
            }
        }
        if hasKey { try keep(key, as: keptKey(name)) }
        // What was there is safe before anything takes its name.
        for folder in folders { try SystemCall.syncFolder(folder) }
        if hasKey { try SystemCall.rename(FilePath(newKey), to: key) }
        if !isPlaced { try SystemCall.rename(FilePath(newDatabase), to: database) }
        for folder in folders { try SystemCall.syncFolder(folder) }
        try SystemCall.removeFile(note)
        try SystemCall.syncFolder(note.folder)
    }

    /// Moves what is there, if anything is.
    private func keep(_ path: FilePath, as other: FilePath) throws {
        guard try SystemCall.isThere(path) else { return }
        // After a step that is repeated there is only one of the two.
        guard try !SystemCall.isThere(other) else {
            throw Failure(path: path, problem: "can't be kept as \(other), which is there: move one of them away")
        }
        try SystemCall.rename(path, to: other)
    }

    private var folders: [FilePath] {
        key.folder == database.folder ? [database.folder] : [database.folder, key.folder]
    }

    private func kept(_ name: String) -> FilePath { FilePath(database.string + "." + name) }
    private func keptKey(_ name: String) -> FilePath { FilePath(String(key.string.dropLast(4)) + "." + name + ".key") }
    private func keptPaths(_ name: String) -> [FilePath] {
        ([""] + Self.companions).map { FilePath(kept(name).string + $0) } + [keptKey(name)]
    }

    /// A name that nothing is kept under yet: the clock may have been set back.
    private func freeName(_ time: String) throws -> String {
        for number in 1...1000 {
            let name = Self.prefix + time + (number == 1 ? "" : "-\(number)")
            if try keptPaths(name).allSatisfy({ try !SystemCall.isThere($0) }) { return name }
        }
        throw Failure(path: kept(Self.prefix + time), problem: "is there already, and so are the next thousand names")
    }

    /// What the note says; `nil` where there is none.
    private func noted() throws -> String? {
        let bytes = try Self.named(note.string) { try SystemCall.readSmall(note, limit: 256) }
        guard let bytes else { return nil }
        let name = String(decoding: bytes, as: UTF8.self).prefix { $0 != "\n" }
        guard bytes.last == UInt8(ascii: "\n"), name.hasPrefix(Self.prefix), !name.contains("/") else {
            throw Failure(path: note, problem: "is no note of a restore: move it away")
        }
        return String(name)
    }

    /// What the system says of a file has no name in it.
    private static func named<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as Errno {
            throw Failure(path: FilePath(path), problem: "can't be replaced or read: \(error)")
        }
    }
}
