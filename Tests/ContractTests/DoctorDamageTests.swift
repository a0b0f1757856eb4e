import Foundation
import Glibc
import Testing
import UploadTestSupport

/// Each kind of damage is found by name, and repaired where that is promised.
@Suite(.contract)
struct DoctorDamageTests {
    private static let hole = 100_000...199_999

    // MARK: Staged bytes

    enum StagedDamage: String, CaseIterable {
        case flipped, truncated, deleted

        var missing: [ClosedRange<Int>] {
            switch self {
            case .flipped: [0...199_999]
            case .truncated: [100_000...299_999]
            case .deleted: [0...299_999]
            }
        }
    }

    @Test(arguments: StagedDamage.allCases) func stagedBytes(damage: StagedDamage) async throws {
        try await Patient.run { patient in
            try await patient.server.terminate()
            switch damage {
            case .flipped: try patient.damageStaged { $0[50_000] ^= 1 }
            case .truncated: try patient.damageStaged { $0.removeLast() }
            case .deleted: try FileManager.default.removeItem(atPath: try patient.stagedPath())
            }
            try await patient.expectProblems([("blocks", patient.open.id)])
            try await patient.expectRepairs(["blocks"])
            let events = try await patient.server.sqlite(
                "SELECT kind FROM events WHERE task_id = \(patient.open.id) AND kind = 'bytesLost'")
            #expect(events == "bytesLost")
            try await patient.finishUpload(missing: damage.missing)
        }
    }

    @Test func surplusBytesAreCutOff() async throws {
        try await Patient.run { patient in
            try await patient.server.terminate()
            try patient.damageStaged { $0 += [1, 2, 3] }
            try await patient.expectProblems([("staging", patient.open.id)])
            try await patient.expectRepairs(["staging"])
            try await patient.finishUpload(missing: [Self.hole])
        }
    }

    @Test func aVolumeThatIsNotMountedIsNoReasonToForgetWhatItHolds() async throws {
        try await Patient.run { patient in
            try await patient.server.terminate()
            let folder = URL(fileURLWithPath: try patient.stagedPath()).deletingLastPathComponent().path
            try FileManager.default.moveItem(atPath: folder, toPath: folder + "-elsewhere")
            try await patient.expectProblems([("staging", nil)])
            let repair = try await patient.server.doctor("--repair")
            #expect(repair.exit == .code(1) && repair.findings("repaired").isEmpty, "\(repair)")
            try FileManager.default.moveItem(atPath: folder + "-elsewhere", toPath: folder)
            try await patient.finishUpload(missing: [Self.hole])
        }
    }

    @Test func aFileThatIsBeingPublished() async throws {
        try await Patient.run { patient in
            let id = patient.open.id
            try await patient.server.terminate()
            try patient.damageStaged { $0.replaceSubrange(Self.hole, with: patient.file[Self.hole]) }
            try await patient.server.sqlite(
                """
                INSERT INTO blocks SELECT \(id), 100000, 199999, '\(TestFile.md5(patient.file[Self.hole]))', created_at
                FROM tasks WHERE id = \(id);
                UPDATE tasks SET state = 'verifying' WHERE id = \(id);
                UPDATE tasks SET state = 'publishing' WHERE id = \(id);
                """)
            #expect(try await patient.server.doctor().exit == .code(0))
            // Published, and the staging file taken away by somebody.
            let (staged, target) = (try patient.stagedPath(), patient.server.storeDirectory + "/in/open")
            try FileManager.default.moveItem(atPath: staged, toPath: target)
            #expect(try await patient.server.doctor().exit == .code(0))
            try FileManager.default.removeItem(atPath: target)
            try await patient.expectProblems([("blocks", id)])
            try await patient.expectRepairs(["blocks"])
            try await patient.finishUpload(missing: [0...299_999])
        }
    }

    // MARK: Files without a task

