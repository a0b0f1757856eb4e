import Foundation
import Glibc
import Testing
import UploadTestSupport

/// Rows that don't go together, and a database file that is damaged.
@Suite(.contract)
struct DoctorDatabaseTests {
    // MARK: Rows

    /// SQL that damages the open or the finished task, and what the doctor calls that.
    struct RowDamage: CustomTestStringConvertible, Sendable {
        let name: String
        /// `OPEN` and `FINISHED` stand for the tasks' numbers.
        let sql: String
        let checks: [String]
        /// One repair may settle two findings.
        var repairs: [String]?
        var callbacks = 1

        var testDescription: String { name }
    }

    @Test(arguments: [
        RowDamage(
            name: "received_bytes", sql: "UPDATE tasks SET received_bytes = 5 WHERE id = OPEN", checks: ["counters"]),
        RowDamage(
            name: "received_bytes past all bounds",
            sql: "PRAGMA ignore_check_constraints = ON; UPDATE tasks SET received_bytes = -1 WHERE id = OPEN",
            checks: ["counters"]),
        RowDamage(name: "open_totals", sql: "UPDATE open_totals SET missing_bytes = 1", checks: ["totals"]),
        RowDamage(
            name: "held_end", sql: "UPDATE tasks SET held_end = 100000 WHERE id = OPEN", checks: ["counters"]),
        RowDamage(
            name: "overlap",
            sql: """
                DROP TRIGGER blocks_no_overlap;
                INSERT INTO blocks SELECT OPEN, 50000, 149999, file_md5, created_at FROM tasks WHERE id = OPEN;
                """,
            // Its bytes are not those of the file either.
            checks: ["schema", "ranges", "blocks"], repairs: ["schema", "ranges"]),
        RowDamage(
            name: "out of bounds",
            sql: """
                DROP TRIGGER blocks_in_bounds; DROP TRIGGER blocks_counted;
                INSERT INTO blocks SELECT OPEN, 300000, 999999, file_md5, created_at FROM tasks WHERE id = OPEN;
                """,
            checks: ["schema", "schema", "ranges", "blocks"], repairs: ["schema", "schema", "ranges"]),
        RowDamage(
            name: "callback deleted", sql: "DELETE FROM callbacks WHERE task_id = FINISHED",
            // The shell leaves the attempts behind.
            checks: ["callbacks", "strays"], callbacks: 2),
        RowDamage(
            name: "callback of an open task",
            sql: """
                DROP TRIGGER callbacks_only_of_closed_tasks;
                INSERT INTO callbacks (webhook_id, task_id, business_server, destination, body, state, next_attempt_at,
                                       created_at)
                SELECT 'x', OPEN, business_server, 'http://b.test/', '{}', 'pending', created_at, created_at
                FROM tasks WHERE id = OPEN;
                """, checks: ["schema", "callbacks"]),
        RowDamage(
            name: "attempts", sql: "UPDATE callbacks SET attempts = 0 WHERE task_id = FINISHED", checks: ["attempts"]),
        RowDamage(
            name: "delivered to nobody", sql: "DELETE FROM callback_attempts", checks: ["attempts"], callbacks: 2),
        RowDamage(
            name: "event deleted",
            sql: "DROP TRIGGER events_stay; DELETE FROM events WHERE task_id = FINISHED AND kind = 'finished'",
            checks: ["schema", "events"]),
        RowDamage(
            name: "index dropped", sql: "DROP INDEX callbacks_due; DROP VIEW task_progress",
            checks: ["schema", "schema"]),
        RowDamage(
            name: "trigger changed",
            sql: """
                DROP TRIGGER tasks_legal_moves;
                CREATE TRIGGER tasks_legal_moves BEFORE UPDATE OF state ON tasks BEGIN SELECT 1; END;
                """, checks: ["schema"]),
        RowDamage(
            name: "strays",
            sql: """
                PRAGMA foreign_keys = OFF;
                DELETE FROM tasks WHERE id = FINISHED;
                """, checks: ["strays", "strays", "strays"]),
    ]) func rows(damage: RowDamage) async throws {
        try await Patient.run { patient in
            try await patient.server.terminate()
            try await patient.server.sqlite(
                damage.sql.replacing("OPEN", with: "\(patient.open.id)")
                    .replacing("FINISHED", with: "\(patient.finished.id)"))
            let run = try await patient.server.doctor()
            #expect(run.exit == .code(1), "\(run)")
            #expect(run.problems.map(\.check).sorted() == damage.checks.sorted(), "\(run)")
            let repair = try await patient.server.doctor("--repair")
            #expect(repair.exit == .code(0), "\(repair)")
            let repaired = repair.findings("repaired").map(\.check)
            #expect(repaired.sorted() == (damage.repairs ?? damage.checks).sorted(), "\(repair)")
            let again = try await patient.server.doctor("--repair")
            #expect(again.exit == .code(0) && again.findings.isEmpty, "\(again)")
            try await patient.finishUpload(missing: [100_000...199_999])
            let told = try await patient.bed.receiver.callback(for: patient.finished.id, damage.callbacks)
            #expect(told.retCode == "0")
            #expect(told.webhookID == patient.bed.receiver.callbacks(for: patient.finished.id).first?.webhookID)
            #expect(try await patient.server.doctor().exit == .code(0))
        }
    }

