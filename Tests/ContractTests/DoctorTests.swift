import Foundation
import Glibc
import Testing
import UploadTestSupport

/// `fuploadServer doctor` on an installation that is sound, or damaged in one way.
@Suite(.contract)
struct DoctorTests {
    // MARK: Sound

    @Test func aSoundInstallationIsCleanWhileRunningAndAfterwards() async throws {
        try await Patient.run { patient in
            let paused = try await patient.register("paused")
            try await paused.send(100...199, of: patient.file)
            try await paused.change(to: "pause")
            try await patient.register("cancelled").change(to: "cancel")
            let empty = try await patient.server.register(TestFile([]), name: "empty")
            _ = try await patient.bed.receiver.callback(for: empty.id)
            // One finished, one cancelled, one empty; one receiving, one paused.
            try await patient.settle()
            let running = try await patient.server.doctor()
            #expect(running.exit == .code(0) && running.findings.isEmpty, "\(running)")
            try await patient.server.terminate()
            let before = try patient.databaseBytes()
            let stopped = try await patient.server.doctor()
            #expect(stopped.exit == .code(0) && stopped.findings.isEmpty, "\(stopped)")
            #expect(try patient.databaseBytes() == before, "a check changes nothing")
            for run in [running, stopped] {
                #expect(run.counts["tasks"].integer == 5)
                #expect(run.counts["openTasks"].integer == 2)
                #expect(run.counts["blocks"].integer == 3)
                #expect(run.counts["finishedFiles"].integer == 2)
                #expect(run.counts["hashedBytes"].integer == 500_100)
            }
            let repair = try await patient.server.doctor("--repair")
            #expect(repair.exit == .code(0) && repair.findings.isEmpty, "\(repair)")
            try await patient.finishUpload(missing: [100_000...199_999])
        }
    }

    @Test func whatACrashLeavesIsNoProblem() async throws {
        try await Patient.run { patient in
            patient.bed.receiver.plan([.hang], for: "/one")
            let upload = try await patient.register("hanging")
            try await upload.sendAll(patient.file)
            _ = try await patient.bed.receiver.callback(for: upload.id)
            try await patient.server.kill()
            let before = try patient.databaseBytes()
            let run = try await patient.server.doctor()
            #expect(run.exit == .code(0), "\(run)")
            #expect(run.findings.map(\.check) == ["callbacks"] && run.findings[0].severity == "note", "\(run)")
            #expect(try patient.databaseBytes() == before, "the WAL is left as it is")
            let repair = try await patient.server.doctor("--repair")
            #expect(repair.exit == .code(0), "\(repair)")
            #expect(repair.findings("repaired").map(\.check) == ["callbacks"], "\(repair)")
            try await patient.server.start()
            #expect(try await patient.bed.receiver.callback(for: upload.id, 2).retCode == "0")
        }
    }

    @Test func aBusyServerIsNeverAccused() async throws {
        try await TestBed.run { bed in
            // Eight callbacks hang and keep the others waiting, so that files are replaced before they are delivered.
            bed.receiver.plan(Array(repeating: .hang, count: 16), for: "/one")
            try await withThrowingTaskGroup(of: Void.self) { group in
                let uploads = Watched(0)
                for uploader in 0..<6 {
                    group.addTask { try await Bustle(bed: bed, number: uploader, allowed: uploads).run() }
                }
                var (open, closed): (Int64, Int64) = (0, 0)
                for _ in 0..<25 {
                    // Otherwise a slow machine has ever more tasks for an ever slower doctor.
                    uploads.update { $0 += 4 }
                    let run = try await bed.server.doctor()
                    #expect(run.exit == .code(0) && run.problems.isEmpty, "\(run)")
                    open = max(open, run.counts["openTasks"].integer ?? 0)
                    closed = (run.counts["tasks"].integer ?? 0) - (run.counts["openTasks"].integer ?? 0)
                }
                #expect(open > 10 && closed > 10, "it was busy")
                group.cancelAll()
                while let result = await group.nextResult() {
                    if case .failure(let error) = result, !(error is CancellationError) { throw error }
                }
            }
        }
    }

