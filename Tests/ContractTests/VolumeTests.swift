import Foundation
import Glibc
import Testing
import UploadTestSupport

/// The disks that tmpDir and storeDir lie on come and go: nobody's bytes are given up for it.
@Suite(.contract)
struct VolumeTests {
    private let file = TestFile(size: 3000, seed: 1)

    /// The server was started before the volume with the staging files was mounted. It must neither forget the blocks,
    /// nor make a folder in the volume's place that hides this from everybody.
    @Test func aStagingVolumeThatIsNotMountedIsNotStartedWithout() async throws {
        try await TestBed.run { bed in
            let (upload, folder) = try await unmounted(bed)
            try FileManager.default.moveItem(atPath: folder, toPath: bed.folder + "/volume")

            let process = try bed.server.launch()
            #expect(try await process.waitForExit() == .code(1))
            #expect(process.output.value.errorText.contains("mount its volume"))
            #expect(!FileManager.default.fileExists(atPath: folder))
            let doctor = try await bed.server.doctor()
            #expect(doctor.exit == .code(1) && "\(doctor)".contains("mount its volume"), "\(doctor)")

            try FileManager.default.moveItem(atPath: bed.folder + "/volume", toPath: folder)
            try await bed.server.start()
            #expect(try await upload.missing() == [1000...2999])
            try await upload.sendAll(file, blockSize: 1000)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored("in/file.bin") == file.bytes)
        }
    }

    /// A server that died while an upload held its first 1000 bytes, as if its staging folder had been on another file
    /// system than the folder is on now: to mount one takes more rights than a test may have.
    private func unmounted(_ bed: TestBed) async throws -> (UploadHandle, folder: String) {
        let upload = try await bed.server.register(file)
        try await upload.send(0...999, of: file)
        try await bed.server.kill()
        let staging = try await bed.server.sqlite("SELECT id FROM installation")
        try await bed.server.sqlite("UPDATE installation SET staging_file_system = 'ef53:1234567812345678'")
        return (upload, bed.server.tmpDirectory + "/" + staging)
    }

    /// Where it is gone for good, the doctor's way out works: the bytes are asked for again.
    @Test func aStagingVolumeThatIsGoneForGoodCanBeGivenUp() async throws {
        try await TestBed.run { bed in
            let (upload, folder) = try await unmounted(bed)
            try FileManager.default.removeItem(atPath: folder)
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
            #expect(try await bed.server.doctor("--repair").exit == .code(0))
            try await bed.server.start()
            #expect(try await upload.missing() == [0...2999])
            try await upload.sendAll(file, blockSize: 1000)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
        }
    }

    /// What cleans /tmp takes all of it, while nobody uploads and while somebody does.
    @Test func aStagingFolderThatIsCleanedAwayIsMadeAgain() async throws {
        try await TestBed.run { bed in
            let folder = bed.server.tmpDirectory + "/" + (try await bed.server.sqlite("SELECT id FROM installation"))
            try FileManager.default.removeItem(atPath: folder)
            #expect(try await HTTP.get(bed.server.base + "/ready").status == 200)
            let upload = try await bed.server.register(file)
            #expect(try await upload.send(0...999, of: file).retCode == "0")
            try FileManager.default.removeItem(atPath: bed.server.tmpDirectory)
            let spooled = Form(Form(block: 0...999, file[0...999]).parts.reversed())
            let other = try await bed.server.register(file, name: "other")
            #expect(try await HTTP.postForm(other.uploadURL, spooled).retCode == "0")
            // What was staged is gone, and asked for again.
            _ = try await upload.send(1000...1999, of: file)
            for handle in [upload, other] {
                try await handle.sendAll(file, blockSize: 1000)
                #expect(try await bed.receiver.callback(for: handle.id).retCode == "0")
            }
            #expect(bed.server.stored("in/file.bin") == file.bytes)
        }
    }

    /// storeDir is a link into a volume, which goes while the server runs.
    @Test func aStoreThatIsGoneForAWhileIsWaitedFor() async throws {
        try await TestBed.run(startsServer: false) { bed in
            let volume = bed.folder + "/volume"
            try FileManager.default.createDirectory(atPath: volume, withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(
                atPath: bed.server.storeDirectory, withDestinationPath: volume)
            try await bed.server.start()
            let upload = try await bed.server.register(file)
            try await upload.send(0...999, of: file)
            try FileManager.default.moveItem(atPath: volume, toPath: volume + ".gone")
            try await upload.send(1000...2999, of: file)
            _ = try await eventually("/ready to answer 503") {
                try await HTTP.get(bed.server.base + "/ready").status == 503 ? true : nil
            }
            let refused = try await bed.server.post(NewTask(file, name: "other"))
            #expect(refused.retCode == "3" && refused.status == 507, "\(refused.text)")
            #expect(try await upload.info()["status"].text == "verify")
            #expect(bed.receiver.callbacks(for: upload.id).isEmpty)
            try FileManager.default.moveItem(atPath: volume + ".gone", toPath: volume)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored("in/file.bin") == file.bytes)
        }
    }

    /// Not to be written to are an empty mount point, which is waited for, and a folder that the business server named,
    /// which is not.
    @Test(arguments: ["in", "in/deep"], [EACCES, EPERM])
    func whoseFolderCanNotBeWritten(folder: String, error: Int32) async throws {
        try await TestBed.runWithShim { bed, shim in
            let rule = try shim.fail(.mkdir, path: "/store/" + folder, with: error)
            let upload = try await bed.server.register(NewTask(file, in: folder))
            try await upload.sendAll(file)
            if folder == "in" {
                try await rule.wait(forHits: 2)
                #expect(bed.receiver.callbacks(for: upload.id).isEmpty)
                rule.remove()
            }
            #expect(try await bed.receiver.callback(for: upload.id).retCode == (folder == "in" ? "0" : "-4"))
        }
    }

    /// A network file system that does not answer: registrations wait for it, nothing else does.
    @Test func aStoreThatHangsHoldsNoBlockUp() async throws {
        try await TestBed.runWithShim { bed, shim in
            let upload = try await bed.server.register(file)
            let held = try shim.hold(.statvfs, path: "/store")
            async let waiting = (0..<10).concurrentMap { try await bed.server.post(NewTask(file, name: "\($0)")) }
            try await held.waitUntilHeld()
            for block in file.blocks(of: 300).dropLast() {
                #expect(try await upload.send(block, of: file).retCode == "0")
            }
            #expect(try await upload.change(to: "pause").retCode == "0")
            held.remove()
            for answer in try await waiting { #expect(answer.retCode == "0", "\(answer.text)") }
        }
    }

    /// It does not answer to the end: readiness says so, and the server stops all the same.
    @Test func aStoreThatHangsKeepsNoServerFromStopping() async throws {
        try await TestBed.runWithShim("shutdownTimeout=1s") { bed, shim in
            let upload = try await bed.server.register(file)
            try await upload.send(0...999, of: file)
            let held = try shim.hold(.statvfs, path: "/store")
            let stuck = Task { try await bed.server.post(NewTask(file, name: "stuck")) }
            try await held.waitUntilHeld()
            let ready = try await HTTP.get(bed.server.base + "/ready")
            #expect(ready.status == 503 && ready.text.contains("does not answer"), "\(ready.text)")
            #expect(try await bed.server.terminate() == .code(1))
            _ = await stuck.result
            held.remove()
            try await bed.server.start()
            #expect(try await upload.missing() == [1000...2999])
        }
    }

    /// A mount point that nobody may enter, so that nothing is ever written where the volume should be.
    @Test func aGuardedMountPointIsWaitedFor() async throws {
        try await TestBed.run(startsServer: false) { bed in
            // Not as root, whom no mode keeps out of anything.
            let other = "chown -R 65534:65534 \"$0\" && exec setpriv --reuid=65534 --clear-groups \"$@\""
            try await bed.server.start(through: getuid() == 0 ? ["sh", "-c", other, bed.folder] : [])
            let upload = try await bed.server.register(file)
            #expect(chmod(bed.server.storeDirectory, 0) == 0)
            try await upload.sendAll(file)
            _ = try await eventually("/ready to answer 503") {
                try await HTTP.get(bed.server.base + "/ready").status == 503 ? true : nil
            }
            #expect(try await upload.info()["status"].text == "verify")
            #expect(try await bed.server.post(NewTask(file, name: "other")).retCode == "3")
            #expect(bed.receiver.callbacks(for: upload.id).isEmpty)
            #expect(chmod(bed.server.storeDirectory, 0o755) == 0)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored("in/file.bin") == file.bytes)
        }
    }

    /// As a network file system does with a folder that it has not looked up yet.
    @Test func aFolderThatIsThereNeedNotBeMade() async throws {
        try await TestBed.runWithShim(startsServer: false) { bed, shim in
            try FileManager.default.createDirectory(
                atPath: bed.server.storeDirectory, withIntermediateDirectories: true)
            try shim.fail(.mkdir, path: "/store$", with: EACCES)
            try await bed.server.start()
            #expect(try await HTTP.get(bed.server.base + "/ready").status == 200)
        }
    }

    /// One file system that is mounted twice has no links in common, so each file is there twice for a while.
    @Test func twoMountsOfOneFileSystemTakeTheFilesTwice() async throws {
        try await TestBed.run(overrides: ["minFreeSpace=0"], startsServer: false) { bed in
            for name in ["disk", "tmp", "store"] {
                try FileManager.default.createDirectory(
                    atPath: bed.folder + "/" + name, withIntermediateDirectories: true)
            }
            try await bed.server.start(through: [
                "unshare", "--user", "--map-root-user", "--mount", "--propagation", "private", "sh", "-c",
                """
                cd "$0" && mount -t tmpfs -o size=2m tmpfs disk && mkdir disk/tmp disk/store \
                && mount --bind disk/tmp tmp && mount --bind disk/store store && exec "$@"
                """,
                bed.folder,
            ])
            let file = TestFile(size: 900_000, seed: 1)
            let upload = try await bed.server.register(file)
            let second = try await bed.server.post(NewTask(TestFile(size: 200_000, seed: 2), name: "second"))
            #expect(second.retCode == "3", "\(second.text)")
            try await upload.sendAll(file)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(try await bed.server.post(NewTask(TestFile(size: 200_000, seed: 2), name: "second")).retCode == "0")
        }
    }
}

extension Range<Int> {
    /// All at once, in no order.
    fileprivate func concurrentMap<Result: Sendable>(
        _ body: @escaping @Sendable (Int) async throws -> Result
    ) async throws -> [Result] {
        try await withThrowingTaskGroup(of: Result.self) { group in
            for number in self { group.addTask { try await body(number) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }
}
