import Foundation
import Testing
import UploadTestSupport

/// What the page for operators gives to be typed does what it tells, in bash.
@Suite(.contract)
struct OperationsCommandTests {
    private let file = TestFile(size: 1000, seed: 1)

    private func commands(_ section: String) throws -> String {
        try #require(try Page.operations()[section].commands.first)
    }

    @Test func lookingDisturbsNothing() async throws {
        try await Patient.run { patient in
            let look = try commands("Operations").replacing("http://127.0.0.1:8080", with: patient.server.base)
            let seen = try await patient.bed.bash(look)
            #expect(seen.exit == .code(0), "\(seen.errorText)")
            // No end of line follows the answer of curl.
            #expect(seen.text.contains("\"status\":\"ready\""), "\(seen.text)")
            #expect(seen.text.contains("\(patient.open.id)|receiving|open|"), "\(seen.text)")
            #expect(seen.lines.contains("one|1|300000|100000"), "\(seen.text)")
            #expect(seen.lines.last?.hasPrefix("checked 2 tasks (1 open)") == true, "\(seen.text)")
            let full = try await patient.bed.bash(commands("The disk is full"))
            #expect(full.exit == .code(0), "\(full.errorText)")
        }
    }

    @Test func afterADiskHasFailedTheDoctorAsksForWhatItLost() async throws {
        try await Patient.run { patient in
            try await patient.server.terminate()
            try patient.damageStaged { $0[7] ^= 1 }
            let repaired = try await patient.bed.bash(commands("The disk fails"))
            #expect(repaired.exit == .code(0), "\(repaired.text)\(repaired.errorText)")
            try await patient.finishUpload(missing: [0...199_999])
        }
    }

    @Test(.enabled(if: isInstalled("fuser"), "needs fuser (Debian's psmisc)"))
    func whoHoldsTheWriteLockIsNamed() async throws {
        try await TestBed.run { bed in
            let shell = bed.own(try bed.server.sqlite.session())
            shell.send("BEGIN IMMEDIATE; SELECT 'locked';")
            _ = try await shell.waitForError(containing: "locked")
            let holders = try await bed.bash(commands("Another program holds the write lock"))
            #expect(holders.exit == .code(0), "\(holders.errorText)")
            let server = try #require(bed.server.process?.pid)
            let named = Set(holders.text.split(whereSeparator: \.isWhitespace).compactMap { Int32($0) })
            #expect(named == [shell.pid, server], "\(holders.text)")
        }
    }

    private static func isInstalled(_ program: String) -> Bool {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains { folder in
            FileManager.default.isExecutableFile(atPath: "\(folder)/\(program)")
        }
    }

    /// With the shell at hand, whether that has `.recover` or not.
    @Test func aDamagedDatabaseIsSaved() async throws {
        try await Patient.run { patient in
            let server = patient.server
            try await server.terminate()
            try await server.damage(index: "tasks_open_activity")
            try await server.expectRefusal()
            let damaged = try #require(TemporaryDirectory.read(server.database))
            let saved = try await patient.bed.bash(commands("The database is damaged"))
            #expect(saved.exit == .code(0), "\(saved.text)\(saved.errorText)")
            #expect(saved.lines.prefix(2) == ["ok", "2"], "\(saved.text)")
            #expect(TemporaryDirectory.read(patient.bed.folder + "/away/fupload.sqlite") == damaged)
            try await patient.finishUpload(missing: [100_000...199_999])
        }
    }

    /// Its files are in use, and nothing is known to be wrong with them.
    @Test(
        arguments: [
            ("The database is damaged", 1, "a server works on"), ("Restoring a backup", 2, "is in use by process"),
        ] as [(String, Int32, String)])
    func nothingIsReplacedUnderAServer(section: String, code: Int32, words: String) async throws {
        try await Patient.run { patient in
            #expect(try await patient.bed.bash(commands("A backup")).exit == .code(0))
            let tried = try await patient.bed.bash(commands(section))
            #expect(tried.exit == .code(code), "\(tried.text)\(tried.errorText)")
            #expect((tried.text + tried.errorText).contains(words), "\(tried.text)\(tried.errorText)")
            #expect(!FileManager.default.fileExists(atPath: patient.bed.folder + "/away"))
            let names = try FileManager.default.contentsOfDirectory(atPath: patient.server.folder + "/data")
            #expect(names.filter { $0.contains("restor") } == [])
            try await patient.server.kill()
            try await patient.finishUpload(missing: [100_000...199_999])
        }
    }

