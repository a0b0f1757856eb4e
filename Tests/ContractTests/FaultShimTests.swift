import Foundation
import Glibc
import Testing
import UploadTestSupport

/// The instrument of all fault tests does what it says, to a real server.
@Suite(.contract)
struct FaultShimTests {
    private let file = TestFile(size: 200_000, seed: 1)

    @Test func aFailingWriteFailsTheBlock() async throws {
        try await TestBed.runWithShim { bed, shim in
            let upload = try await bed.server.register(file)
            let rule = try shim.fail(.write, path: ".part", with: EIO)
            let answer = try await upload.send(0...99_999, of: file)
            #expect(answer.retCode == "20", "\(answer.text)")
            #expect(rule.hits > 0)
            #expect(try await upload.missing() == [0...199_999])
            rule.remove()
            try await upload.sendAll(file)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
        }
    }

    @Test func callsPassBeforeAndAfterTheOnesThatFail() async throws {
        try await TestBed.runWithShim { bed, shim in
            let upload = try await bed.server.register(file)
            let rule = try shim.fail(.sync, path: ".part", with: ENOSPC, after: 1, times: 1)
            var codes: [String?] = []
            for range in [0...9, 10...19, 20...29] { codes.append(try await upload.send(range, of: file).retCode) }
            #expect(codes == ["0", "3", "0"])
            #expect(rule.hits == 1)
            #expect(try await upload.missing() == [10...19, 30...199_999])
        }
    }