    @Test func aCompleteTaskThatWaitsForMoreIsFinished() async throws {
        try await Patient.run { patient in
            try await patient.server.terminate()
            let hole = 100_000...199_999
            try patient.damageStaged { $0.replaceSubrange(hole, with: patient.file[hole]) }
            try await patient.server.sqlite(
                """
                INSERT INTO blocks
                SELECT id, 100000, 199999, '\(TestFile.md5(patient.file[hole]))', created_at FROM tasks
                WHERE id = \(patient.open.id);
                """)
            try await patient.expectProblems([("state", patient.open.id)])
            try await patient.expectRepairs(["state"])
            try await patient.finishUpload(missing: [])
        }
    }

    @Test func theCallbackOfAFailedTaskTellsHowItFailed() async throws {
        try await Patient.run { patient in
            let wrong = try await patient.server.register(
                NewTask(patient.file, name: "wrong").with("fileMd5", "\"\(TestFile.md5([]))\""))
            try await wrong.sendAll(patient.file)
            let first = try await patient.bed.receiver.callback(for: wrong.id)
            try FileManager.default.createDirectory(
                atPath: patient.server.storeDirectory + "/in/folder", withIntermediateDirectories: true)
            let blocked = try await patient.register("folder")
            try await blocked.sendAll(patient.file)
            let second = try await patient.bed.receiver.callback(for: blocked.id)
            try await patient.server.terminate()
            try await patient.server.sqlite("DELETE FROM callbacks")
            let repair = try await patient.server.doctor("--repair")
            #expect(repair.exit == .code(0), "\(repair)")
            #expect(repair.findings("repaired").map(\.check) == ["strays", "callbacks", "callbacks", "callbacks"])
            try await patient.server.start()
            #expect(first.retCode == "-2" && second.retCode == "-4")
            for before in [first, second] {
                let after = try await patient.bed.receiver.callback(for: try #require(before.taskID), 2)
                #expect(after.body == before.body)
                #expect(after.webhookID == before.webhookID)
            }
        }
    }

    // MARK: The file

    @Test func aFileThatIsNoDatabase() async throws {
        try await Patient.run { patient in
            try await patient.server.terminate()
            var bytes = try #require(TemporaryDirectory.read(patient.server.database))
            for index in 0..<16 { bytes[index] = 0x58 }
            try Patient.overwrite(patient.server.database, bytes)
            try await expectDamage(patient)
            #expect(TemporaryDirectory.read(patient.server.database) == bytes, "kept for whoever can save something")
        }
    }

    @Test func aPageThatIsDamaged() async throws {
        try await Patient.run { patient in
            try await patient.server.terminate()
            let root = Int(
                try await patient.server.sqlite("SELECT rootpage FROM sqlite_schema WHERE name = 'callbacks_due'"))
            var bytes = try #require(TemporaryDirectory.read(patient.server.database))
            let start = (try #require(root) - 1) * 4096
            for index in start..<start + 4096 { bytes[index] = 0xA5 }
            try Patient.overwrite(patient.server.database, bytes)
            try await expectDamage(patient)
            #expect(TemporaryDirectory.read(patient.server.database) == bytes)
        }
    }

    private func expectDamage(_ patient: Patient) async throws {
        for arguments in [[], ["--repair"]] {
            let run = try await patient.server.doctor(arguments)
            #expect(run.exit == .code(1), "\(run)")
            #expect(run.findings.map(\.check) == ["integrity"], "\(run)")
            for word in ["damaged", "backup", "fuploadServer restore", "-wal", ".recover", "--repair"] {
                #expect(run.problems.first?.text.contains(word) == true, "\(run)")
            }
        }
    }

    @Test func whatTheAdviceSaysGetsADamagedInstallationGoingAgain() async throws {
        try await Patient.run { patient in
            try await patient.server.terminate()
            let database = patient.server.database
            for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: database + suffix) }
            // An index is damaged; what the tables hold can be saved.
            let root = Int(
                try await patient.server.sqlite("SELECT rootpage FROM sqlite_schema WHERE name = 'events_of_task'"))
            var bytes = try #require(TemporaryDirectory.read(database))
            let start = (try #require(root) - 1) * 4096
            for index in start..<start + 4096 { bytes[index] = 0xA5 }
            try Patient.overwrite(database + ".damaged", bytes)
            try FileManager.default.removeItem(atPath: database)
            let shell = try ProgramProcess(
                "bash", ["-o", "pipefail", "-c", "sqlite3 '\(database).damaged' .dump | sqlite3 '\(database)'"])
            #expect(try await shell.waitForExit() == .code(0), "\(shell.output.value.errorText)")
            let repair = try await patient.server.doctor("--repair")
            #expect(repair.exit == .code(0), "\(repair)")
            try await patient.finishUpload(missing: [100_000...199_999])
        }
    }

    @Test func aRestoredBackup() async throws {
        try await Patient.run { patient in
            let (database, backup) = (patient.server.database, patient.bed.folder + "/backup.sqlite")
            try await patient.server.sqlite("VACUUM INTO '\(backup)'")
            // What happens after the backup is unknown to it.
            try await patient.open.send(100_000...199_999, of: patient.file)
            _ = try await patient.bed.receiver.callback(for: patient.open.id)
            let later = try await patient.register("later")
            try await later.send(0...9, of: patient.file)
            try await patient.server.terminate()
            for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: database + suffix) }
            try FileManager.default.copyItem(atPath: backup, toPath: database)
            let run = try await patient.server.doctor()
            #expect(run.problems.map(\.check) == ["blocks", "orphans"], "\(run)")
            #expect(run.problems.map(\.taskID) == [patient.open.id, later.id], "\(run)")
            try await patient.expectRepairs(["blocks", "orphans"])
            try await patient.server.start()
            #expect(try await patient.open.missing() == [0...299_999])
            #expect(try await HTTP.get(later.blocksURL).retCode == "2")
        }
    }
}
