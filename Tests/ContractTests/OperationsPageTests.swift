import Foundation
import Glibc
import Testing
import UploadTestSupport

private let file = TestFile(size: 1000, seed: 1)

/// The page for operators quotes what the server says.
@Suite(.contract)
struct OperationsPageTests {
    /// A trouble, and the section that tells of it.
    struct Case: CustomTestStringConvertible, Sendable {
        let section: String
        let provoke: @Sendable (TestBed, FaultShim) async throws -> Void

        var testDescription: String { section }

        init(_ section: String, _ provoke: @escaping @Sendable (TestBed, FaultShim) async throws -> Void) {
            (self.section, self.provoke) = (section, provoke)
        }
    }

    /// Its quotes are of one kind of SQLite.
    private static let affected = "An affected SQLite"

    /// Nothing on the page is there untried.
    @Test func everySectionHasItsTest() throws {
        let sections = try Page.operations().sections
        let quoting = sections.filter { !$0.quotes.isEmpty }.map(\.title)
        #expect(quoting.sorted() == (Self.cases.map(\.section) + [Self.affected]).sorted())
        #expect(
            sections.filter { !$0.commands.isEmpty }.map(\.title) == [
                "Operations", "The disk is full", "The disk fails", "Another program holds the write lock",
                "The database is damaged", "A backup", "Restoring a backup", "The database file is large",
                "A receiver is down",
            ])
        #expect(sections.allSatisfy { $0.commands.count <= 1 })
    }

    // MARK: Quotes

    /// Each of a section's quotes is a line that the server writes then.
    @Test(arguments: cases) func theLogSaysIt(_ trouble: Case) async throws {
        let quotes = try Page.operations()[trouble.section].quotes
        try await TestBed.runWithShim { bed, shim in
            try await trouble.provoke(bed, shim)
            for quote in quotes { try await bed.server.says(quote) }
        }
    }

    private static let cases: [Case] = [
        Case("The disk is full") { bed, shim in
            let upload = try await bed.server.register(file)
            for path in [".part", "-wal"] {
                let full = try shim.fail(.write, path: path, with: ENOSPC)
                #expect(try await upload.send(0...99, of: file).retCode == "3")
                full.remove()
            }
            try shim.reportFree(bytes: 4096)
            let large = try await bed.server.post(NewTask(TestFile(size: 100_000, seed: 2), name: "large"))
            #expect(large.retCode == "3", "\(large.text)")
        },
        Case("`tmpDir` can't be written") { bed, shim in
            let refused = "refused: the server can't make the temporary file"
            func expectRefusal(cause: String, _ upload: UploadHandle) async throws {
                #expect(try await upload.send(0...99, of: file).retCode == "3")
                try await bed.server.says(
                    "\(refused) cause=\"\(cause)\" client=… path=/api/upload/files/block retCode=3 taskId=\(upload.id)")
            }
            for (error, cause) in [(EROFS, "Read-only file system"), (EACCES, "Permission denied")] {
                let upload = try await bed.server.register(file, name: cause)
                let rule = try shim.fail(.create, path: ".part", with: error)
                try await expectRefusal(cause: cause, upload)
                rule.remove()
            }
        },
        Case("The disk fails") { bed, shim in
            let upload = try await bed.server.register(file)
            try shim.fail(.write, path: ".part", with: EIO)
            #expect(try await upload.send(0...99, of: file).retCode == "20")
        },
        Case("A file can't be brought to its place") { bed, shim in
            try shim.fail(.link, path: "/store/", with: EIO)
            try await bed.server.register(file).sendAll(file)
        },
        Case("Staged bytes are gone") { bed, _ in
            let upload = try await bed.server.register(file)
            try await upload.send(0...99, of: file)
            try bed.server.removeStaged()
            #expect(try await upload.send(100...199, of: file).retCode == "11")
            try await upload.send(0...99, of: file)
            try await bed.server.terminate()
            // As if another file system had been there.
            try await bed.server.sqlite("UPDATE installation SET staging_file_system = 'ef53:1234567812345678'")
            try bed.server.removeStaged()
            try await bed.server.expectRefusal()
        },
        Case("Another program holds the write lock") { bed, _ in
            let shell = bed.own(try bed.server.sqlite.session())
            shell.send("BEGIN IMMEDIATE; SELECT 'locked';")
            _ = try await shell.waitForError(containing: "locked")
            #expect(try await bed.server.post(NewTask(file)).retCode == "11")
        },
        Case("The WAL grows") { bed, _ in
            // The end of a server leaves an empty one. Room without content is a WAL without content, until something is
            // committed; and the server looks as soon as it is up.
            try await bed.server.terminate()
            let wal = bed.server.database + "-wal"
            try Data().write(to: URL(fileURLWithPath: wal))
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: wal))
            try handle.truncate(atOffset: 300 << 20)
            try handle.close()
            try await bed.server.start()
        },
        Case("The database is damaged") { bed, _ in
            try await bed.server.terminate()
            try await bed.server.damage(index: "tasks_open_activity")
            try await bed.server.expectRefusal()
        },
        Case("A receiver is down") { bed, _ in
            bed.receiver.plan([.status(500), .status(410)], for: "/one")
            let refused = try await bed.server.register(file, name: "refused")
            try await refused.sendAll(file)
            _ = try await bed.receiver.callback(for: refused.id, 2)
            await bed.receiver.stop()
            try await bed.server.register(file, name: "unheard").sendAll(file)
        },
        Case("A business server is missing in the configuration") { bed, _ in
            await bed.receiver.stop()
            let upload = try await bed.server.register(NewTask(file).with("token", "\"\(TestBed.secondToken)\""))
            try await upload.sendAll(file)
            try await upload.reach("finish")
            try await bed.server.terminate()
            let path = bed.server.configuration
            let text = try String(contentsOfFile: path, encoding: .utf8)
            let second = try #require(text.range(of: "  \(TestBed.secondToken):"))
            try Data(text[..<second.lowerBound].utf8).write(to: URL(fileURLWithPath: path))
            try await bed.server.start()
        },
        Case("Time") { _, shim in shim.setClock(offset: .seconds(3600)) },
        Case("Starting and stopping") { bed, shim in
            let first = bed.own(try #require(bed.server.process))
            for name in ["one", "two"] {
                try await bed.server.register(file, name: name).send(0...99, of: file)
            }
            try await bed.server.expectRefusal()
            try await bed.server.expectRefusal(overrides: ["database=\(bed.folder)/other/fupload.sqlite"])
            let broken = try shim.fail(.write, path: ".sqlite$", with: EIO)
            first.signal(SIGTERM)
            #expect(try await first.waitForExit() == .code(1))
            broken.remove()

            try bed.server.removeStaged()
            let installation = try await bed.server.sqlite("SELECT id FROM installation")
            let orphan = "\(bed.server.tmpDirectory)/\(installation)/1.part"
            try Data([1]).write(to: URL(fileURLWithPath: orphan))
            try await bed.server.start()
            try await bed.server.says("staging files checked orphans=1 tasksWithLostBytes=2")
            try await bed.server.terminate()

            try await bed.server.expectRefusal(overrides: ["server.port=\(bed.receiver.port)"])
            chmod(bed.server.keyFile, 0o644)
            try await bed.server.expectRefusal()
            chmod(bed.server.keyFile, 0o600)
            try await bed.server.sqlite("INSERT INTO grdb_migrations VALUES ('9999_from_the_future')")
            try await bed.server.expectRefusal()
        },
    ]

    /// Where the SQLite is a newer one, the quote is held against the source alone.
    @Test func theLogSaysThatTheSQLiteIsAffected() async throws {
        let source = try Page.text(of: "Sources/UploadServer/Server.swift")
        let quotes = try Page.operations()[Self.affected].quotes
        try await TestBed.run { bed in
            let version = try await bed.server.sqlite("SELECT sqlite_version()").split(separator: ".")
            let minor = try #require(version.dropFirst().first)
            for quote in quotes {
                // Of those that come later some have the bug, some have not.
                if (Int(minor) ?? 0) < 44 { try await bed.server.says(quote) }
                let line = LogLine(quote)
                for words in ["\"\(line.message)\""] + line.fields.map({ "\"\($0.name)\": " }) {
                    #expect(source.contains(words), "\(words)")
                }
            }
        }
    }
}