    @Test func filesThatBelongToNoTask() async throws {
        try await Patient.run { patient in
            try await patient.server.terminate()
            let folder = URL(fileURLWithPath: try patient.stagedPath()).deletingLastPathComponent().path
            for name in ["4711.part", "\(patient.finished.id).part", "spool-17", "notes.txt"] {
                try Patient.overwrite(folder + "/" + name, [1, 2, 3])
            }
            try Patient.overwrite(patient.server.storeDirectory + "/in/.fupload-\(patient.finished.id).part", [1])
            let run = try await patient.server.doctor()
            #expect(run.exit == .code(1), "\(run)")
            #expect(run.problems.map(\.check) == ["leftovers", "orphans"], "\(run)")
            #expect(run.problems.map(\.taskID) == [patient.finished.id, 4711], "\(run)")
            // A start would remove the second one, and nobody the third; the fourth is not ours.
            #expect(run.findings("note").map(\.check) == ["orphans", "orphans", "orphans"], "\(run)")
            let repair = try await patient.server.doctor("--repair")
            #expect(repair.exit == .code(0), "\(repair)")
            let repaired = repair.findings("repaired").map(\.check)
            #expect(repaired == ["leftovers", "orphans", "orphans", "orphans"], "\(repair)")
            #expect(repair.findings("note").map { $0.text.contains("notes.txt") } == [true], "\(repair)")
            let left = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            #expect(left == ["\(patient.open.id).part", "notes.txt"].sorted())
            #expect(patient.server.stored("in/.fupload-\(patient.finished.id).part") == nil)
            try await patient.finishUpload(missing: [Self.hole])
        }
    }

    // MARK: Finished files

    @Test func aFinishedFileBelongsToItsReceiverOnceItIsDelivered() async throws {
        try await Patient.run { patient in
            try Patient.overwrite(patient.finishedPath, Array(patient.file.bytes.dropLast()))
            let changed = try await patient.server.doctor()
            #expect(changed.exit == .code(0), "\(changed)")
            #expect(changed.findings.map(\.check) == ["finished"], "\(changed)")
            #expect(changed.findings.map(\.severity) == ["note"], "\(changed)")
            try FileManager.default.removeItem(atPath: patient.finishedPath)
            let gone = try await patient.server.doctor()
            #expect(gone.exit == .code(0) && gone.findings.map(\.severity) == ["note"], "\(gone)")
        }
    }

    @Test func aFinishedFileThatIsLostBeforeItsCallbackIsAProblem() async throws {
        try await Patient.run { patient in
            await patient.bed.receiver.stop()
            let upload = try await patient.register("undelivered")
            try await upload.sendAll(patient.file)
            try await upload.reach("finish")
            try await patient.server.terminate()
            let path = patient.server.storeDirectory + "/in/undelivered"
            #expect(try await patient.server.doctor().exit == .code(0))
            var bytes = patient.file.bytes
            bytes[7] ^= 1
            try Patient.overwrite(path, bytes)
            try await patient.expectProblems([("finished", upload.id)])
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            try await patient.expectProblems([("finished", upload.id)])
            try FileManager.default.removeItem(atPath: path)
            try await patient.expectProblems([("finished", upload.id)])
            let repair = try await patient.server.doctor("--repair")
            #expect(repair.exit == .code(1) && repair.problems.count == 1, "nobody can make it good: \(repair)")
            #expect(repair.problems.first?.text.contains("copy") == true, "\(repair)")
            try Patient.overwrite(path, patient.file.bytes)
            #expect(try await patient.server.doctor().exit == .code(0))
        }
    }

    @Test func aFinishedFileThatWasReplacedIsNoProblem() async throws {
        try await Patient.run { patient in
            await patient.bed.receiver.stop()
            let first = try await patient.register("same")
            try await first.sendAll(patient.file)
            try await first.reach("finish")
            let other = TestFile(size: 10, seed: 3)
            let second = try await patient.server.register(NewTask(other, name: "same"))
            try await second.sendAll(other)
            try await second.reach("finish")
            try await patient.server.terminate()
            let run = try await patient.server.doctor()
            #expect(run.exit == .code(0), "\(run)")
            #expect(run.findings.map(\.taskID) == [first.id], "\(run)")
            try FileManager.default.removeItem(atPath: patient.server.storeDirectory + "/in/same")
            try await patient.expectProblems([("finished", second.id)])
        }
    }

    // MARK: The key

    @Test func theKey() async throws {
        try await Patient.run { patient in
            let path = patient.server.database + ".key"
            let key = try #require(TemporaryDirectory.read(path))
            chmod(path, 0o644)
            try await patient.expectProblems([("key", nil)])
            chmod(path, 0o600)
            #expect(try await patient.server.doctor().exit == .code(0))
            try FileManager.default.removeItem(atPath: path)
            try await patient.expectProblems([("key", nil)])
            #expect(!FileManager.default.fileExists(atPath: path), "none is made")
            try Patient.overwrite(path, Array(key.dropLast()))
            chmod(path, 0o600)
            try await patient.expectProblems([("key", nil)])
        }
    }
}
