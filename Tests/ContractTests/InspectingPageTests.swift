import Foundation
import Glibc
import Testing
import UploadTestSupport

/// The page of questions to the database: each of its lines is typed, and answers what it asks.
@Suite(.contract)
struct InspectingPageTests {
    private func questions() throws -> [Page.Section] {
        try Page("Sources/UploadCore/UploadCore.docc/Inspecting.md").sections.filter { !$0.commands.isEmpty }
    }

    @Test func everyQuestionIsOneLineOfTheShell() throws {
        let questions = try questions()
        #expect(questions.count >= 20)
        for question in questions {
            #expect(question.title.hasSuffix("?"))
            #expect(question.commands.count == 1, "\(question.title)")
            for command in question.commands {
                #expect(command.hasPrefix("sqlite3 -readonly ") && !command.contains("\n"), "\(command)")
            }
        }
    }

    /// Beside the server and without it.
    @Test func eachHasItsAnswer() async throws {
        try await TestBed.runWithShim { bed, shim in
            let life = try await TroubledLife(bed, shim)
            let questions = try questions()
            for question in questions { _ = try await answer(question, life) }
            try await bed.server.terminate()
            try await life.age()
            #expect(Set(life.answers.keys) == Set(questions.map(\.title)))
            for question in questions {
                let text = try await answer(question, life)
                for expected in life.answers[question.title] ?? [] {
                    #expect(text.contains(expected), "\(question.title): no \(expected) in\n\(text)")
                }
            }
        }
    }

    private func answer(_ question: Page.Section, _ life: TroubledLife) async throws -> String {
        // One that has been called back has more to tell of that.
        let task = question.title.hasPrefix("What was sent") ? life.finished : life.stuck
        let answer = try await life.bed.bash("task=\(task.id)\n" + (question.commands.first ?? "false"))
        #expect(answer.exit == .code(0) && answer.errorText.isEmpty, "\(question.title): \(answer.errorText)")
        return answer.text
    }
}

/// One of everything: uploads that are stuck, finished, failed, and can't be finished; callbacks that were taken, wait, and
/// were given up.
private struct TroubledLife {
    let bed: TestBed
    /// Holds bytes 0-99, and 500-599 of 1000; once it lost them.
    let stuck: UploadHandle
    let finished: UploadHandle
    private let active: UploadHandle
    let answers: [String: [String]]

    init(_ bed: TestBed, _ shim: FaultShim) async throws {
        self.bed = bed
        let file = TestFile(size: 1000, seed: 1)
        let other = NewTask(file, name: "other", user: "u2").with("token", "\"\(TestBed.secondToken)\"")
        let stuck = try await bed.server.register(NewTask(file, name: "stuck"))
        self.stuck = stuck
        try await stuck.send(0...99, of: file)
        try await bed.server.terminate()
        try bed.server.removeStaged()
        try await bed.server.start()
        for range in [0...99, 500...599] {
            _ = try await eventually("the block to be taken") {
                try await stuck.send(range, of: file).retCode == "0" ? true : nil
            }
        }

        active = try await bed.server.register(NewTask(file, name: "active"))
        let finished = try await bed.server.register(file)
        self.finished = finished
        try await finished.sendAll(file)
        _ = try await bed.receiver.callback(for: finished.id)
        // What is told next is told after this one was taken.
        _ = try await eventually("the callback to be delivered") {
            try await bed.server.sqlite("SELECT count(*) FROM callbacks WHERE state = 'delivered'") == "1" ? true : nil
        }
        bed.receiver.plan([.status(410)], for: "/one")
        let cancelled = try await bed.server.register(NewTask(file, name: "cancelled"))
        try await cancelled.change(to: "cancel")
        bed.receiver.plan(Array(repeating: .status(500), count: 10_000), for: "/two")
        let failed = try await bed.server.register(other.with("fileMd5", "\"\(TestFile([]).md5)\""))
        try await failed.sendAll(file)
        _ = try await eventually("a callback that was given up, one that waits") {
            try await bed.server.sqlite(
                "SELECT group_concat(state) FROM (SELECT state FROM callbacks WHERE attempts > 0 AND state <> 'sending' "
                    + "ORDER BY state)") == "dead,delivered,pending" ? true : nil
        }
        _ = try shim.fail(.link, path: "/blocked", with: EIO)
        let blocked = try await bed.server.register(NewTask(file, name: "file", in: "blocked"))
        try await blocked.sendAll(file)
        _ = try await eventually("the trouble to be written down") {
            try await bed.server.sqlite("SELECT count(*) FROM task_troubles WHERE times > 1") == "1" ? true : nil
        }

        answers = [
            "What is stuck, and why?": [
                "\(stuck.id)", "no block has come; 800 of 1000 bytes are missing",
                "\(blocked.id)", "the file can't be finished: ", "Input/output error",
                "\(cancelled.id)", "the callback was given up after 1 attempt: ",
                "\(failed.id)", "the callback is not taken after ",
            ],
            "What goes on right now, and how far is it?": ["active"],
            "What happened to one task, minute by minute?": ["created", "bytesLost", " bytes, until "],
            "Which of its bytes are missing?": ["100-499, 600-999", "20.0"],
            "Which blocks came, and when?": [TestFile.md5(file.bytes[0...99]), TestFile.md5(file.bytes[500...599])],
            "How many tasks are there of each kind?": ["one", "two", "receiving", "publishing", "finished", "failed"],
            "Who uploads most?": ["u1", "u2"],
            "Where did a user's files go?": ["/store/in/file.bin"],
            "Which uploads wrote to one path?": ["\(finished.id)", file.md5],
            "Why did uploads fail?": ["\(failed.id)", "failed", "\(cancelled.id)", "cancelled"],
            "What will end by itself today?": ["\(stuck.id)"],
            "How much is received, hour by hour?": [":00"],
            "How did uploads end, day by day?": ["finished", "failed", "cancelled"],
            "How fast are uploads, and how long does finishing take?": ["file.bin"],
            "How much disk is promised?": ["3000", "1200", "1800"],
            "How large is the database, and what is in it?": ["tasks", "blocks"],
            "Which receiver fails, since when, and how?": ["one", "two", "HTTP 500"],
            "What waits to be delivered?": ["\(failed.id)", "500", "\(cancelled.id)", "410"],
            "What was given up?": ["\(cancelled.id)", "410"],
            "What was sent for one task, and what was the answer?": [
                "task_\(finished.id)", "delivered", "\"fileMd5\":\"\(file.md5)\"", "200",
            ],
            "How long do receivers take?": ["one", "two"],
            "Were staged bytes lost?": ["\(stuck.id)", "(100 bytes)"],
            "Which files can't be brought to their place?": ["\(blocked.id)", "Input/output error"],
            "Which migrations were applied, and what is configured?": ["0001_create_tables", "taskTimeout"],
            "Is the file sound?": ["ok"],
        ]
    }

    /// One upload has been without a block for half an hour, another had one just now. The server is stopped.
    func age() async throws {
        for (upload, time) in [(stuck, "-30 minutes"), (active, "0 seconds")] {
            try await bed.server.sqlite(
                "UPDATE tasks SET active_at = strftime('%Y-%m-%d %H:%M:%f', 'now', '\(time)') WHERE id = \(upload.id)")
        }
    }
}