    /// Nothing can be read of it, so it stays in its place.
    @Test func aDatabaseThatCanNotBeSavedIsNotReplaced() async throws {
        try await Patient.run { patient in
            let server = patient.server
            try await server.terminate()
            let size = try #require(TemporaryDirectory.read(server.database)).count
            let damaged = SeededGenerator.bytes(size, seed: 3)
            try Patient.overwrite(server.database, damaged)
            let key = try #require(TemporaryDirectory.read(server.keyFile))
            let tried = try await patient.bed.bash(commands("The database is damaged"))
            #expect(tried.exit != .code(0), "\(tried.text)\(tried.errorText)")
            #expect(!tried.text.contains("checked "), "\(tried.text)")
            for folder in [server.folder + "/data", server.folder + "/away"] {
                #expect(TemporaryDirectory.read(folder + "/fupload.sqlite") == damaged)
                #expect(TemporaryDirectory.read(folder + "/fupload.sqlite.key") == key)
            }
        }
    }

    @Test func aBackupIsMadeAndRestored() async throws {
        try await Patient.run { patient in
            let server = patient.server
            let made = try await patient.bed.bash(commands("A backup"))
            #expect(made.exit == .code(0), "\(made.errorText)")
            // What happens after it is unknown to it.
            try await patient.open.send(100_000...199_999, of: patient.file)
            _ = try await patient.bed.receiver.callback(for: patient.open.id)
            let later = try await patient.register("later")
            try await later.send(0...9, of: patient.file)
            try await patient.settle()
            try await server.terminate()
            let before = try #require(TemporaryDirectory.read(server.database))
            let restored = try await patient.bed.bash(commands("Restoring a backup"))
            #expect(restored.exit == .code(0), "\(restored.text)\(restored.errorText)")
            let names = try FileManager.default.contentsOfDirectory(atPath: server.folder + "/data")
            let kept = try #require(names.filter { $0.contains(".before-restore-") }.min { $0.count < $1.count })
            #expect(TemporaryDirectory.read(server.folder + "/data/" + kept) == before)
            try await server.start()
            #expect(try await patient.open.missing() == [0...299_999])
            #expect(try await HTTP.get(later.blocksURL).retCode == "2")
            try await patient.open.sendAll(patient.file)
            #expect(try await patient.bed.receiver.callback(for: patient.open.id, 2).retCode == "0")
            #expect(try await server.doctor().exit == .code(0))
        }
    }

    @Test func whatADatabaseDoesNotUseIsGivenBack() async throws {
        try await Patient.run { patient in
            let server = patient.server
            let vacuum = try commands("The database file is large")
            #expect(try await patient.bed.bash(vacuum).exit == .code(1), "a server works on it")
            try await server.terminate()
            _ = try await server.sqlite(
                "CREATE TABLE filler (bytes); INSERT INTO filler VALUES (zeroblob(1000000)); DROP TABLE filler")
            let large = try #require(TemporaryDirectory.read(server.database)).count
            let given = try await patient.bed.bash(vacuum)
            #expect(given.exit == .code(0), "\(given.errorText)")
            let small = try #require(TemporaryDirectory.read(server.database)).count
            #expect(large - small >= 1_000_000, "\(large) bytes before, \(small) after")
            try await patient.finishUpload(missing: [100_000...199_999])
        }
    }

    /// One with the line of the README, the others with that of the page.
    @Test func callbacksThatWereGivenUpAreSentAgain() async throws {
        let readme = try #require(try Page("README.md")["Seeing what it does"].commands.first)
        try await TestBed.run { bed in
            // 410 ends the attempts.
            bed.receiver.plan([.status(410), .status(410)], for: "/one")
            var uploads: [UploadHandle] = []
            for name in ["first", "second"] {
                let upload = try await bed.server.register(file, name: name)
                try await upload.sendAll(file)
                _ = try await bed.receiver.callback(for: upload.id)
                uploads.append(upload)
            }
            _ = try await eventually("both to be given up") {
                try await bed.server.sqlite("SELECT count(*) FROM callbacks WHERE state = 'dead'") == "2" ? true : nil
            }
            let one = try await bed.bash(readme.replacing("1234", with: "\(uploads[0].id)"))
            #expect(one.exit == .code(0), "\(one.errorText)")
            #expect(one.lines.contains { $0.hasPrefix("\(uploads[0].id)|finished|first|100.0|") }, "\(one.text)")
            #expect(one.lines.contains { $0.hasSuffix("|finished|ok") }, "\(one.text)")
            let other = try await bed.server.sqlite("SELECT state FROM callbacks WHERE task_id = \(uploads[1].id)")
            #expect(other == "dead")
            let replay = "callbacks replay --admin \(try await bed.server.adminBase())"
            let rest = try await bed.bash(
                commands("A receiver is down").replacing("callbacks replay", with: replay))
            #expect(rest.exit == .code(0), "\(rest.errorText)")
            for upload in uploads {
                // The server looks into the outbox every 30 seconds.
                let again = try await bed.receiver.callback(for: upload.id, 2, within: .seconds(60))
                #expect(again.retCode == "0")
            }
        }
    }
}
