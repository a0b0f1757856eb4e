import Foundation
import Glibc
import Testing
import UploadTestSupport

/// `backup` and `restore` die at any step: what is there is whole, the old or the new, and the next try succeeds.
@Suite(.contract, .serialized)
struct BackupCrashTests {
    /// The calls at which it dies, one after the other.
    struct Death: Sendable, CustomTestStringConvertible {
        let operation: FaultShim.Operation
        let path: String
        /// At each of them, or at some: a copy is many writes.
        var stride = 1
        let testDescription: String
    }

    @Test(arguments: [
        Death(operation: .create, path: "/backups/", testDescription: "a file is made"),
        Death(operation: .write, path: "/backups/", stride: 12, testDescription: "the copy is written in part"),
        Death(operation: .sync, path: "/backups/", testDescription: "a file is written, not synced"),
        Death(operation: .rename, path: "/backups/", testDescription: "a file has not got its name"),
        Death(operation: .folderSync, path: "/backups$", testDescription: "a name is not synced"),
    ])
    func aBackupIsWholeOrNotThere(_ death: Death) async throws {
        try await TestBed.runWithShim { bed, shim in
            let file = TestFile(size: 1000, seed: 1)
            let upload = try await bed.server.register(file)
            for start in [0, 200, 400] { try await upload.send(start...start + 99, of: file) }
            try await bed.server.kill()
            let (folder, copy) = (bed.folder + "/backups", bed.folder + "/backups/one.sqlite")
            let key = TemporaryDirectory.read(bed.server.keyFile)
            func empty() throws {
                try? FileManager.default.removeItem(atPath: folder)
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            }
            try empty()
            let count = try shim.delay(death.operation, path: death.path, by: .zero)
            let whole = try await bed.server.command("backup", copy)
            #expect(whole.exit == .code(0), "\(whole.summary)")
            count.remove()
            for step in stride(from: 0, to: count.hits, by: death.stride) {
                let what = "step \(step) of \(count.hits)"
                try empty()
                let kill = try shim.kill(at: death.operation, path: death.path, after: step)
                let cut = try await bed.server.command("backup", copy)
                #expect(cut.exit == .signal(SIGKILL), "\(what): \(cut.summary)")
                kill.remove()
                if FileManager.default.fileExists(atPath: copy) {
                    #expect(try await SQLiteShell(path: copy)("PRAGMA integrity_check") == "ok", "\(what)")
                    #expect(try await SQLiteShell(path: copy)("SELECT count(*) FROM blocks") == "3", "\(what)")
                    #expect(TemporaryDirectory.read(copy + ".key") == key, "\(what)")
                }
                // Its key may have been there already.
                let again = try await bed.server.command("backup", "--force", copy)
                #expect(again.exit == .code(0), "\(what): \(again.summary)")
                let names = try FileManager.default.contentsOfDirectory(atPath: folder)
                #expect(names.sorted() == ["one.sqlite", "one.sqlite.key"], "\(what)")
                #expect(try await SQLiteShell(path: copy)("SELECT count(*) FROM blocks") == "3", "\(what)")
            }
        }
    }

    /// The old database has its last block in the WAL alone, so that it is not whole without that.
    @Test(arguments: [
        Death(operation: .create, path: "/fupload.sqlite", testDescription: "a file is made"),
        Death(operation: .write, path: "/fupload.sqlite", stride: 20, testDescription: "the copy is written in part"),
        Death(operation: .sync, path: "/fupload.sqlite", testDescription: "a file is written, not synced"),
        Death(operation: .rename, path: "/fupload.sqlite", testDescription: "a file has not got its name"),
        Death(operation: .folderSync, path: "/data$", testDescription: "a name is not synced"),
        Death(operation: .unlink, path: "/fupload.sqlite", testDescription: "a file is not removed"),
    ])
    func aRestoreLeavesTheOldOrTheNew(_ death: Death) async throws {
        try await TestBed.runWithShim { bed, shim in
            let (server, file) = (bed.server, TestFile(size: 1000, seed: 1))
            let upload = try await server.register(file)
            try await upload.send(0...99, of: file)
            let copy = bed.folder + "/copy.sqlite"
            #expect(try await server.command("backup", copy).exit == .code(0))
            try await upload.send(100...199, of: file)
            try await server.kill()
            try await shell("mkdir original && cp -a data tmp original/", in: bed)
            let count = try shim.delay(death.operation, path: death.path, by: .zero)
            let whole = try await server.command("restore", copy)
            #expect(whole.exit == .code(0), "\(whole.summary)")
            count.remove()
            var outcomes: Set<String> = []
            for step in stride(from: 0, to: count.hits, by: death.stride) {
                let what = "step \(step) of \(count.hits)"
                try await shell("rm -rf data tmp && cp -a original/* .", in: bed)
                let kill = try shim.kill(at: death.operation, path: death.path, after: step)
                let cut = try await server.command("restore", copy)
                #expect(cut.exit == .signal(SIGKILL), "\(what): \(cut.summary)")
                kill.remove()
                try await server.start()
                let missing = try await upload.missing()
                #expect(missing == [200...999] || missing == [100...999], "\(what): \(missing)")
                outcomes.insert(missing == [200...999] ? "old" : "new")
                let doctor = try await server.doctor()
                #expect(doctor.exit == .code(0), "\(what): \(doctor)")
                try await server.kill()
                if missing == [100...999] { try await expectKept(bed, what) }
                let again = try await server.command("restore", copy)
                #expect(again.exit == .code(0), "\(what): \(again.summary)")
                let names = try FileManager.default.contentsOfDirectory(atPath: bed.folder + "/data")
                #expect(names.filter { $0.contains(".restor") } == [], "\(what)")
            }
            print("restore dies, \(death.testDescription): \(count.hits) steps, \(outcomes.sorted())")
        }
    }

    /// What was there before the restore, whole, with what was in the WAL alone.
    private func expectKept(_ bed: TestBed, _ what: String) async throws {
        let folder = bed.folder + "/data/"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        let kept = names.first { $0.wholeMatch(of: /fupload\.sqlite\.before-restore-\w+/) != nil }
        let name = try #require(kept, "\(what)")
        #expect(try await SQLiteShell(path: folder + name)("SELECT received_bytes FROM tasks") == "200", "\(what)")
        #expect(names.contains(name + ".key"), "\(what)")
    }

    private func shell(_ script: String, in bed: TestBed) async throws {
        let shell = try ProgramProcess("bash", ["-c", script], folder: bed.folder)
        #expect(try await shell.waitForExit() == .code(0), "\(shell.output.value.errorText)")
    }
}
