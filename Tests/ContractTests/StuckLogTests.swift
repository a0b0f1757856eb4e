import Testing
import UploadTestSupport

/// Whoever reads standard error may stop reading: a collector that hangs, a terminal that is held. The log waits and loses
/// lines, the service does neither.
@Suite(.contract)
struct StuckLogTests {
    private let file = TestFile(size: 200_000, seed: 1)

    /// Its line in the log has more than two kilobytes, each time that it is registered.
    private var talkative: NewTask {
        let quote = "\\\""
        return NewTask(
            file, name: String(repeating: quote, count: 200), user: String(repeating: quote, count: 1000))
    }

    @Test func uploadsGoOnAndTheLogSaysWhatItLost() async throws {
        try await TestBed.run { bed in
            let process = try #require(bed.server.process)
            process.leaveErrorsUnread()
            let first = try await bed.server.register(talkative)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        for _ in 0..<100 {
                            let again = try await bed.server.register(talkative)
                            #expect(again.id == first.id)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let upload = try await bed.server.register(file)
            try await upload.sendAll(file)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored("in/file.bin") == file.bytes)

            process.readErrors()
            let note = try await process.waitForError(containing: "log lines were lost, standard error did not")
            #expect(note.contains(" WARNING "))
            _ = try await bed.server.register(file, name: "afterwards.bin")
            _ = try await process.waitForError(containing: "afterwards.bin")
            let lines = process.output.value.errorLines
            let lost = lines.reduce(0) { sum, line in
                sum + (line.firstMatch(of: /(\d+) log lines were lost/).flatMap { Int($0.output.1) } ?? 0)
            }
            // 801 of the talkative one, and one each of the two others.
            let read = lines.count { $0.contains("task registered") }
            #expect(read < 803)
            #expect(read + lost >= 803, "\(read) read, \(lost) told to be lost")
            #expect(try await bed.server.terminate() == .code(0))
        }
    }

    @Test func stopsInOrderThoughNobodyReads() async throws {
        try await TestBed.run { bed in
            let process = try #require(bed.server.process)
            process.leaveErrorsUnread()
            // More than a pipe of any size has room for.
            for _ in 0..<50 { _ = try await bed.server.register(talkative) }
            #expect(try await bed.server.terminate() == .code(0))
        }
    }
}
