import Foundation
import Glibc
import Testing
import UploadTestSupport

/// `fuploadServer doctor --repair` dies in the middle of its work: what it leaves is no worse than what it found, the next
/// repair brings it to the end, and the uploads go on.
@Suite(.contract)
struct RepairCrashTests {
    /// The calls at which it dies, one after the other.
    struct Death: Sendable, CustomTestStringConvertible {
        let operation: FaultShim.Operation
        let path: String
        /// At each of them, or at some: a transaction is many writes.
        let stride: Int
        let testDescription: String
    }

    @Test(arguments: [
        Death(operation: .sync, path: "-wal", stride: 1, testDescription: "a transaction is written, not synced"),
        Death(operation: .write, path: "-wal", stride: 4, testDescription: "a transaction is written in part"),
        Death(operation: .unlink, path: ".part", stride: 1, testDescription: "files are removed in part"),
    ])
    func aRepairMayBeCutOff(_ death: Death) async throws {
        try await TestBed.runWithShim { bed, shim in
            let patient = try await damagedPatient(bed)
            try await shell("mkdir copy && cp -a data tmp store copy/", in: bed)
            // A delay of nothing: it counts.
            let count = try shim.delay(death.operation, path: death.path, by: .zero)
            let whole = try await bed.server.doctor("--repair")
            #expect(whole.exit == .code(0), "\(whole)")
            count.remove()
            let steps = count.hits
            for step in stride(from: 0, to: steps, by: death.stride) {
                let what = "step \(step) of \(steps)"
                try await shell("rm -rf data tmp store && cp -a copy/* .", in: bed)
                let kill = try shim.kill(at: death.operation, path: death.path, after: step)
                let cut = try await bed.server.doctor("--repair")
                #expect(cut.exit == .signal(SIGKILL), "\(what): \(cut)")
                kill.remove()
                let again = try await bed.server.doctor("--repair")
                #expect(again.exit == .code(0), "\(what): \(again)")
                let check = try await bed.server.doctor()
                #expect(check.exit == .code(0) && check.findings.isEmpty, "\(what): \(check)")
                try await goOn(patient, what)
            }
        }
    }

    /// Damage to rows, schema and files that takes a repair many transactions; the server is stopped.
    private func damagedPatient(_ bed: TestBed) async throws -> Patient {
        let file = TestFile(size: 300_000, seed: 11)
        let open = try await bed.server.register(NewTask(file, name: "open"))
        for range in [0...99_999, 200_000...299_999] { try await open.send(range, of: file) }
        let finished = try await bed.server.register(NewTask(file, name: "finished"))
        try await finished.sendAll(file, blockSize: 100_000)
        _ = try await bed.receiver.callback(for: finished.id)
        let patient = Patient(bed: bed, file: file, open: open, finished: finished)
        try await patient.settle()
        try await bed.server.terminate()
        try await bed.server.sqlite(
            """
            DROP INDEX callbacks_due; DROP VIEW task_progress; DROP TRIGGER events_stay;
            UPDATE open_totals SET missing_bytes = 1;
            DELETE FROM callbacks WHERE task_id = \(finished.id);
            DELETE FROM events WHERE task_id = \(finished.id) AND kind = 'finished';
            """)
        try patient.damageStaged { $0[50_000] ^= 1 }
        let folder = URL(fileURLWithPath: try patient.stagedPath()).deletingLastPathComponent().path
        for name in ["4711.part", "\(finished.id).part"] { try Patient.overwrite(folder + "/" + name, [1, 2, 3]) }
        try Patient.overwrite(bed.server.storeDirectory + "/in/.fupload-\(finished.id).part", [1])
        let run = try await bed.server.doctor()
        let problems = [
            "blocks", "callbacks", "events", "leftovers", "orphans", "schema", "schema", "schema", "strays", "totals",
        ]
        #expect(run.problems.map(\.check).sorted() == problems, "\(run)")
        return patient
    }

    /// The server starts, asks for what the repair took back, and delivers what that put into the outbox.
    private func goOn(_ patient: Patient, _ what: String) async throws {
        let (server, receiver, file) = (patient.server, patient.bed.receiver, patient.file)
        // Each round has the same tasks.
        let before = [patient.open, patient.finished].map { receiver.callbacks(for: $0.id).count }
        try await server.start()
        let missing = try await patient.open.missing()
        #expect(missing == [0...199_999], "\(what)")
        for range in missing { try await patient.open.send(range, of: file) }
        for (upload, count) in zip([patient.open, patient.finished], before) {
            #expect(try await receiver.callback(for: upload.id, count + 1).retCode == "0", "\(what)")
        }
        for name in ["in/open", "in/finished"] { #expect(server.stored(name) == file.bytes, "\(what)") }
        try await patient.settle()
        #expect(try await server.terminate() == .code(0), "\(what)")
        let doctor = try await server.doctor()
        #expect(doctor.exit == .code(0) && doctor.findings.isEmpty, "\(what): \(doctor)")
    }

    private func shell(_ script: String, in bed: TestBed) async throws {
        let shell = try ProgramProcess("bash", ["-c", script], folder: bed.folder)
        #expect(try await shell.waitForExit() == .code(0), "\(shell.output.value.errorText)")
    }
}
