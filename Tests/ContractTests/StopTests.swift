import Foundation
import Glibc
import Testing
import UploadTestSupport

/// Stopping in order, and starting where one must not.
@Suite(.contract)
struct StopTests {
    private let file = TestFile(size: 500_000, seed: 1)

    @Test(arguments: [SIGTERM, SIGINT])
    func stopsInOrderWithAnUploadAndAnIdleConnectionOpen(signal: Int32) async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            try await upload.send(0...99_999, of: file)
            let idle = try RawSocket(port: bed.server.port)
            try await idle.send("GET /api/nothing HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = try await idle.readAnswer()
            let silent = try RawSocket(port: bed.server.port)
            let stalled = try await StalledBlock.begin(
                upload, Form(block: 100_000...499_999, file[100_000...499_999]), sending: 0.5)
            bed.server.process?.signal(signal)
            #expect(try await bed.server.process?.waitForExit(within: .seconds(10)) == .code(0))
            withExtendedLifetime((idle, silent, stalled)) {}
            try await bed.server.start()
            #expect(try await upload.missing() == [100_000...499_999])
            try await upload.send(100_000...499_999, of: file)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
        }
    }

    @Test func stopsWhileAReceiverHangs() async throws {
        try await TestBed.run { bed in
            bed.receiver.plan([.hang], for: "/one")
            let upload = try await bed.server.register(file)
            try await upload.sendAll(file)
            _ = try await bed.receiver.callback(for: upload.id)
            #expect(try await bed.server.terminate(within: .seconds(10)) == .code(0))
            try await bed.server.start()
            _ = try await bed.receiver.callback(for: upload.id, 2)
        }
    }

    @Test func aSecondServerOnTheSameDatabaseIsRefused() async throws {
        try await TestBed.run { bed in
            let pid = try #require(bed.server.process?.pid)
            let other = try ServerProcess(
                folder: bed.folder + "/other", businessServers: TestBed.businessServers(bed.receiver),
                overrides: ["database=\(bed.server.database)"])
            let process = bed.own(try other.launch())
            #expect(try await process.waitForExit() == .code(1))
            #expect(process.output.value.errorText.contains("\(pid)"))
        }
    }

    @Test func aSecondServerOnTheSameTmpDirIsRefused() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            try await upload.send(0...99, of: file)
            let pid = try #require(bed.server.process?.pid)
            let other = try ServerProcess(
                folder: bed.folder + "/other", businessServers: TestBed.businessServers(bed.receiver),
                overrides: ["tmpDir=\(bed.server.tmpDirectory)"])
            let process = bed.own(try other.launch())
            #expect(try await process.waitForExit() == .code(1))
            #expect(process.output.value.errorText.contains("\(pid)"))
            try await upload.sendAll(file)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
        }
    }

    @Test func aPortInUseIsSaid() async throws {
        try await TestBed.run { bed in
            let other = try ServerProcess(
                folder: bed.folder + "/other", businessServers: TestBed.businessServers(bed.receiver))
            let process = bed.own(try other.launch(overrides: ["server.port=\(bed.server.port)"]))
            #expect(try await process.waitForExit() == .code(1))
            #expect(process.output.value.errorText.lowercased().contains("in use"), "\(process.output.value.errorText)")
        }
    }

    @Test func aNewerSchemaIsRefused() async throws {
        try await TestBed.run { bed in
            try await bed.server.terminate()
            try await bed.server.sqlite("INSERT INTO grdb_migrations VALUES ('9999_from_the_future')")
            let process = try bed.server.launch()
            #expect(try await process.waitForExit() == .code(1))
            #expect(process.output.value.errorText.contains("9999_from_the_future"))
        }
    }

    @Test func aFileThatIsNoDatabaseIsRefused() async throws {
        try await TestBed.run(startsServer: false) { bed in
            try FileManager.default.createDirectory(
                atPath: bed.folder + "/data", withIntermediateDirectories: true)
            let text = Data(String(repeating: "not a database ", count: 1000).utf8)
            try text.write(to: URL(fileURLWithPath: bed.server.database))
            let process = try bed.server.launch()
            #expect(try await process.waitForExit() == .code(1))
            #expect(try Data(contentsOf: URL(fileURLWithPath: bed.server.database)) == text)
        }
    }
}
