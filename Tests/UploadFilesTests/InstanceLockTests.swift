import Glibc
import Testing
import UploadFiles
import UploadTestSupport

@Suite struct InstanceLockTests {
    @Test func theSecondIsRefusedAndTheNextOneAfterItIsNot() throws {
        let folder = try TemporaryDirectory()
        let path = folder("a/b/lock")
        do {
            let first = try InstanceLock(path: path, for: "the database")
            withExtendedLifetime(first) {
                let error = #expect(throws: InstanceLock.HeldError.self) {
                    try InstanceLock(path: path, for: "the database")
                }
                #expect(error?.description.contains("the database is in use by process \(getpid())") == true)
                #expect(TemporaryDirectory.read(path) == Array("\(getpid())\n".utf8))
            }
        }
        #expect(throws: Never.self) { try InstanceLock(path: path, for: "the database") }
    }

    @Test func aLongerNumberOfAnEarlierHolderIsReplaced() throws {
        let folder = try TemporaryDirectory()
        try folder.write(Array("99999999999999999999999\n".utf8), to: "lock")
        let lock = try InstanceLock(path: folder("lock"), for: "it")
        withExtendedLifetime(lock) {
            #expect(TemporaryDirectory.read(folder("lock")) == Array("\(getpid())\n".utf8))
        }
    }

    /// As in a configuration with `database: "data/fupload.sqlite"`.
    @Test func aRelativePathInAFolderThatIsNotThereYet() throws {
        let folder = "fupload-test-\(UInt64.random(in: 0 ... .max))"
        defer {
            unlink(folder + "/lock")
            rmdir(folder)
        }
        #expect(throws: Never.self) { try InstanceLock(path: folder + "/lock", for: "it") }
    }
}
