import Foundation
import Testing
import UploadCore
import UploadFiles
import UploadTestSupport

@Suite struct PublishTests {
    private let content = SeededGenerator.bytes(3 << 20)

    private func device(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.systemNumber] as? Int
    }

    /// A store whose target lies on the same filesystem, or on another one; `nil` where there is none.
    private func fixture(acrossFilesystems: Bool) async throws -> (FilesFixture, TemporaryDirectory)? {
        guard acrossFilesystems else {
            let fixture = try await FilesFixture()
            return (fixture, fixture.folder)
        }
        let folder = try TemporaryDirectory(in: "/dev/shm")
        try folder.makeFolder("store")
        let fixture = try await FilesFixture(storeDirectory: folder("store"))
        return try device(fixture.folder.path) == device(folder.path) ? nil : (fixture, folder)
    }

    @Test func thereIsAnotherFilesystemToTestWith() async throws {
        #expect(try await fixture(acrossFilesystems: true) != nil)
    }

    @Test(arguments: [false, true]) func makesParentsAndReplacesAFile(acrossFilesystems: Bool) async throws {
        guard let (fixture, folder) = try await fixture(acrossFilesystems: acrossFilesystems) else { return }
        for (name, bytes) in [("a/b/new.bin", content), ("a/b/new.bin", [1, 2, 3]), ("a/other.bin", [])] {
            try await fixture.stage(bytes)
            try await fixture.store.publish(fixture.id, to: folder("store/" + name))
            #expect(TemporaryDirectory.read(folder("store/" + name)) == bytes)
            // Until the COMMIT, so that all of it can be repeated; also when it is.
            #expect(fixture.exists(fixture.staged))
            try await fixture.store.publish(fixture.id, to: folder("store/" + name))
            #expect(TemporaryDirectory.read(folder("store/" + name)) == bytes)
            try await fixture.store.remove(fixture.id)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder("store/a")).allSatisfy { !$0.hasPrefix(".") }
            )
            let digest = FileDigest(md5: md5(bytes), size: Int64(bytes.count))
            #expect(try await fixture.store.publishedDigest(at: folder("store/" + name)) == digest)
            try await fixture.store.remove(fixture.id)
        }
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder("store")).sorted()
        #expect(names == ["a", "a/b", "a/b/new.bin", "a/other.bin"])
    }

    /// As after a crash between the copy's rename and the COMMIT.
    @Test func repeatsACopy() async throws {
        guard let (fixture, folder) = try await fixture(acrossFilesystems: true) else { return }
        try await fixture.stage(content)
        // A crash in the middle of the first copy left this.
        try folder.write([UInt8](repeating: 7, count: 4 << 20), to: "store/.fupload-\(fixture.id).part")
        for _ in 0..<2 {
            try await fixture.store.publish(fixture.id, to: folder("store/x.bin"))
            #expect(TemporaryDirectory.read(folder("store/x.bin")) == content)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder("store")) == ["x.bin"])
    }

    @Test(arguments: [false, true]) func aFolderInTheFilesPlace(acrossFilesystems: Bool) async throws {
        guard let (fixture, folder) = try await fixture(acrossFilesystems: acrossFilesystems) else { return }
        try await fixture.stage([1])
        for name in ["full", "empty"] {
            try folder.makeFolder("store/" + name)
            if name == "full" { try folder.write([1], to: "store/full/x") }
            let error = await #expect(throws: PublishError.self) {
                try await fixture.store.publish(fixture.id, to: folder("store/" + name))
            }
            #expect(error?.reason == "a folder stands where the file should go")
        }
        #expect(TemporaryDirectory.read(fixture.staged) == [1])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder("store")).sorted() == ["empty", "full"])
    }

    @Test(arguments: ["file", "file/sub"], [false, true]) func aFileInAFoldersPlace(name: String, isLimited: Bool)
        async throws
    {
        let fixture = try await FilesFixture(storeDirectory: isLimited ? nil : "")
        try fixture.folder.write([1], to: "store/file")
        try await fixture.stage([2])
        let error = await #expect(throws: PublishError.self) {
            try await fixture.store.publish(fixture.id, to: fixture.folder("store/\(name)/x.bin"))
        }
        #expect(error?.reason.contains("storePath") == true)
        #expect(error?.reason.contains("/") == false)
        #expect(TemporaryDirectory.read(fixture.staged) == [2])
    }

    @Test func aLinkSwappedInAfterRegistrationIsNotFollowedOut() async throws {
        let fixture = try await FilesFixture()
        let target = try await fixture.store.targetPath(storePath: "sub", fileName: "x.bin")
        try await fixture.stage([1])
        let outside = try fixture.folder.makeFolder("outside")
        try FileManager.default.createSymbolicLink(atPath: fixture.folder("store/sub"), withDestinationPath: outside)
        let error = await #expect(throws: PublishError.self) { try await fixture.store.publish(fixture.id, to: target) }
        #expect(error?.reason.contains("outside of storeDir") == true)
        #expect(!fixture.exists(fixture.folder("outside/x.bin")))
        #expect(fixture.exists(fixture.staged))
    }

    /// storeDir is a link to a volume that is gone for a while: nobody's file fails for it, nobody's request is wrong.
    @Test func aStoreThatIsGoneIsWaitedFor() async throws {
        let folder = try TemporaryDirectory()
        try folder.makeFolder("volume")
        let link = folder("link")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder("volume"))
        let fixture = try await FilesFixture(storeDirectory: link)
        let target = try await fixture.store.targetPath(storePath: "sub", fileName: "x.bin")
        try await fixture.stage([1])
        for gone in ["moved", "elsewhere"] {
            try FileManager.default.moveItem(atPath: folder("volume"), toPath: folder("moved"))
            if gone == "elsewhere" {
                try FileManager.default.removeItem(atPath: link)
                try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder("moved"))
            }
            let failure = await #expect(throws: UploadError.self) {
                try await fixture.store.publish(fixture.id, to: target)
            }
            #expect(failure?.code == .storage)
            let refusal = await #expect(throws: UploadError.self) {
                try await fixture.store.targetPath(storePath: "sub", fileName: "y.bin")
            }
            #expect(refusal?.code == .storage)
            #expect(!fixture.exists(folder("moved/sub")))
            try FileManager.default.moveItem(atPath: folder("moved"), toPath: folder("volume"))
            try FileManager.default.removeItem(atPath: link)
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder("volume"))
        }
        try await fixture.store.publish(fixture.id, to: target)
        #expect(TemporaryDirectory.read(folder("volume/sub/x.bin")) == [1])
    }

    /// A link to a folder that is not there (a disk that is not mounted): an error, not a search without end.
    @Test(
        arguments: ["", "store"])
    func aDanglingLinkIsAnError(limit: String) async throws {
        let fixture = try await FilesFixture(storeDirectory: limit.isEmpty ? "" : nil)
        let gone = fixture.folder("store/not-mounted")
        try FileManager.default.createSymbolicLink(atPath: fixture.folder("store/link"), withDestinationPath: gone)
        try await fixture.stage([1])
        await #expect(throws: (any Error).self) {
            try await fixture.store.publish(fixture.id, to: fixture.folder("store/link/sub/x.bin"))
        }
    }
}
