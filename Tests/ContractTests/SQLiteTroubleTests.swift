import Foundation
import Testing
import UploadTestSupport

/// Other programs at the database, and a database that is damaged.
@Suite(.contract)
struct SQLiteTroubleTests {
    private let file = TestFile(size: 1000, seed: 1)

    /// A shell that was left open with the write lock: everybody is told "busy" in a bounded time, not one after the
    /// other, and all goes on when it ends.
    @Test func aLockThatIsNotGivenBackMakesEverybodyBusy() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            let shell = bed.own(try bed.server.sqlite.session())
            shell.send("BEGIN IMMEDIATE; SELECT 'locked';")
            _ = try await shell.waitForError(containing: "locked")
            let answers = try await withThrowingTaskGroup(of: HTTPAnswer.self) { group in
                for number in 0..<20 { group.addTask { try await bed.server.post(NewTask(file, name: "\(number)")) } }
                for number in 0..<10 {
                    group.addTask { try await upload.send(number * 100...number * 100 + 99, of: file) }
                }
                group.addTask { try await upload.change(to: "pause") }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            // The client gives up after a minute; one after the other they would take several.
            for answer in answers {
                #expect(answer.retCode == "11" && answer.status == 503, "\(answer.text)")
                #expect(answer.headers["retry-after"] != nil)
            }
            #expect(try await upload.missing() == [0...999], "reading does not wait")
            #expect(try await HTTP.get(bed.server.base + "/ready").status == 503)
            shell.send("COMMIT; SELECT 'released';")
            _ = try await shell.waitForError(containing: "released")
            try await upload.sendAll(file, blockSize: 100)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
        }
    }

    /// A reader that does not end lets the WAL grow; when it ends, the WAL is used from its beginning again.
    @Test func aReaderThatPinsTheWALKeepsNobodyFromWorking() async throws {
        try await TestBed.run { bed in
            let padding = "\"\(String(repeating: "x", count: 20_000))\""
            func write(_ range: Range<Int>) async throws {
                for number in range {
                    let task = NewTask(file, name: "\(number)").with("feedBackParameter", padding)
                    #expect(try await bed.server.post(task).retCode == "0")
                }
            }
            func walSize() throws -> Int {
                try FileManager.default.attributesOfItem(atPath: bed.server.database + "-wal")[.size] as? Int ?? 0
            }
            try await write(0..<1)
            let shell = bed.own(try bed.server.sqlite.session())
            shell.send("BEGIN; SELECT 'reading', count(*) FROM tasks;")
            _ = try await shell.waitForError(containing: "reading|1")
            // More pages than the thousand after which SQLite checkpoints in a test.
            try await write(1..<400)
            let pinned = try walSize()
            #expect(pinned > 8 << 20)
            shell.send("COMMIT; SELECT 'ended';")
            _ = try await shell.waitForError(containing: "ended")
            try await write(400..<800)
            #expect(try walSize() <= pinned + 1 << 20)
        }
    }

    @Test(arguments: ["header", "pages", "cut"]) func aDamagedDatabaseIsRefusedAndTheWayOutIsNamed(how: String)
        async throws
    {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            try await upload.send(0...99, of: file)
            try await bed.server.terminate()
            let path = bed.server.database
            var bytes = try #require(TemporaryDirectory.read(path))
            switch how {
            case "header": bytes.replaceSubrange(0..<100, with: [UInt8](repeating: 0x5A, count: 100))
            case "pages": bytes.replaceSubrange(100..<4096, with: [UInt8](repeating: 0x5A, count: 3996))
            default: bytes.removeLast(bytes.count / 2)
            }
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            let process = try bed.server.launch()
            #expect(try await process.waitForExit() == .code(1))
            let said = process.output.value.errorText
            #expect(said.contains("damaged") && said.contains("restore the newest backup"), "\(said)")
            #expect(said.contains("fuploadServer restore") && said.contains(".recover") && said.contains("doctor"))
            #expect(TemporaryDirectory.read(path) == bytes, "it is left as it was found")
            #expect(!bed.server.stagingFiles().isEmpty, "no byte was given up for it")
        }
    }
}
