import Foundation
import Testing
import UploadTestSupport

/// A real file system that is too small, or may not be written, in a mount namespace of the server's own.
@Suite(.contract)
struct SmallDiskTests {
    private let file = TestFile(size: 1 << 20, seed: 2)

    /// 2 MiB for staging files, or for the database, or for what is finished.
    private func run(_ folder: String, _ body: (TestBed) async throws -> Void) async throws {
        try await TestBed.run(overrides: ["minFreeSpace=0"], startsServer: false) { bed in
            let path = bed.folder + "/" + folder
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try await bed.server.start(through: [
                "unshare", "--user", "--map-root-user", "--mount", "--propagation", "private", "sh", "-c",
                "mount -t tmpfs -o size=2m tmpfs \"$0\" && exec \"$@\"", path,
            ])
            try await body(bed)
        }
    }

    // MARK: What only the server sees

    /// Runs a command where the server is.
    private func inside(_ bed: TestBed, _ command: String..., exit: Int32 = 0) async throws {
        let pid = try #require(bed.server.process?.pid)
        let process = try ProgramProcess(
            "nsenter", ["--target", "\(pid)", "--user", "--mount", "--preserve-credentials"] + command)
        #expect(try await process.waitForExit() == .code(exit), "\(command): \(process.output.value.errorText)")
    }

    /// Takes all the room that is left.
    private func fill(_ bed: TestBed, _ folder: String) async throws {
        // It writes until it can't any more, and ends with 1 for that.
        try await inside(bed, "dd", "if=/dev/zero", "of=\(bed.folder)/\(folder)/filler", "bs=4k", exit: 1)
    }

    /// Gives it back.
    private func empty(_ bed: TestBed, _ folder: String) async throws {
        try await inside(bed, "rm", "\(bed.folder)/\(folder)/filler")
    }

    /// The path by which the folder of finished files is found from outside.
    private func storeFromOutside(_ bed: TestBed) throws -> String {
        let pid = try #require(bed.server.process?.pid)
        return "/proc/\(pid)/root" + bed.server.storeDirectory
    }

    // MARK: Staging files

    @Test func tasksBeyondTheRoomAreRefusedAndTheRestIsWhole() async throws {
        try await run("tmp") { bed in
            let large = try await bed.server.post(NewTask(TestFile(size: 3 << 20, seed: 1)))
            #expect(large.retCode == "3" && large.status == 507)
            let first = try await bed.server.register(file, name: "1")
            let second = try await bed.server.post(NewTask(file, name: "2"))
            #expect(second.retCode == "3", "the lock file takes a page: \(second.text)")
            try await first.sendAll(file)
            #expect(try await bed.receiver.callback(for: first.id).retCode == "0")
            #expect(bed.server.stored("in/1") == file.bytes)
            let again = try await bed.server.register(file, name: "2")
            try await again.sendAll(file)
            #expect(try await bed.receiver.callback(for: again.id).retCode == "0")
        }
    }

