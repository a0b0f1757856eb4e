import Foundation
import Testing
import UploadTestSupport

/// What somebody does to the server's files by mistake, while it runs.
@Suite(.contract)
struct OperatorMistakeTests {
    private let file = TestFile(size: 50_000, seed: 1)

    /// Bytes that were acknowledged are cut off or changed: their blocks are asked for again, and nobody is told that the
    /// file is wrong.
    @Test(arguments: ["cut", "emptied", "changed"])
    func stagedBytesThatAreDamagedAreAskedForAgain(how: String) async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            for range in [0...9999, 10_000...39_999] { try await upload.send(range, of: file) }
            let name = try #require(bed.server.stagingFiles().first)
            let handle = try FileHandle(forUpdating: URL(fileURLWithPath: bed.server.tmpDirectory + "/" + name))
            switch how {
            case "cut": try handle.truncate(atOffset: 20_000)
            case "emptied": try handle.truncate(atOffset: 0)
            default:
                try handle.seek(toOffset: 30_000)
                try handle.write(contentsOf: [~file.bytes[30_000]])
            }
            try handle.close()
            #expect(try await upload.send(40_000...49_999, of: file).retCode == "0")
            try await upload.reach("upload")
            let missing = try await upload.missing()
            #expect(missing == [(how == "emptied" ? 0 : 10_000)...49_999])
            #expect(bed.receiver.callbacks(for: upload.id).isEmpty)
            for range in missing { try await upload.send(range, of: file) }
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored("in/file.bin") == file.bytes)
        }
    }

    /// SQLite goes on with files that have no name any more. What it writes there, no start finds.
    @Test(arguments: ["-wal", ""]) func aDatabaseThatIsRemovedAcknowledgesNothing(suffix: String) async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            try await upload.send(0...9999, of: file)
            let path = bed.server.database + suffix
            try FileManager.default.moveItem(atPath: path, toPath: path + ".away")
            let refused = try await upload.send(10_000...19_999, of: file)
            #expect(refused.retCode == "3" && refused.sentence.contains("database"), "\(refused.text)")
            #expect(try await bed.server.post(NewTask(file, name: "other")).retCode == "3")
            #expect(try await HTTP.get(bed.server.base + "/ready").status == 503)
            try await bed.server.kill()
            if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
            try FileManager.default.moveItem(atPath: path + ".away", toPath: path)
            try await bed.server.start()
            #expect(try await !upload.missing().contains { $0.overlaps(0...9999) })
            try await upload.sendAll(file, blockSize: 10_000)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
        }
    }

    /// Under another name it is the same database.
    @Test func aLinkToADatabaseInUseIsRefused() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            try await upload.send(0...9999, of: file)
            let alias = bed.folder + "/alias.sqlite"
            try FileManager.default.createSymbolicLink(atPath: alias, withDestinationPath: bed.server.database)
            let other = bed.own(
                try ProgramProcess(
                    try ProgramProcess.path(ofProduct: "fuploadServer"),
                    [
                        "-c", bed.server.configuration, "--set", "server.port=0", "--set", "database=\(alias)",
                        "--set", "tmpDir=\(bed.folder)/othertmp",
                    ]))
            #expect(try await other.waitForExit() == .code(1))
            #expect(other.output.value.errorText.contains("is in use by process"))
            #expect(try await upload.missing() == [10_000...49_999])
        }
    }
}
