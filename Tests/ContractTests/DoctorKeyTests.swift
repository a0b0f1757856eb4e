import Glibc
import Testing
import UploadTestSupport

/// `fuploadServer doctor` and the secrets that the keys of open tasks are made with.
@Suite(.contract)
struct DoctorKeyTests {
    /// Adds a secret, and has the server take it up.
    private func rotate(_ server: ServerProcess) async throws {
        let process = try ProgramProcess(
            try ProgramProcess.path(ofProduct: "fuploadServer"), ["rotate-key", "-c", server.configuration])
        #expect(try await process.waitForExit() == .code(0), "\(process.output.value.errorText)")
        server.process?.signal(SIGHUP)
        _ = try await server.process?.waitForError(containing: "reloaded task keys: new tasks use secret 2")
    }

    /// The bytes of the secret file, and the same without the first secret.
    private func secrets(_ server: ServerProcess) throws -> (all: [UInt8], newest: [UInt8]) {
        let all = try #require(TemporaryDirectory.read(server.keyFile))
        var lines = String(decoding: all, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 4 && lines[1].hasPrefix("1 ") && lines[2].hasPrefix("2 "))
        lines.remove(at: 1)
        return (all, Array(lines.joined(separator: "\n").utf8))
    }

    @Test func theSecretOfAnOpenTaskHasToBeInTheFile() async throws {
        try await Patient.run { patient in
            let server = patient.server
            try await rotate(server)
            _ = try await patient.register("newer")
            let running = try await server.doctor()
            #expect(running.exit == .code(0) && running.findings.isEmpty, "\(running)")
            try await server.terminate()

            let (all, newest) = try secrets(server)
            try Patient.overwrite(server.keyFile, newest)
            try await patient.expectProblems([("key", nil)])
            let run = try await server.doctor()
            #expect(run.problems.first?.text.contains("generation 1,") == true, "\(run)")
            let repair = try await server.doctor("--repair")
            #expect(repair.exit == .code(1) && repair.problems.map(\.check) == ["key"], "nobody can make it: \(repair)")
            #expect(TemporaryDirectory.read(server.keyFile) == newest)

            try Patient.overwrite(server.keyFile, all)
            let restored = try await server.doctor()
            #expect(restored.exit == .code(0) && restored.findings.isEmpty, "\(restored)")
            try await patient.finishUpload(missing: [100_000...199_999])
        }
    }

    @Test func aSecretThatNoOpenTaskNeedsMayBeGone() async throws {
        try await Patient.run { patient in
            let server = patient.server
            try await rotate(server)
            _ = try await patient.register("newer")
            #expect(try await patient.open.change(to: "cancel").retCode == "0")
            try await patient.settle()
            try await server.terminate()
            try Patient.overwrite(server.keyFile, try secrets(server).newest)
            let run = try await server.doctor()
            #expect(run.exit == .code(0) && run.findings.isEmpty, "\(run)")
        }
    }
}