    // MARK: It can't check

    @Test func repairNeedsTheServerToBeStopped() async throws {
        try await Patient.run { patient in
            let run = try await patient.server.doctor("--repair")
            #expect(run.exit == .code(2) && run.findings.isEmpty, "\(run)")
            let pid = try #require(patient.server.process?.pid)
            #expect(run.error?.contains("process \(pid)") == true, "\(run)")
            #expect(try await patient.server.doctor().exit == .code(0))
        }
    }

    @Test func whatIsNotThereIsNotMade() async throws {
        try await TestBed.run(startsServer: false) { bed in
            for arguments in [[], ["--repair"]] {
                let run = try await bed.server.doctor(arguments)
                #expect(run.exit == .code(2) && run.error?.contains("no database") == true, "\(run)")
            }
            #expect(!FileManager.default.fileExists(atPath: bed.folder + "/data"))
            #expect(!FileManager.default.fileExists(atPath: bed.server.tmpDirectory))
        }
    }

    @Test(arguments: [
        ("DELETE FROM grdb_migrations WHERE identifier LIKE '0002%'", "older schema"),
        ("INSERT INTO grdb_migrations VALUES ('0999_later')", "0999_later"),
        ("DROP TABLE grdb_migrations", "none of this program's"),
    ])
    func anotherSchemaIsLeftAlone(sql: String, word: String) async throws {
        try await Patient.run { patient in
            try await patient.server.terminate()
            try await patient.server.sqlite(sql)
            for arguments in [[], ["--repair"]] {
                let run = try await patient.server.doctor(arguments)
                #expect(run.exit == .code(2) && run.error?.contains(word) == true, "\(run)")
            }
        }
    }

    @Test func linesForPeople() async throws {
        try await Patient.run { patient in
            try await patient.server.terminate()
            try patient.damageStaged { $0.removeAll() }
            let process = try ProgramProcess(
                try ProgramProcess.path(ofProduct: "fuploadServer"), ["-c", patient.server.configuration, "doctor"])
            #expect(try await process.waitForExit() == .code(1))
            let lines = process.output.value.lines
            #expect(lines.count == 2, "\(lines)")
            #expect(lines.first?.hasPrefix("problem blocks task \(patient.open.id): ") == true, "\(lines)")
            #expect(lines.last?.contains("checked 2 tasks (1 open), 2 blocks") == true, "\(lines)")
            #expect(lines.last?.contains("1 problems, 0 notes, 0 repaired") == true, "\(lines)")
        }
    }
}

/// Keeps some uploads open that lack little, and finishes, cancels and replaces them in no order.
private struct Bustle {
    let bed: TestBed
    let number: Int
    /// How many uploads it may have begun.
    let allowed: Watched<Int>

    func run() async throws {
        var random = SeededGenerator(seed: UInt64(number) + 99)
        var open: [(upload: UploadHandle, file: TestFile, last: ClosedRange<Int>)] = []
        for round in 0... {
            try await allowed.wait("leave for another upload", within: .seconds(120)) { $0 > round ? () : nil }
            let file = TestFile(size: Int.random(in: 1...200_000, using: &random), seed: random.next())
            // All share a few targets, so that finished files are replaced all the time.
            let task = NewTask(file, name: "\(Int.random(in: 0..<3, using: &random))", user: "\(number)-\(round)")
            let upload = try await bed.server.register(task)
            var blocks = file.blocks(of: 32 << 10).shuffled(using: &random)
            let last = blocks.removeLast()
            for range in blocks { try await upload.send(range, of: file) }
            open.append((upload, file, last))
            guard open.count > 8 else { continue }
            let ending = open.remove(at: Int.random(in: 0..<open.count, using: &random))
            if Int.random(in: 0..<4, using: &random) == 0 {
                try await ending.upload.change(to: "pause")
                try await ending.upload.change(to: "cancel")
            } else {
                try await ending.upload.send(ending.last, of: ending.file)
            }
        }
    }
}
