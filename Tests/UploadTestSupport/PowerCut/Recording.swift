import Foundation

/// Everything that a program did to the files below one folder, and what it sent meanwhile, in the order in which it
/// happened: the log that the fault shim writes (`recording.h`).
package struct Recording: Sendable {
    /// One call.
    package enum Event: Sendable {
        /// A process began.
        case started(pid: Int)
        /// A file came into being; `file` is its inode, which may have been another file's before.
        case created(file: UInt64, path: String, mode: Int)
        /// A folder came into being.
        case madeFolder(path: String)
        /// Bytes were written.
        case wrote(file: UInt64, path: String, offset: Int, bytes: ArraySlice<UInt8>)
        /// A file got another size.
        case resized(file: UInt64, path: String, size: Int)
        /// A name was moved.
        case renamed(path: String, to: String)
        /// A file got another name.
        case linked(path: String, to: String)
        /// A file's name was removed.
        case removed(path: String)
        /// A folder was removed.
        case removedFolder(path: String)
        /// A sync of a file or folder was asked for.
        case syncBegan(number: Int, file: UInt64, path: String)
        /// The sync of that number is done.
        case syncEnded(number: Int, file: UInt64, path: String)
        /// Bytes are about to be sent over TCP.
        case sent(port: Int, bytes: ArraySlice<UInt8>)
        /// A file was mapped so that it can be written without a call.
        case mapped(path: String)
        /// Something is taken for not having happened.
        case leftOut
    }

    /// An event and where its entry in the log ends, in bytes.
    package struct Entry: Sendable {
        /// What happened.
        package var event: Event
        /// The log's length after it.
        package var end: Int
    }

    /// The log can't be read, or has a call in it that the simulator has no model of.
    package struct Unreadable: Error, CustomStringConvertible {
        /// One sentence.
        package let description: String
    }

    /// In order.
    package var entries: [Entry] = []

    /// Reads a log.
    package init(path: String) throws {
        guard let log = TemporaryDirectory.read(path) else { throw Unreadable(description: "\(path) can't be read") }
        var reader = Reader(bytes: log)
        while !reader.isAtEnd { entries.append(try reader.entry()) }
    }

    /// The same events without some, at the same indexes.
    package func without(_ isLeftOut: (Event) -> Bool) -> Recording {
        var copy = self
        for index in copy.entries.indices where isLeftOut(copy.entries[index].event) {
            copy.entries[index].event = .leftOut
        }
        return copy
    }
}

extension Recording.Event {
    /// The path that it is about, or the first of two.
    package var path: String? {
        switch self {
        case .created(_, let path, _), .madeFolder(let path), .wrote(_, let path, _, _), .resized(_, let path, _),
            .renamed(let path, _), .linked(let path, _), .removed(let path), .removedFolder(let path),
            .syncBegan(_, _, let path), .syncEnded(_, _, let path), .mapped(let path):
            path
        case .started, .sent, .leftOut:
            nil
        }
    }

    /// The sync that it begins or ends.
    package var sync: Int? {
        switch self {
        case .syncBegan(let number, _, _), .syncEnded(let number, _, _): number
        default: nil
        }
    }
}

extension Recording.Event: CustomStringConvertible {
    /// A few words.
    package var description: String {
        switch self {
        case .started(let pid): "process \(pid) started"
        case .created(_, let path, _): "created \(path)"
        case .madeFolder(let path): "made \(path)"
        case .wrote(_, let path, let offset, let bytes): "wrote \(bytes.count) bytes at \(offset) of \(path)"
        case .resized(_, let path, let size): "resized \(path) to \(size)"
        case .renamed(let path, let other): "renamed \(path) to \(other)"
        case .linked(let path, let other): "linked \(path) as \(other)"
        case .removed(let path), .removedFolder(let path): "removed \(path)"
        case .syncBegan(_, _, let path): "began to sync \(path)"
        case .syncEnded(_, _, let path): "synced \(path)"
        case .sent(let port, let bytes): "sent \(bytes.count) bytes to port \(port)"
        case .mapped(let path): "mapped \(path)"
        case .leftOut: "nothing"
        }
    }
}

/// Reads `struct recording_entry` and what follows it.
private struct Reader {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { position == bytes.count }

    mutating func entry() throws -> Recording.Entry {
        let kind = try number(UInt32.self)
        let counts = (Int(try number(UInt32.self)), Int(try number(UInt32.self)), Int(try number(UInt32.self)))
        let file = try number(UInt64.self)
        let value = Int(try number(Int64.self))
        let path = String(decoding: try slice(counts.0), as: UTF8.self)
        let other = String(decoding: try slice(counts.1), as: UTF8.self)
        let data = try slice(counts.2)
        let event: Recording.Event
        switch kind {
        case 1: event = .started(pid: value)
        case 2: event = .created(file: file, path: path, mode: value)
        case 3: event = .madeFolder(path: path)
        case 4: event = .wrote(file: file, path: path, offset: value, bytes: data)
        case 5: event = .resized(file: file, path: path, size: value)
        case 6: event = .renamed(path: path, to: other)
        case 7: event = .linked(path: path, to: other)
        case 8: event = .removed(path: path)
        case 9: event = .removedFolder(path: path)
        case 10: event = .syncBegan(number: value, file: file, path: path)
        case 11: event = .syncEnded(number: value, file: file, path: path)
        case 12: event = .sent(port: value, bytes: data)
        case 13: event = .mapped(path: path)
        default:
            throw Recording.Unreadable(description: "a call that the simulator has no model of changed \(path)")
        }
        return Recording.Entry(event: event, end: position)
    }

    private mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
        let size = MemoryLayout<Number>.size
        return try slice(size).withUnsafeBytes { $0.loadUnaligned(as: type) }
    }

    private mutating func slice(_ count: Int) throws -> ArraySlice<UInt8> {
        guard position + count <= bytes.count else {
            throw Recording.Unreadable(description: "the log ends within an entry")
        }
        defer { position += count }
        return bytes[position..<position + count]
    }
}