    @Test func aShortWriteIsContinued() async throws {
        try await TestBed.runWithShim { bed, shim in
            let upload = try await bed.server.register(file)
            try shim.shortenWrites(path: ".part", times: 2)
            try await upload.sendAll(file)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored("in/file.bin") == file.bytes)
        }
    }

    /// The calls of a block one by one, and those of the database, which another library makes.
    @Test(arguments: [
        (FaultShim.Operation.create, ".part", "3"), (.open, ".part", "3"), (.folderSync, "{tmp}/", "3"),
        (.write, "sqlite-wal", "3"), (.sync, "sqlite-wal", "20"), (.write, "spool-", "3"),
    ])
    func aBlockMeetsTheRule(operation: FaultShim.Operation, path: String, code: String) async throws {
        try await TestBed.runWithShim { bed, shim in
            let upload = try await bed.server.register(file)
            // Not any "/tmp/": the whole bed may lie in one.
            let path = path.replacingOccurrences(of: "{tmp}", with: bed.server.tmpDirectory)
            try shim.fail(operation, path: path, with: ENOSPC, times: 1)
            // The file before its range: what comes first is spooled.
            let form = Form(Form(block: 0...99_999, file[0...99_999]).parts.reversed())
            let answer = try await HTTP.postForm(upload.uploadURL, form)
            #expect(answer.retCode == code, "\(answer.text)")
            #expect(try await upload.missing() == [0...199_999])
            try await upload.sendAll(file)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
        }
    }

    @Test(arguments: [
        (FaultShim.Operation.mkdir, "/new"), (.link, "/new/"), (.rename, "/new/"), (.folderSync, "/store/"),
        (.read, ".part"),
    ])
    func publishingMeetsTheRule(operation: FaultShim.Operation, path: String) async throws {
        try await TestBed.runWithShim { bed, shim in
            let upload = try await bed.server.register(NewTask(file, in: "new"))
            let rule = try shim.fail(operation, path: path, with: EIO, times: 1)
            try await upload.sendAll(file)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored("new/file.bin") == file.bytes)
            #expect(rule.hits == 1)
        }
    }

    @Test func aStagingFileThatCantBeRemovedIsRemovedAtTheNextStart() async throws {
        try await TestBed.runWithShim { bed, shim in
            let upload = try await bed.server.register(file)
            try await upload.send(0...9, of: file)
            let rule = try shim.fail(.unlink, path: ".part", with: EIO)
            try await upload.change(to: "cancel")
            try await rule.wait()
            #expect(bed.server.stagingFiles().count == 1)
            shim.clear()
            try await bed.server.terminate()
            try await bed.server.start()
            _ = try await bed.server.process?.waitForError(containing: "staging files checked")
            #expect(bed.server.stagingFiles() == [])
        }
    }

    @Test func truncationCanFail() async throws {
        try await TestBed.runWithShim { bed, shim in
            _ = try await bed.server.register(file)
            // The server's last deed is to have the WAL copied and cut off; it says so when that failed.
            try shim.fail(.truncate, path: "-wal", with: EROFS)
            #expect(try await bed.server.terminate() == .code(1))
        }
    }

    @Test func aFullDiskIsReported() async throws {
        try await TestBed.runWithShim { bed, shim in
            let rule = try shim.reportFree(bytes: 1000, path: bed.server.tmpDirectory)
            let answer = try await bed.server.post(NewTask(file))
            #expect((answer.status, answer.retCode) == (507, "3"), "\(answer.text)")
            rule.remove()
            _ = try await bed.server.register(file)
        }
    }

    @Test(arguments: [86400, -86400])
    func theClockJumps(seconds: Int) async throws {
        try await TestBed.runWithShim { bed, shim in
            let before = try await bed.server.register(file, name: "before")
            shim.setClock(offset: .seconds(seconds))
            let after = try await bed.server.register(file, name: "after")
            shim.setClock(offset: .zero)
            let back = try await bed.server.register(file, name: "back")
            let seen = try await bed.server.sqlite(
                """
                SELECT round(julianday((SELECT created_at FROM tasks WHERE id = \(after.id))) - julianday(created_at), 2)
                FROM tasks WHERE id IN (\(before.id), \(back.id))
                """)
            let days = seconds > 0 ? "1.0" : "-1.0"
            #expect(seen == "\(days)\n\(days)")
        }
    }

    @Test func aHeldCallGoesOnWhenItIsLetGo() async throws {
        try await TestBed.runWithShim { bed, shim in
            let upload = try await bed.server.register(file)
            let hold = try shim.hold(.sync, path: ".part")
            async let answer = upload.send(0...9, of: file)
            try await hold.waitUntilHeld()
            #expect(try await upload.missing() == [0...199_999], "not held before the sync is done")
            hold.remove()
            #expect(try await answer.retCode == "0")
            #expect(hold.waiting == 0)
            let delay = try shim.delay(.sync, path: ".part", by: .milliseconds(1), times: 1)
            #expect(try await upload.send(10...19, of: file).retCode == "0")
            #expect(delay.hits == 1)
        }
    }

    @Test func theProcessDiesInsteadOfMakingTheCall() async throws {
        try await TestBed.runWithShim { bed, shim in
            let upload = try await bed.server.register(NewTask(file, in: "new"))
            let rule = try shim.kill(at: .rename, path: "/new/")
            try await upload.sendAll(file)
            #expect(try await bed.server.process?.waitForExit() == .signal(SIGKILL))
            #expect(rule.hits == 1)
            #expect(bed.server.stored("new/file.bin") == nil)
            try await bed.server.start()
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored("new/file.bin") == file.bytes)
        }
    }

    /// As a part of a path, the database's would mean its WAL too.
    @Test func aRuleMayMeanTheEndOfAPath() async throws {
        try await TestBed.runWithShim { bed, shim in
            let main = try shim.fail(.write, path: ".sqlite$", with: EIO)
            _ = try await bed.server.register(file)
            #expect(main.hits == 0, "a COMMIT writes to the WAL alone")
            let log = try shim.fail(.write, path: ".sqlite-wal$", with: EIO)
            #expect(try await bed.server.post(NewTask(file, name: "second")).retCode == "20")
            log.remove()
            // The WAL is copied into the database when it is closed.
            try await bed.server.terminate()
            try await main.wait()
        }
    }

    /// Flags of rules that the library does not know would be rules that are not obeyed.
    @Test func aControlFileOfAnotherVersionIsRefused() async throws {
        try await TestBed.runWithShim(startsServer: false) { bed, _ in
            let control = try #require(FileHandle(forWritingAtPath: bed.folder + "/shim.control"))
            try control.write(contentsOf: Data(count: 4))
            try control.close()
            let process = try bed.server.launch()
            #expect(try await process.waitForExit() == .code(97))
            #expect(process.output.value.errorText.contains("another version"))
        }
    }

    @Test func aRuleThatMetNothingFailsTheTest() async throws {
        await #expect(throws: FaultShim.Unhit.self) {
            try await TestBed.runWithShim(startsServer: false) { _, shim in
                try shim.fail(.write, path: "nothing is called like this", with: EIO)
                try shim.fail(.write, path: "nor this", with: EIO, mustHit: false)
            }
        }
    }
}
