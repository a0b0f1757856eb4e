import Foundation
import Testing
import UploadTestSupport

/// Where a registration may not lead: out of `storeDir`, and to the server's own files.
@Suite(.contract)
struct PathEscapeTests {
    private let file = TestFile(size: 100, seed: 1)

    /// A storeDir that has everything of the server in it.
    private func run(_ body: (TestBed) async throws -> Void) async throws {
        try await TestBed.run(overrides: ["storeDir="], startsServer: false) { bed in
            try await bed.server.start()
            try await body(bed)
        }
    }

    @Test func theServersOwnFilesAreNoTarget() async throws {
        try await run { bed in
            let (server, folder) = (bed.server, bed.folder)
            let task = try await server.register(NewTask(file, in: folder + "/out"))
            try await task.send(0...9, of: file)
            let staging = server.tmpDirectory + "/" + (server.stagingFiles().first ?? "")
            try FileManager.default.createSymbolicLink(
                atPath: folder + "/alias", withDestinationPath: server.tmpDirectory)
            let targets = [
                (URL(fileURLWithPath: staging).deletingLastPathComponent().path, "\(task.id).part", "storePath"),
                (server.tmpDirectory, "x", "storePath"), (server.tmpDirectory + "/new/er", "x", "storePath"),
                (folder + "/alias", "x", "storePath"), (folder + "/data/../tmp", "x", "storePath"),
                (folder + "/data", "fupload.sqlite", "fileName"), (folder + "/data", "fupload.sqlite-wal", "fileName"),
                (folder + "/data", "fupload.sqlite.key", "fileName"),
                (folder + "/data", "fupload.sqlite.key.new", "fileName"),
                (folder + "/tmp/../data", "fupload.sqlite.lock", "fileName"),
                (folder + "/out", ".fupload-1.part", "fileName"), (folder + "/out", "a\u{85}b", "fileName"),
                (folder + "/out\u{9b}", "x", "storePath"),
            ]
            for (path, name, parameter) in targets {
                let answer = try await server.post(NewTask(file, name: name, in: path))
                #expect(
                    answer.retCode == "6" && answer.sentence.hasPrefix(parameter), "\(path) \(name): \(answer.text)")
                #expect(!answer.text.contains(folder))
            }
            try await task.sendAll(file)
            #expect(try await bed.receiver.callback(for: task.id).retCode == "0")
            #expect(server.stored(folder + "/out/file.bin") == file.bytes)
        }
    }

    /// The folder was fine at the registration, and is a link to the server's own files when the file is published.
    @Test(arguments: ["tmp", "data", "outside"]) func aLinkSwappedInLeadsNowhere(to place: String) async throws {
        try await TestBed.run { bed in
            let folder = bed.folder + "/" + place
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let task = try await bed.server.register(NewTask(file, name: "taken", in: "sub"))
            try await task.send(0...98, of: file)
            try FileManager.default.createSymbolicLink(
                atPath: bed.server.storeDirectory + "/sub", withDestinationPath: folder)
            try await task.send(99...99, of: file)
            let callback = try await bed.receiver.callback(for: task.id)
            #expect(callback.retCode == "-4", "\(callback.text)")
            #expect(!callback.text.contains(folder))
            #expect(!FileManager.default.fileExists(atPath: folder + "/taken"))
        }
    }
}
