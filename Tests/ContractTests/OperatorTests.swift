import Foundation
import Glibc
import Testing
import UploadTestSupport

/// The database beside the running server.
@Suite(.contract)
struct OperatorTests {
    private let file = TestFile(size: 1000, seed: 1)

    @Test func bothViewsAnswerBesideTheServer() async throws {
        try await TestBed.run { bed in
            await bed.receiver.stop()
            let open = try await bed.server.register(file, name: "open")
            try await open.send(100...349, of: file)
            let finished = try await bed.server.register(file, name: "finished")
            try await finished.sendAll(file)
            try await finished.reach("finish")
            let progress = try await bed.server.sqlite(
                "SELECT state, business_server, user, file, received_bytes, total_bytes, percent, missing_ranges "
                    + "FROM task_progress WHERE id = \(open.id)")
            #expect(progress == "receiving|one|u1|open|250|1000|25.0|0-99, 350-999")
            let backlog = try await bed.server.sqlite("SELECT task_id, business_server, ret_code FROM callback_backlog")
            #expect(backlog == "\(finished.id)|one|0")
        }
    }

    @Test func timesAreReadableText() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            try await upload.sendAll(file)
            _ = try await bed.receiver.callback(for: upload.id)
            let times = try await bed.server.sqlite(
                """
                SELECT created_at FROM tasks UNION ALL SELECT active_at FROM tasks UNION ALL SELECT closed_at FROM tasks
                UNION ALL SELECT at FROM events UNION ALL SELECT created_at FROM callbacks
                UNION ALL SELECT next_attempt_at FROM callbacks UNION ALL SELECT received_at FROM blocks
                """)
            let today = try await bed.server.sqlite("SELECT date('now'), date('now', '-1 day')").split(separator: "|")
            for time in times.split(separator: "\n") {
                #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}/) != nil, "\(time)")
                #expect(today.contains { time.hasPrefix($0) }, "UTC: \(time)")
            }
        }
    }

    @Test func aLongReadStallsNothing() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            let shell = bed.own(try bed.server.sqlite.session())
            shell.send("BEGIN; SELECT 'reading', count(*) FROM tasks;")
            _ = try await shell.waitForError(containing: "reading|1")
            try await upload.sendAll(file, blockSize: 10)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            // All of that happened while the reader read: it still sees the past.
            shell.send("SELECT 'still', state FROM tasks; COMMIT; SELECT 'after', state FROM tasks;")
            _ = try await shell.waitForError(containing: "still|receiving")
            _ = try await shell.waitForError(containing: "after|finished")
        }
    }

    @Test func aWriteLockDelaysAndLosesNothing() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            let shell = bed.own(try bed.server.sqlite.session())
            shell.send("BEGIN IMMEDIATE; SELECT 'locked';")
            _ = try await shell.waitForError(containing: "locked")
            let (block, other) = (try RawSocket(port: bed.server.port), try RawSocket(port: bed.server.port))
            let task = NewTask(file, name: "other").json
            try await block.send(RawRequest.whole(upload.uploadTarget, Form(block: 0...499, file[0...499])))
            try await other.send(RawRequest.json("/api/upload/new/task", length: task.utf8.count) + task)
            // All of the one is read, the other is staged: what they lack is the COMMIT.
            try await RawSocket.waitUntilRead([block, other])
            _ = try await eventually("the block to be staged") {
                let path = bed.server.stagingFiles().first.map { bed.server.tmpDirectory + "/" + $0 }
                let staged = path.flatMap { TemporaryDirectory.read($0) } ?? []
                return staged.starts(with: file[0...499]) ? true : nil
            }
            // They have met the lock by the time that others, who came after them, are answered.
            for _ in 0..<20 { #expect(try await upload.missing() == [0...999], "reading does not wait") }
            for socket in [block, other] { #expect(try socket.unreadBytes() == 0, "no answer before the COMMIT") }
            shell.send("COMMIT; SELECT 'released';")
            _ = try await shell.waitForError(containing: "released")
            #expect(try await block.readAnswer().retCode == "0")
            #expect(try await other.readAnswer().retCode == "0")
            #expect(try await upload.missing() == [500...999])
            try await upload.send(500...999, of: file)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
        }
    }

    @Test func secretsAndTokensAreNotInTheLog() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            _ = try await bed.server.post(NewTask(file).with("token", "\"wrong-token-5d1c\""))
            try await upload.send(0...99, of: file)
            _ = try await HTTP.postForm(upload.uploadURL, Form(block: 0...99, file[0...99], md5: file.md5))
            _ = try await HTTP.get(upload.blocksURL.replacing("key=", with: "key=x"))
            bed.receiver.plan([.status(500)], for: "/one")
            try await upload.sendAll(file)
            _ = try await bed.receiver.callback(for: upload.id, 2)
            try await bed.server.terminate()
            let log = try bed.server.logText()
            #expect(log.contains("\(upload.id)"))
            let key = try #require(upload.given.upload.components(separatedBy: "key=").last)
            let secrets = [
                TestBed.token, TestBed.secondToken, TestBed.secret, String(TestBed.secret.dropFirst(6)), key,
                "wrong-token-5d1c",
            ]
            for secret in secrets { #expect(!log.contains(secret)) }
        }
    }
}

