import Blocking
import Foundation
import Testing
import UploadCore
import UploadFiles
import UploadTestSupport

@Suite struct ContainmentTests {
    private let fixture: FilesFixture

    init() async throws {
        fixture = try await FilesFixture()
        let folder = fixture.folder
        for name in ["store/inner", "store-two", "outside"] { try folder.makeFolder(name) }
        try folder.write([1], to: "store/file")
        for (link, target) in [
            ("store/out", "outside"), ("store/in", "store/inner"), ("store/up", "."), ("alias", "store"),
        ] {
            try FileManager.default.createSymbolicLink(atPath: folder(link), withDestinationPath: folder(target))
        }
        try FileManager.default.createSymbolicLink(
            atPath: folder("store/loop"), withDestinationPath: folder("store/loop"))
    }

    /// `~` stands for the test's folder.
    private func path(_ storePath: String) async throws -> String {
        let storePath = storePath.replacing("~", with: fixture.folder.path)
        let path = try await fixture.store.targetPath(storePath: storePath, fileName: "f.bin")
        return path.replacing(fixture.folder.path, with: "~")
    }

    @Test(arguments: [
        ("~/store", "~/store/f.bin"), ("~/store/", "~/store/f.bin"), ("a/b", "~/store/a/b/f.bin"),
        (".", "~/store/f.bin"), ("a/../b", "~/store/b/f.bin"), ("~/store/./x//y", "~/store/x/y/f.bin"),
        ("inner/new", "~/store/inner/new/f.bin"), ("in", "~/store/in/f.bin"), ("in/x", "~/store/in/x/f.bin"),
        ("~/alias/x", "~/alias/x/f.bin"), ("文件 夹", "~/store/文件 夹/f.bin"), ("..a", "~/store/..a/f.bin"),
        ("~/store/../store/x", "~/store/x/f.bin"),
    ])
    func inside(storePath: String, expected: String) async throws {
        #expect(try await path(storePath) == expected)
    }

    @Test(arguments: [
        "..", "../outside", "a/../../outside", "~", "~/outside", "~/store-two", "~/store-two/x", "/", "/etc", "out",
        "out/x", "up", "up/outside", "~/store/../outside", "file/x", "loop", "loop/x", "~/storeX", "~/stor",
    ])
    func outside(storePath: String) async throws {
        let error = await #expect(throws: UploadError.self) { try await path(storePath) }
        #expect(error?.code == .invalidParameter)
        #expect(error?.message.hasPrefix("storePath ") == true)
        #expect(error?.message.contains(fixture.folder.path) == false)
    }

    /// What no filesystem takes is the caller's fault, not ours.
    @Test func aNameThatIsTooLong() async throws {
        let error = await #expect(throws: UploadError.self) { try await path(String(repeating: "x", count: 300)) }
        #expect(error?.code == .invalidParameter)
    }

    @Test func theStoreItselfMayBeALink() async throws {
        let store = try FileStore(
            stagingFolder: fixture.folder("tmp2"), storeDirectory: fixture.folder("alias"),
            threads: IOThreads(count: 1), targetThreads: IOThreads(count: 1))
        let root = fixture.folder.path
        #expect(try await store.targetPath(storePath: "x", fileName: "f") == root + "/alias/x/f")
        #expect(try await store.targetPath(storePath: root + "/store/x", fileName: "f") == root + "/store/x/f")
        await #expect(throws: UploadError.self) {
            try await store.targetPath(storePath: root + "/outside", fileName: "f")
        }
    }

    @Test func withoutALimitEveryAbsolutePath() async throws {
        let store = try FileStore(
            stagingFolder: fixture.folder("tmp2"), storeDirectory: "", threads: IOThreads(count: 1),
            targetThreads: IOThreads(count: 1))
        #expect(try await store.targetPath(storePath: "/any/../where", fileName: "f") == "/where/f")
        let error = await #expect(throws: UploadError.self) {
            try await store.targetPath(storePath: "rel", fileName: "f")
        }
        #expect(error?.code == .invalidParameter)
    }

    @Test func aSiblingWithTheSameBeginningIsOutside() async throws {
        try fixture.folder.makeFolder("a/b")
        try fixture.folder.makeFolder("a/bc")
        let store = try FileStore(
            stagingFolder: fixture.folder("tmp2"), storeDirectory: fixture.folder("a/b"), threads: IOThreads(count: 1),
            targetThreads: IOThreads(count: 1))
        let sibling = fixture.folder("a/bc")
        await #expect(throws: UploadError.self) { try await store.targetPath(storePath: sibling, fileName: "f") }
    }
}
