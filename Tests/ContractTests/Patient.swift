import Foundation
import Glibc
import Testing
import UploadTestSupport

/// An installation with one finished file and one upload that lacks its second third, to be damaged by hand.
struct Patient {
    let bed: TestBed
    let file: TestFile
    /// Holds bytes 0-99999 and 200000-299999 of 300000.
    let open: UploadHandle
    let finished: UploadHandle

    var server: ServerProcess { bed.server }
    var finishedPath: String { server.storeDirectory + "/in/finished" }

    static func run(_ overrides: String..., body: (Patient) async throws -> Void) async throws {
        try await TestBed.run { bed in
            let file = TestFile(size: 300_000, seed: 11)
            let open = try await bed.server.register(NewTask(file, name: "open"))
            try await open.send(0...99_999, of: file)
            try await open.send(200_000...299_999, of: file)
            let finished = try await bed.server.register(NewTask(file, name: "finished"))
            try await finished.sendAll(file, blockSize: 100_000)
            _ = try await bed.receiver.callback(for: finished.id)
            let patient = Patient(bed: bed, file: file, open: open, finished: finished)
            try await patient.settle()
            try await body(patient)
        }
    }

    func register(_ name: String) async throws -> UploadHandle {
        try await server.register(NewTask(file, name: name))
    }

    /// Waits until every callback is recorded as delivered, and staging files of closed tasks are gone.
    func settle() async throws {
        _ = try await eventually("the outbox to be empty") {
            try await server.sqlite("SELECT count(*) FROM callbacks WHERE settled_at IS NULL") == "0" ? true : nil
        }
        let holding = try await server.sqlite(
            "SELECT count(*) FROM tasks WHERE closed_at IS NULL AND received_bytes > 0")
        _ = try await eventually("staging files to go") {
            server.stagingFiles().count <= Int(holding) ?? 0 ? true : nil
        }
    }

    /// The database and its WAL, byte for byte.
    func databaseBytes() throws -> [[UInt8]] {
        // An empty WAL is as good as none.
        ["", "-wal"].map { TemporaryDirectory.read(server.database + $0) ?? [] }
    }

    /// Changes the bytes of the open upload's staging file.
    func damageStaged(_ change: (inout [UInt8]) -> Void) throws {
        let path = try stagedPath()
        var bytes = try #require(TemporaryDirectory.read(path))
        change(&bytes)
        try Self.overwrite(path, bytes)
    }

    /// The open upload's staging file.
    func stagedPath() throws -> String {
        let name = try #require(server.stagingFiles().first { $0.hasSuffix("/\(open.id).part") })
        return server.tmpDirectory + "/" + name
    }

    static func overwrite(_ path: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    /// The doctor finds exactly these problems, by check and task, and leaves them as they are.
    func expectProblems(_ expected: [(check: String, task: Int64?)]) async throws {
        let run = try await server.doctor()
        #expect(run.exit == .code(1), "\(run)")
        #expect(run.problems.map(\.check).sorted() == expected.map(\.check).sorted(), "\(run)")
        #expect(Set(run.problems.map(\.taskID)) == Set(expected.map(\.task)), "\(run)")
    }

    /// The doctor repairs exactly these, and then nothing more; after that all is well.
    func expectRepairs(_ checks: [String]) async throws {
        let repair = try await server.doctor("--repair")
        #expect(repair.exit == .code(0), "\(repair)")
        #expect(repair.findings("repaired").map(\.check).sorted() == checks.sorted(), "\(repair)")
        #expect(repair.problems.isEmpty)
        let again = try await server.doctor("--repair")
        #expect(again.exit == .code(0) && again.findings("repaired").isEmpty, "\(again)")
    }

    /// The server starts, asks for these bytes, and the upload comes to its end.
    func finishUpload(missing: [ClosedRange<Int>]) async throws {
        try await server.start()
        #expect(try await open.missing() == missing)
        for range in missing { try await open.send(range, of: file) }
        #expect(try await bed.receiver.callback(for: open.id).retCode == "0")
        #expect(server.stored("in/open") == file.bytes)
    }
}
