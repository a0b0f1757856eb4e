import Foundation
import Glibc
import Testing
import UploadTestSupport

/// The page about upgrades: each of its blocks is typed, in bash, and does what the page tells.
@Suite(.contract)
struct UpgradingPageTests {
    private static let sections = [
        "Before", "The backup, and the new program", "The start", "Back to the old program",
    ]

    private static func page() throws -> Page { try Page("Sources/UploadCore/UploadCore.docc/Upgrading.md") }

    /// Two versions of the program, told apart by a comment; both are the one that was built.
    private struct Versions {
        let patient: Patient
        var installed: String { patient.bed.folder + "/bin/fuploadServer" }
        let old = "#!/bin/sh\n# old\n"
        let new = "#!/bin/sh\n# new\n"

        init(_ patient: Patient) throws {
            self.patient = patient
            let program = try ProgramProcess.path(ofProduct: "fuploadServer")
            for (folder, text) in [("/bin", old), ("/new/bin", new)] {
                let folder = patient.bed.folder + folder
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                try Data("\(text)exec \(program) \"$@\"\n".utf8).write(
                    to: URL(fileURLWithPath: folder + "/fuploadServer"))
                chmod(folder + "/fuploadServer", 0o755)
            }
        }

        func type(_ section: String) async throws -> ProgramProcess.Output {
            let commands = try #require(try UpgradingPageTests.page()[section].commands.first)
                .replacing("http://127.0.0.1:8080", with: patient.server.base)
            let folder = patient.bed.folder
            return try await patient.bed.bash("bin=\(folder)/bin new=\(folder)/new\n\(commands)")
        }

        func isInstalled(_ version: String) -> Bool {
            String(decoding: TemporaryDirectory.read(installed) ?? [], as: UTF8.self).hasPrefix(version)
        }
    }

    @Test func everyBlockIsTyped() throws {
        let sections = try Self.page().sections
        #expect(sections.filter { !$0.commands.isEmpty }.map(\.title) == Self.sections)
        #expect(sections.allSatisfy { $0.commands.count <= 1 })
    }

    /// From a database that lacks the newest migration.
    @Test func anUpgradeLosesNothing() async throws {
        try await Patient.run { patient in
            let (server, versions) = (patient.server, try Versions(patient))
            let looked = try await versions.type("Before")
            #expect(looked.exit == .code(0) && looked.lines.last == "the configuration is good", "\(looked.errorText)")
            try await server.terminate()
            let newest = try await server.forgetNewestMigration()

            let done = try await versions.type("The backup, and the new program")
            #expect(done.exit == .code(0), "\(done.text)\(done.errorText)")
            #expect(done.lines.first?.hasPrefix("backup made: ") == true, "\(done.text)")
            #expect(versions.isInstalled(versions.new))
            for name in ["fupload.sqlite", "fupload.sqlite.key", "fupload.yml", "fuploadServer"] {
                #expect(FileManager.default.fileExists(atPath: "\(patient.bed.folder)/backup/\(name)"), "\(name)")
            }

            try await server.start()
            let applied = "SELECT count(*) FROM grdb_migrations WHERE identifier = '\(newest)'"
            #expect(try await server.sqlite(applied) == "1")
            let well = try await versions.type("The start")
            #expect(well.exit == .code(0), "\(well.text)\(well.errorText)")
            #expect(well.text.contains("\"status\":\"ready\""), "\(well.text)")
            #expect(try await patient.open.missing() == [100_000...199_999])
            try await patient.open.send(100_000...199_999, of: patient.file)
            #expect(try await patient.bed.receiver.callback(for: patient.open.id).retCode == "0")
            #expect(server.stored("in/open") == patient.file.bytes)
        }
    }

    /// What a server that was killed had acknowledged is in its WAL alone.
    @Test func theBackupHasWhatAKilledServerLeftInItsWAL() async throws {
        try await Patient.run { patient in
            try await patient.server.kill()
            let done = try await Versions(patient).type("The backup, and the new program")
            #expect(done.exit == .code(0), "\(done.text)\(done.errorText)")
            let backup = SQLiteShell(path: patient.bed.folder + "/backup/fupload.sqlite")
            #expect(try await backup("SELECT received_bytes FROM tasks WHERE id = \(patient.open.id)") == "200000")
        }
    }

    @Test func nothingIsReplacedUnderAServer() async throws {
        try await Patient.run { patient in
            let versions = try Versions(patient)
            let tried = try await versions.type("The backup, and the new program")
            #expect(tried.exit == .code(1) && tried.text.contains("a server works on"), "\(tried.text)")
            #expect(versions.isInstalled(versions.old))
            #expect(!FileManager.default.fileExists(atPath: patient.bed.folder + "/backup"))
        }
    }

    @Test func withoutAMigrationGoingBackLosesNothing() async throws {
        try await Patient.run { patient in
            let versions = try Versions(patient)
            try await patient.server.terminate()
            #expect(try await versions.type("The backup, and the new program").exit == .code(0))
            try await patient.server.start()
            try await patient.open.send(100_000...149_999, of: patient.file)
            try await patient.server.terminate()
            #expect(try await versions.type("Back to the old program").exit == .code(0))
            #expect(versions.isInstalled(versions.old))
            try await patient.finishUpload(missing: [150_000...199_999])
        }
    }

    @Test func afterAMigrationTheBackupIsRestored() async throws {
        try await Patient.run { patient in
            let (server, versions) = (patient.server, try Versions(patient))
            try await server.terminate()
            #expect(try await versions.type("The backup, and the new program").exit == .code(0))
            try await server.start()
            try await patient.open.send(100_000...199_999, of: patient.file)
            _ = try await patient.bed.receiver.callback(for: patient.open.id)
            try await patient.settle()
            try await server.terminate()
            try await server.sqlite("INSERT INTO grdb_migrations VALUES ('9999_from_the_future')")
            #expect(try await versions.type("Back to the old program").exit == .code(0))

            let before = try await server.sqlite(".dump")
            try await server.expectRefusal()
            for quote in try Self.page()["Back to the old program"].quotes {
                try await server.says(quote)
            }
            #expect(try await server.sqlite(".dump") == before)

            let restore = try #require(try Page.operations()["Restoring a backup"].commands.first)
            let restored = try await patient.bed.bash(restore)
            #expect(restored.exit == .code(0), "\(restored.text)\(restored.errorText)")
            try await server.start()
            // The file that was finished since is there; its task has forgotten it.
            #expect(server.stored("in/open") == patient.file.bytes)
            #expect(try await patient.open.missing() == [0...299_999])
            try await patient.open.sendAll(patient.file)
            #expect(try await patient.bed.receiver.callback(for: patient.open.id, 2).retCode == "0")
        }
    }
}

extension ServerProcess {
    /// Makes the database what it was before the newest migration, which made such things and changed nothing else.
    ///
    /// - Returns: its name.
    func forgetNewestMigration() async throws -> String {
        let newest = try await sqlite("SELECT max(identifier) FROM grdb_migrations")
        let text = try Page.text(of: "migrations/\(newest).sql")
        let made = text.matches(of: /(?m)^CREATE (TABLE|INDEX|VIEW|TRIGGER) (\w+)/).reversed()
        #expect(!made.isEmpty)
        for item in made { try await sqlite("DROP \(item.output.1) IF EXISTS \(item.output.2)") }
        try await sqlite("DELETE FROM grdb_migrations WHERE identifier = '\(newest)'")
        return newest
    }
}