    /// The room was there when the task was registered, and somebody else took it.
    @Test func aBlockThatFindsNoRoomIsRefusedAndSentAgain() async throws {
        try await run("tmp") { bed in
            let quarters = file.blocks(of: 256 << 10)
            let upload = try await bed.server.register(file)
            #expect(try await upload.send(quarters[0], of: file).retCode == "0")
            try await bed.server.readiness(becomes: 200)

            try await fill(bed, "tmp")
            let form = Form(block: quarters[1], file[quarters[1]])
            // In place, and spooled: the file comes before its range.
            for form in [form, Form(form.parts.reversed())] {
                let refused = try await HTTP.postForm(upload.uploadURL, form)
                #expect(refused.retCode == "3" && refused.status == 507, "\(refused.text)")
            }
            try await bed.server.readiness(becomes: 503)
            #expect(try await upload.missing() == [quarters[1].lowerBound...(1 << 20) - 1])

            try await empty(bed, "tmp")
            #expect(try await HTTP.postForm(upload.uploadURL, form).retCode == "0")
            #expect(try await upload.missing() == [quarters[2].lowerBound...(1 << 20) - 1])
            try await upload.sendAll(file, blockSize: 256 << 10)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored("in/file.bin") == file.bytes)
            try await bed.server.readiness(becomes: 200)
        }
    }

    /// tmpDir's file system as a whole can't be made read-only under a server: its lock file is open for writing (EBUSY).
    /// So it is the folder in it that blocks are staged in.
    @Test func aStagingFolderThatMayNotBeWrittenRefusesBlocks() async throws {
        try await run("tmp") { bed in
            let file = TestFile(size: 3000, seed: 1)
            let upload = try await bed.server.register(file)
            let fresh = try await bed.server.register(file, name: "fresh")
            #expect(try await upload.send(0...999, of: file).retCode == "0")
            try await bed.server.readiness(becomes: 200)
            let installation = try await bed.server.sqlite("SELECT id FROM installation")
            let folder = bed.server.tmpDirectory + "/" + installation
            try await inside(bed, "mount", "--bind", folder, folder)

            try await inside(bed, "mount", "-o", "remount,bind,ro", folder)
            let form = Form(block: 1000...1999, file[1000...1999])
            let refused = [
                try await HTTP.postForm(upload.uploadURL, form),
                try await HTTP.postForm(upload.uploadURL, Form(form.parts.reversed())),
                try await HTTP.postForm(fresh.uploadURL, form),
            ]
            for answer in refused { #expect(answer.retCode == "3" && answer.status == 507, "\(answer.text)") }
            try await bed.server.readiness(becomes: 503, saying: "blocks can't be staged")
            #expect(try await upload.missing() == [1000...2999])
            #expect(try await fresh.missing() == [0...2999])

            try await inside(bed, "mount", "-o", "remount,bind,rw", folder)
            for (name, task) in [("file.bin", upload), ("fresh", fresh)] {
                #expect(try await HTTP.postForm(task.uploadURL, form).retCode == "0")
                try await task.sendAll(file, blockSize: 1000)
                #expect(try await bed.receiver.callback(for: task.id).retCode == "0")
                #expect(bed.server.stored("in/\(name)") == file.bytes)
            }
            try await bed.server.readiness(becomes: 200)
        }
    }

    // MARK: Finished files

    /// They are copied there, for it is another file system.
    @Test func aCompleteFileWaitsForRoom() async throws {
        try await run("store") { bed in
            let store = try storeFromOutside(bed)
            let upload = try await bed.server.register(file)
            try await bed.server.readiness(becomes: 200)
            try await fill(bed, "store")
            try await upload.sendAll(file)
            try await bed.expectWaiting(upload)
            #expect(bed.server.stored(store + "/in/file.bin") == nil)
            try await empty(bed, "store")
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored(store + "/in/file.bin") == file.bytes)
            #expect(try FileManager.default.contentsOfDirectory(atPath: store + "/in") == ["file.bin"])
            try await bed.server.readiness(becomes: 200)
        }
    }

    /// As after an error of the disk below it: one file is to go into a folder that is there, one into a new one.
    @Test func aCompleteFileWaitsUntilItsPlaceMayBeWritten() async throws {
        try await run("store") { bed in
            let store = try storeFromOutside(bed)
            let file = TestFile(size: 3000, seed: 1)
            let before = try await bed.server.register(file, name: "before")
            try await before.sendAll(file)
            #expect(try await bed.receiver.callback(for: before.id).retCode == "0")
            let tasks = [NewTask(file), NewTask(file, in: "new/folder")]
            var uploads: [UploadHandle] = []
            for task in tasks { uploads.append(try await bed.server.register(task)) }
            try await bed.server.readiness(becomes: 200)

            try await inside(bed, "mount", "-o", "remount,ro", bed.server.storeDirectory)
            try await bed.server.readiness(becomes: 503)
            let refused = try await bed.server.post(NewTask(file, name: "refused"))
            #expect(refused.retCode == "3" && refused.status == 507, "\(refused.text)")
            for upload in uploads { try await upload.sendAll(file, blockSize: 1000) }
            for upload in uploads { try await bed.expectWaiting(upload) }
            #expect(bed.server.stored(store + "/in/before") == file.bytes)

            try await inside(bed, "mount", "-o", "remount,rw", bed.server.storeDirectory)
            for upload in uploads {
                #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            }
            for name in ["in/file.bin", "new/folder/file.bin"] {
                #expect(bed.server.stored(store + "/" + name) == file.bytes, "\(name)")
            }
            try await bed.server.readiness(becomes: 200)
        }
    }

    // MARK: The database

    /// Its WAL finds no room: what is acknowledged is there, the rest is refused with 3, until there is room again.
    @Test func aDatabaseWithoutRoomRefusesAndGoesOn() async throws {
        try await run("data") { bed in
            var open: [UploadHandle] = []
            var refusal: HTTPAnswer?
            for number in 0..<20_000 where refusal == nil {
                let task = NewTask(TestFile(size: 10, seed: 1), name: "\(number)")
                    .with("feedBackParameter", "\"\(String(repeating: "x", count: 50_000))\"")
                let answer = try await bed.server.post(task)
                if answer.retCode == "0" {
                    open.append(try UploadHandle(bed.server, answer))
                } else {
                    refusal = answer
                }
            }
            #expect(refusal?.retCode == "3" && refusal?.status == 507, "\(refusal?.text ?? "none was refused")")
            #expect(open.count > 5)
            for upload in open { #expect(try await upload.info()["retCode"].text == "0") }
            // What readiness says now depends on whether the WAL could just be used from its beginning again.
            try await inside(bed, "mount", "-o", "remount,size=64m", bed.folder + "/data")
            #expect(try await HTTP.get(bed.server.base + "/ready").status == 200)
            let file = TestFile(size: 1000, seed: 2)
            let after = try await bed.server.register(file, name: "after")
            try await after.sendAll(file)
            #expect(try await bed.receiver.callback(for: after.id).retCode == "0")
            for upload in open { #expect(try await upload.missing() == [0...9]) }
        }
    }
}
