import Foundation
import Glibc
import SystemPackage
import Testing
import UploadCore
import UploadTestSupport

@testable import UploadFiles

/// Somebody changes the folders on the way to the target while a file is being published.
@Suite struct SwappedLinkTests {
    private let fixture: FilesFixture
    private let outside: String

    init() async throws {
        fixture = try await FilesFixture()
        outside = try fixture.folder.makeFolder("outside")
    }

    private func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: fixture.folder(name), withDestinationPath: target)
    }

    /// Exactly between the check and the walk.
    @Test(arguments: ["store/a", "store/a/b"]) func aLinkAfterTheCheckIsNotFollowed(swapped: String) throws {
        try fixture.folder.makeFolder("store/a/b")
        let containment = try TargetContainment(
            storeDirectory: fixture.folder("store"), reserved: ReservedPaths(folders: [], files: []))
        let real = try containment.permitted(FilePath(fixture.folder("store/a/b/x.bin")))
        try FileManager.default.moveItem(atPath: fixture.folder(swapped), toPath: fixture.folder("moved"))
        try link(swapped, to: outside)
        try FileManager.default.createDirectory(atPath: outside + "/b", withIntermediateDirectories: true)
        #expect(throws: Errno.tooManySymbolicLinkLevels) { try containment.walk(to: real, making: true) }
        #expect(throws: PublishError.self) {
            try containment.openFolder(of: FilePath(fixture.folder("store/a/b/x.bin")), making: true)
        }
    }

    /// A link inside of the store is a way like any other, also when it takes the place of a folder.
    @Test func aLinkThatStaysInsideIsFollowed() async throws {
        try fixture.folder.makeFolder("store/real")
        try link("store/a", to: fixture.folder("store/real"))
        try await fixture.stage([1])
        try await fixture.store.publish(fixture.id, to: fixture.folder("store/a/b/x.bin"))
        #expect(TemporaryDirectory.read(fixture.folder("store/real/b/x.bin")) == [1])
    }

    /// A folder and a link that leads out change places all the time: whatever comes of it, nothing lies outside.
    @Test func nothingEscapesThroughALinkThatFlips() async throws {
        try await fixture.stage([1, 2, 3])
        let (place, aside) = (fixture.folder("store/a"), fixture.folder("aside"))
        let ends = Counter()
        var published = 0
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [outside] in
                while ends.value == 0 {
                    try FileManager.default.createSymbolicLink(atPath: aside, withDestinationPath: outside)
                    // Fails where a publication has just made the folder: that goes aside, and the link takes its place.
                    if rename(aside, place) != 0 { try? FileManager.default.removeItem(atPath: place) }
                    unlink(aside)
                    await Task.yield()
                    unlink(place)
                    await Task.yield()
                }
            }
            for number in 0..<150 {
                do {
                    try await fixture.store.publish(fixture.id, to: fixture.folder("store/a/\(number).bin"))
                    published += 1
                } catch is PublishError {
                    continue
                } catch is UploadError {
                    continue
                }
            }
            ends.increment()
            try await group.waitForAll()
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: outside) == [])
        #expect(published > 0)
    }

    @Test func theServersOwnFilesAreReservedWhateverTheirWayIs() throws {
        try fixture.folder.makeFolder("own/deep")
        try link("store/alias", to: fixture.folder("own"))
        let reserved = ReservedPaths(folders: [fixture.folder("own")], files: [fixture.folder("store/db.sqlite")])
        let real = { [fixture] (name: String) in FilePath(fixture.folder(name)) }
        #expect(try reserved.clash(folder: real("own"), file: "x") == .storePath)
        #expect(try reserved.clash(folder: real("own/deep/er"), file: "x") == .storePath)
        #expect(try reserved.clash(folder: real("owner"), file: "x") == nil)
        #expect(try reserved.clash(folder: real("store"), file: "db.sqlite-wal") == .fileName)
        #expect(try reserved.clash(folder: real("store"), file: "db.sqlit") == nil)
        #expect(try reserved.clash(folder: real("store/sub"), file: "db.sqlite") == nil)
    }
}
