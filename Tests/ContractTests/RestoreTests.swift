import Foundation
import Glibc
import Testing
import UploadTestSupport

/// `fuploadServer restore`: what it puts in place, what it keeps, and what it refuses.
@Suite(.contract)
struct RestoreTests {
    /// An installation whose backup holds less than it does, and whose last block is in the WAL alone.
    static func run(_ body: (Patient, _ copy: String) async throws -> Void) async throws {
        try await Patient.run { patient in
            let copy = patient.bed.folder + "/copy.sqlite"
            let made = try await patient.server.command("backup", copy)
            #expect(made.exit == .code(0), "\(made.summary)")
            try await patient.open.send(100_000...149_999, of: patient.file)
            try await body(patient, copy)
        }
    }

    /// All that is in the folder of the database, the locks and SQLite's index of the WAL apart.
    private func files(_ server: ServerProcess) throws -> [String: [UInt8]] {
        let folder = URL(fileURLWithPath: server.database).deletingLastPathComponent().path
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        return names.filter { !$0.hasSuffix(".lock") && !$0.hasSuffix("-shm") }.reduce(into: [:]) { files, name in
            files[name] = TemporaryDirectory.read(folder + "/" + name)
        }
    }

    @Test func whatWasThereIsKeptAndComesBack() async throws {
        try await Self.run { patient, copy in
            let server = patient.server
            try await server.kill()
            let before = try files(server)
            let restored = try await server.command("restore", "--json", copy)
            #expect(restored.exit == .code(0), "\(restored.summary)")
            let kept = try #require(restored.json["kept"].elements.first?.text)
            #expect(kept.hasPrefix(server.database + ".before-restore-"))
            for (suffix, name) in [("", ""), ("-wal", "-wal"), (".key", ".key")] {
                #expect(TemporaryDirectory.read(kept + name) == before["fupload.sqlite" + suffix], "\(suffix)")
            }
            // Acknowledged after the backup, and staged still: only rows are older.
            let repaired = try await server.doctor("--repair")
            #expect(repaired.exit == .code(0), "\(repaired)")
            try await server.start()
            #expect(try await patient.open.missing() == [100_000...199_999])
            try await server.terminate()

            // Undone: with the WAL that the server had left when it was killed.
            let undone = try await server.command("restore", kept)
            #expect(undone.exit == .code(0), "\(undone.summary)")
            #expect(undone.text.contains("next: fuploadServer doctor --repair -c \(server.configuration)"))
            try await patient.finishUpload(missing: [150_000...199_999])
            #expect(try await server.doctor().exit == .code(0))
        }
    }

    @Test func nothingIsReplacedUnderAServer() async throws {
        try await Self.run { patient, copy in
            let (server, before) = (patient.server, try files(patient.server).keys.sorted())
            let tried = try await server.command("restore", copy)
            #expect(tried.exit == .code(2), "\(tried.summary)")
            let process = try #require(server.process?.pid)
            #expect(tried.errorText.contains("is in use by process \(process)"), "\(tried.summary)")
            #expect(try files(server).keys.sorted() == before)
            #expect(try await patient.open.missing() == [150_000...199_999])
        }
    }

    @Test func onlyAGoodBackupIsTaken() async throws {
        try await Self.run { patient, copy in
            let (server, folder) = (patient.server, patient.bed.folder)
            try await server.terminate()
            let before = try files(server)
            func make(_ name: String, _ sql: String) async throws -> String {
                let path = folder + "/" + name
                try FileManager.default.copyItem(atPath: copy, toPath: path)
                try FileManager.default.copyItem(atPath: copy + ".key", toPath: path + ".key")
                try await SQLiteShell(path: path)(sql)
                return path
            }
            let newer = try await make("newer", "INSERT INTO grdb_migrations VALUES ('9999_from_the_future')")
            let foreign = try await make("foreign", "DROP TABLE grdb_migrations")
            let other = try await make("other", "UPDATE grdb_migrations SET identifier = 'their_' || identifier")
            let damaged = try await make("damaged", "SELECT 1")
            let root = try await SQLiteShell(path: damaged)(
                "SELECT rootpage FROM sqlite_schema WHERE name = 'tasks_open_activity'")
            var bytes = try #require(TemporaryDirectory.read(damaged))
            let start = (try #require(Int(root)) - 1) * 4096
            for offset in start..<start + 4096 { bytes[offset] = 0xA5 }
            try Patient.overwrite(damaged, bytes)
            let (text, empty, keyless) = (folder + "/text", folder + "/empty", folder + "/keyless")
            try Patient.overwrite(text, Array("no database, and longer than the header of one would be".utf8))
            try Patient.overwrite(empty, [])
            try FileManager.default.copyItem(atPath: copy, toPath: keyless)

            for (path, code, words) in [
                (newer, 1, "newer has a newer schema than this program knows (9999_from_the_future)"),
                (foreign, 1, "foreign is no database of fuploadServer"),
                (other, 1, "other is no database of fuploadServer"),
                (damaged, 1, "damaged is damaged: "),
                (text, 1, "text is no database of fuploadServer"),
                (empty, 1, "empty is no database of fuploadServer"),
                (keyless, 1, "keyless.key is not there"),
                (server.database, 1, "one of the database's own files"),
                (folder + "/nothing", 2, "FILE is not there"),
            ] as [(String, Int32, String)] {
                let tried = try await server.command("restore", path)
                #expect(tried.exit == .code(code) && tried.errorText.contains(words), "\(path): \(tried.summary)")
                let json = try await server.command("restore", "--json", path)
                #expect(json.exit == .code(code) && json.json["error"].text?.contains(words) == true, "\(path)")
            }
            #expect(try files(server) == before)

            let taken = try await server.command("restore", "--keep-key", keyless)
            #expect(taken.exit == .code(0), "\(taken.summary)")
            #expect(TemporaryDirectory.read(server.keyFile) == before["fupload.sqlite.key"])
            try await patient.finishUpload(missing: [100_000...199_999])
        }
    }

    /// The URLs of tasks that are open in the backup are made with secrets that are not there any more.
    @Test func secretsThatAreGoneAreWarnedOf() async throws {
        try await Self.run { patient, copy in
            let server = patient.server
            try await server.terminate()
            try Patient.overwrite(copy + ".key", Array("no secrets".utf8))
            let refused = try await server.command("restore", copy)
            #expect(refused.exit == .code(1), "\(refused.summary)")
            #expect(refused.errorText.contains("does not hold a server's secrets"), "\(refused.summary)")
            try FileManager.default.removeItem(atPath: server.keyFile)
            let restored = try await server.command("restore", "--keep-key", copy)
            #expect(restored.exit == .code(0), "\(restored.summary)")
            #expect(restored.errorText.contains("the secrets of open tasks are gone (generations 1)"))
        }
    }
}
