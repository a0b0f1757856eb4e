import Testing
import UploadTestSupport

private let file = TestFile(size: 1000, seed: 1)

/// `fuploadServer tasks`, `task`, `cancel`, `pause`, `resume`, `callbacks`.
@Suite(.contract)
struct OperatorCommandTests {
    private func words(_ line: Substring) -> [String] { line.split(separator: " ").map(String.init) }

    @Test func tasksBesideTheServerAndWithoutIt() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file, name: "a\u{202E}nib.bin")
            try await upload.send(0...499, of: file)
            let other = try await bed.server.register(file, name: "other")
            let first = try await bed.server.command("tasks", "--sort", "progress")
            let lines = first.text.split(separator: "\n")
            #expect(first.exit == .code(0) && lines.count == 3, "\(first)")
            #expect(words(lines[0]).prefix(5) == ["ID", "STATE", "HELD", "OF", "PERCENT"])
            #expect(words(lines[1]).prefix(3) == ["\(upload.id)", "receiving", "500"], "\(first)")
            #expect(words(lines[2]).first == "\(other.id)" && first.text.contains("50.0 %"))
            #expect(!first.text.contains("\u{202E}"), "a name steers no terminal")
            try await bed.server.terminate()
            #expect(try await bed.server.command("tasks", "--sort", "progress").text == first.text)
            let json = try await bed.server.command("tasks", "--search", "other", "--json")
            #expect(try JSONTree(Array(json.text.utf8))["tasks"].elements.map { $0["id"].integer } == [other.id])
            #expect(try await bed.server.command("tasks", "--state", "closed").text == "no tasks")
        }
    }

    @Test func oneTask() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            try await upload.send(0...499, of: file)
            try await upload.send(750...999, of: file)
            let shown = try await bed.server.command("task", "\(upload.id)")
            #expect(shown.exit == .code(0), "\(shown)")
            #expect(shown.text.contains("missing") && shown.text.contains("500-749"), "\(shown)")
            #expect(
                shown.text.contains(
                    "[" + String(repeating: "#", count: 30) + String(repeating: ".", count: 15)
                        + String(repeating: "#", count: 15) + "]"), "\(shown)")
            #expect(shown.text.contains("created") && shown.text.contains("2 blocks, 750 bytes"), "\(shown)")
            let unknown = try await bed.server.command("task", "--json", "12345")
            #expect(unknown.exit == .code(1) && unknown.json["error"].text == "there is no such task", "\(unknown)")
            let none = try await bed.server.command("task", "12345")
            #expect(none.exit == .code(1) && none.errorText == "there is no such task", "\(none)")
        }
    }

    /// By the running server, which then says so itself; and by the command, where none runs.
    @Test(arguments: [true, false])
    func cancelling(whileItRuns runs: Bool) async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            try await upload.send(0...499, of: file)
            var admin: [String] = []
            if runs { admin = ["--admin", try await bed.server.adminBase()] } else { try await bed.server.terminate() }
            let paused = try await bed.server.command("pause", ["\(upload.id)"] + admin)
            #expect(paused.exit == .code(0) && paused.text == "task \(upload.id) is paused", "\(paused)")
            let again = try await bed.server.command("pause", ["\(upload.id)"] + admin)
            #expect(again.exit == .code(1) && again.errorText.contains("already"), "\(again)")
            #expect(try await bed.server.command("resume", ["\(upload.id)"] + admin).exit == .code(0))
            let cancelled = try await bed.server.command("cancel", ["\(upload.id)", "--reason", "too large"] + admin)
            #expect(cancelled.exit == .code(0), "\(cancelled)")
            let unknown = try await bed.server.command("cancel", ["12345"] + admin)
            #expect(unknown.exit == .code(1) && unknown.errorText == "there is no such task", "\(unknown)")
            #expect(bed.server.stagingFiles().isEmpty)
            if !runs { try await bed.server.start() }
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "-3")
            let why = try await bed.server.sqlite("SELECT reason FROM tasks")
            #expect(why == "cancelled by the operator: too large")
            let doctor = try await bed.server.doctor()
            #expect(doctor.exit == .code(0), "\(doctor)")
        }
    }

    @Test(arguments: [true, false])
    func replaying(whileItRuns runs: Bool) async throws {
        try await TestBed.run { bed in
            bed.receiver.plan([.status(410)], for: "/one")
            let upload = try await bed.server.register(file)
            try await upload.sendAll(file)
            _ = try await eventually("a dead callback") {
                try await bed.server.sqlite("SELECT state FROM callbacks") == "dead" ? true : nil
            }
            let list = try await bed.server.command("callbacks")
            #expect(list.exit == .code(0) && list.text.contains(" dead ") && list.text.contains("410"), "\(list)")
            let number = try await bed.server.sqlite("SELECT id FROM callbacks")
            let shown = try await bed.server.command("callbacks", "show", number)
            #expect(shown.exit == .code(0) && shown.text.contains("\"retCode\":\"0\""), "\(shown)")
            var admin: [String] = []
            if runs { admin = ["--admin", try await bed.server.adminBase()] } else { try await bed.server.terminate() }
            let later = try await bed.server.command("callbacks", ["replay", "--since", "2100-01-01"] + admin)
            #expect(later.exit == .code(0) && later.text.hasPrefix("0 callbacks"), "\(later)")
            let replayed = try await bed.server.command("callbacks", ["replay", "--since", "2020-01-01"] + admin)
            #expect(replayed.exit == .code(0) && replayed.text == "1 callbacks are due now", "\(replayed)")
            let unknown = try await bed.server.command("callbacks", ["replay", "--id", "99"] + admin)
            #expect(unknown.exit == .code(1) && unknown.errorText.contains("99"), "\(unknown)")
            if !runs { try await bed.server.start() }
            _ = try await bed.receiver.callback(for: upload.id, 2)
        }
    }

    @Test func whatIsWrongIsSaid() async throws {
        try await TestBed.run { bed in
            for words in [
                ["tasks", "--state", "lost"], ["tasks", "--limit", "0"], ["task", "x"], ["callbacks", "replay"],
                ["callbacks", "replay", "--id", "1", "--since", "2026-01-01"], ["callbacks", "--since", "soon"],
            ] {
                let answer = try await bed.server.command(words[0], Array(words.dropFirst()))
                #expect(answer.exit == .code(64), "\(words): \(answer)")
            }
            // It listens on a port that the configuration does not name.
            let lost = try await bed.server.command("cancel", "1")
            #expect(lost.exit == .code(2) && lost.errorText.contains("--admin"), "\(lost)")
            let nobody = try await bed.server.command("cancel", "1", "--admin", "http://127.0.0.1:1")
            #expect(nobody.exit == .code(2) && nobody.errorText.contains("nothing answers"), "\(nobody)")
        }
    }

    @Test func theTokenIsTaken() async throws {
        try await TestBed.run("admin.token=a-token-for-operators") { bed in
            let upload = try await bed.server.register(file)
            let admin = ["--admin", try await bed.server.adminBase()]
            let wrong = try await bed.server.command(
                "cancel", ["\(upload.id)", "--set", "admin.token=another-token-of-somebody"] + admin)
            #expect(wrong.exit == .code(2) && wrong.errorText.contains("admin.token"), "\(wrong)")
            #expect(try await bed.server.command("cancel", ["\(upload.id)"] + admin).exit == .code(0))
        }
    }

    /// Bringing it up to date is the server's, or `migrate`'s.
    @Test func anOlderSchemaIsLeftAsItIs() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            try await bed.server.terminate()
            let count = "SELECT count(*) FROM grdb_migrations"
            _ = try await bed.server.sqlite("DELETE FROM grdb_migrations WHERE identifier = '0008_traffic'")
            let before = try await bed.server.sqlite(count)
            for words in [["tasks"], ["cancel", "\(upload.id)"], ["callbacks", "replay", "--since", "2026-01-01"]] {
                let answer = try await bed.server.command(words[0], Array(words.dropFirst()))
                #expect(answer.exit == .code(2) && answer.errorText.contains("older schema"), "\(words): \(answer)")
            }
            #expect(try await bed.server.sqlite(count) == before)
            #expect(try await bed.server.sqlite("SELECT state FROM tasks") == "receiving")
        }
    }

    @Test func noDatabaseYet() async throws {
        try await TestBed.run(startsServer: false) { bed in
            for words in [["tasks"], ["callbacks"], ["cancel", "1"]] {
                let answer = try await bed.server.command(words[0], Array(words.dropFirst()))
                #expect(answer.exit == .code(2) && answer.errorText.contains("there is no database"), "\(answer)")
            }
            #expect(bed.server.process == nil)
        }
    }
}