/// The command line of fuploadServer.
@Suite(.contract)
struct CommandLineTests {
    private func run(_ arguments: String...) async throws -> ProgramProcess.Output {
        let process = try ProgramProcess(try ProgramProcess.path(ofProduct: "fuploadServer"), arguments)
        try await process.waitForExit()
        return process.output.value
    }

    @Test func versionAndHelp() async throws {
        let version = try await run("--version")
        #expect(version.exit == .code(0))
        #expect(version.text.contains("fuploadServer") && version.text.contains("SQLite"))
        let help = try await run("--help")
        #expect(help.exit == .code(0))
        for word in ["--set", "--check-config", "-c", "FUPLOAD_"] { #expect(help.text.contains(word)) }
        #expect(try await run("--nonsense").exit == .code(64))
        #expect(try await run("--set", "novalue").exit == .code(64))
    }

    @Test func checkConfigShowsWhatIsInEffectWithoutSecrets() async throws {
        try await TestBed.run(startsServer: false) { bed in
            let output = try await run("-c", bed.server.configuration, "--check-config", "--set", "taskTimeout=7m")
            #expect(output.exit == .code(0), "\(output.errorText)")
            #expect(output.text.contains("taskTimeout: 7m"), "\(output.text)")
            #expect(output.text.contains(bed.server.storeDirectory))
            for secret in [TestBed.token, TestBed.secondToken, TestBed.secret] {
                #expect(!output.text.contains(secret))
            }
            #expect(!FileManager.default.fileExists(atPath: bed.server.database), "nothing was started")
        }
    }

    @Test func allFaultsAreListedAtOnce() async throws {
        try await TestBed.run(startsServer: false) { bed in
            let output = try await run(
                "-c", bed.server.configuration, "--set", "server.port=70000", "--set", "taskTimeout=soon", "--set",
                "checkTmpMd5=perhaps", "--set", "taskTimout=1")
            #expect(output.exit == .code(78))
            for word in ["server.port", "taskTimeout", "checkTmpMd5", "taskTimout", "70000", "soon"] {
                #expect(output.errorText.contains(word), "\(output.errorText)")
            }
            #expect(!output.errorText.contains(TestBed.token))
        }
        let missing = try await run("-c", "/nonexistent/fupload.yml")
        #expect(missing.exit == .code(78))
        #expect(missing.errorText.contains("/nonexistent/fupload.yml"))
    }

    @Test func theEnvironmentOverridesTheFile() async throws {
        try await TestBed.run(environment: ["FUPLOAD_MAX_FILE_SIZE": "5"]) { bed in
            let answer = try await bed.server.post(NewTask(TestFile(size: 6, seed: 1)))
            #expect(answer.retCode == "10")
        }
    }

    @Test func keysOfTheOriginalAreIgnoredWithAWarning() async throws {
        try await TestBed.run(startsServer: false) { bed in
            let text = try String(contentsOfFile: bed.server.configuration, encoding: .utf8)
            let more = "mysqlDB:\n  host: \"db\"\n  password: \"pw-33aa\"\ncacheAddr: \"127.0.0.1:6379\"\n"
            try Data((text + more).utf8).write(to: URL(fileURLWithPath: bed.server.configuration))
            try await bed.server.start()
            let log = try bed.server.logText()
            #expect(log.contains("mysqlDB") && log.contains("cacheAddr"))
            #expect(!log.contains("pw-33aa"))
        }
    }
}
