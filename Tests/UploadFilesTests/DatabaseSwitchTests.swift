import Foundation
import Glibc
import Testing
import UploadTestSupport

@testable import UploadFiles

/// Another database in the place of one, with files that only have to have different bytes.
@Suite struct DatabaseSwitchTests {
    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory()
    }

    private var path: String { folder("a.sqlite") }
    private func read(_ name: String) -> [UInt8]? { TemporaryDirectory.read(folder(name)) }
    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    /// A database with its log and key, and one that is to take its place.
    private func prepared(database name: String = "a.sqlite") throws -> DatabaseSwitch {
        for (suffix, byte) in [("", 1), ("-wal", 2), ("-shm", 3), (".key", 4)] as [(String, UInt8)] {
            try folder.write([byte], to: name + suffix)
        }
        chmod(folder(name), 0o640)
        let change = try DatabaseSwitch(database: path)
        try change.prepare()
        // Not in the place of the file that was prepared: its mode is to stay.
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: change.newDatabase))
        try file.write(contentsOf: Data([11]))
        try file.close()
        try Data([14]).write(to: URL(fileURLWithPath: change.newKey))
        return change
    }

    @Test func whatWasThereIsKept() throws {
        let change = try prepared()
        let kept = try change.run(at: "T1")
        let base = folder("a.sqlite.before-restore-T1")
        #expect(kept == [base, base + "-wal", base + "-shm", base + ".key"])
        #expect(kept.map { TemporaryDirectory.read($0) } == [[1], [2], [3], [4]])
        #expect(read("a.sqlite") == [11] && read("a.sqlite.key") == [14])
        #expect(try names().count == 6)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o640)
        // Two in one second, or a clock that was set back.
        #expect(try prepared().run(at: "T1").first == base + "-2")
    }

    @Test func whatIsNotNotedDidNotHappen() throws {
        let change = try prepared()
        try change.finish()
        #expect(read("a.sqlite") == [1] && read("a.sqlite.key") == [4])
        try change.discard()
        #expect(try names() == ["a.sqlite", "a.sqlite-shm", "a.sqlite-wal", "a.sqlite.key"])
    }

    /// Cut off anywhere: what has been moved is not moved again.
    @Test func whatIsNotedIsBroughtToItsEnd() throws {
        let moves = [
            ("a.sqlite-wal", "a.sqlite.before-restore-T1-wal"), ("a.sqlite-shm", "a.sqlite.before-restore-T1-shm"),
            ("a.sqlite", "a.sqlite.before-restore-T1"), ("a.sqlite.key", "a.sqlite.before-restore-T1.key"),
            ("a.sqlite.key.restore", "a.sqlite.key"), ("a.sqlite.restore", "a.sqlite"),
        ]
        for done in 0...moves.count {
            let change = try prepared()
            try folder.write(Array("before-restore-T1\n".utf8), to: "a.sqlite.restoring")
            for (from, to) in moves.prefix(done) { #expect(rename(folder(from), folder(to)) == 0) }
            #expect(try change.isUnfinished)
            try change.finish()
            #expect(try !change.isUnfinished)
            #expect(read("a.sqlite") == [11] && read("a.sqlite.key") == [14], "after \(done) moves")
            #expect(read("a.sqlite.before-restore-T1") == [1] && read("a.sqlite.before-restore-T1-wal") == [2])
            #expect(read("a.sqlite.before-restore-T1.key") == [4])
            for name in try names() { try FileManager.default.removeItem(atPath: folder(name)) }
        }
    }

    @Test func nothingIsTakenAwayForNothing() throws {
        let change = try prepared()
        try folder.write(Array("before-restore-T1\n".utf8), to: "a.sqlite.restoring")
        // Somebody removed both.
        for name in ["a.sqlite", "a.sqlite.restore"] { try FileManager.default.removeItem(atPath: folder(name)) }
        #expect(throws: DatabaseSwitch.Failure.self) { try change.finish() }
        try folder.write(Array("something else\n".utf8), to: "a.sqlite.restoring")
        #expect(throws: DatabaseSwitch.Failure.self) { try change.finish() }
    }

    /// The file is elsewhere, its key is beside the link.
    @Test func aLinkStaysOne() throws {
        try folder.makeFolder("far")
        #expect(symlink("far/b.sqlite", path) == 0)
        let change = try DatabaseSwitch(database: path)
        try folder.write([1], to: "far/b.sqlite")
        try folder.write([4], to: "a.sqlite.key")
        try change.prepare()
        try Data([11]).write(to: URL(fileURLWithPath: change.newDatabase))
        try Data([14]).write(to: URL(fileURLWithPath: change.newKey))
        _ = try change.run(at: "T1")
        #expect(read("a.sqlite") == [11] && read("far/b.sqlite") == [11] && read("a.sqlite.key") == [14])
        #expect(read("far/b.sqlite.before-restore-T1") == [1] && read("a.sqlite.before-restore-T1.key") == [4])
        // Also where the link leads to nothing at the moment.
        try FileManager.default.removeItem(atPath: folder("far/b.sqlite"))
        #expect(try DatabaseSwitch(database: path).newDatabase == change.newDatabase)
    }
}

/// A file that has its name only when it is whole.
@Suite struct PendingFileTests {
    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory()
    }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    @Test func itGetsItsNameInTheEnd() throws {
        // What a process left that was killed.
        try folder.write([9, 9], to: "a.partial")
        try folder.write([9], to: "a.partial-journal")
        let file = try PendingFile(for: folder("a"))
        #expect(TemporaryDirectory.read(file.path) == [])
        #expect(try names() == ["a.partial"])
        try file.publish()
        #expect(try names() == ["a"])
    }

    @Test func thereIsOneAtATime() throws {
        let first = try PendingFile(for: folder("a"))
        #expect(throws: PendingFile.Failure.self) { try PendingFile(for: folder("a")) }
        try first.discard()
        #expect(try names() == [])
        try PendingFile(for: folder("a")).publish()
        #expect(try names() == ["a"])
    }
}
